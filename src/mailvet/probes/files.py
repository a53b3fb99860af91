"""
Looks at the files on which the mail servers' safety rests, all of them in one command.
"""

from collections.abc import Iterable

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileFacts, FileStat, parse_stats
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig
from mailvet.probes.shell import quote, run

_SCRIPT = r"""
above() { d=$1; while [ -n "$d" ] && [ "$d" != / ]; do d=${d%/*}; echo "${d:-/}"; done; }
real() { for p; do r=$(readlink -e -- "$p") && printf '%s\t%s\n' "$p" "$r"; done; }
found=$(real PATHS)
tab=$(printf '\t')
all=$(echo "$found" | while IFS=$tab read -r p r; do
    echo "$r"; above "$p"; above "$r"
done | sort -u)
echo @@real; echo "$found"
[ -n "$found" ] || exit 0
IFS='
'
set -f
echo @@stat; stat -L --printf '%n\t%f\t%U\t%G\n' -- $all
echo @@acl
if command -v getfacl >/dev/null; then getfacl -psE -- $all
else for p in $all; do
    case $(ls -ldL -- "$p") in ??????????+*) printf '+\t%s\n' "$p";; esac
done; fi
exit 0
"""


async def stat_paths(context: ProbeContext, paths: Iterable[str]) -> tuple[FileStat, ...]:
    """
    Those of *paths* that exist, symbolic links followed, with the directories above them.

    Raises:
        ProbeError: There is no root shell on the target.
    """
    return (await _look(context, tuple(paths)))[0]


async def probe_files(context: ProbeContext) -> FileFacts:
    """
    The configuration and TLS files of whichever of the two servers is there.

    Raises:
        ProbeError: There is no root shell on the target, or neither server is there.
    """
    paths: dict[str, None] = {}
    failures: list[ProbeError] = []
    for name in ("dovecot", "postfix"):
        try:
            facts: DovecotConfig | PostfixConfig = await context.fact(name)
            paths.update(dict.fromkeys(facts.files))
        except ProbeError as exc:
            failures.append(exc)
    if len(failures) == 2:
        raise failures[0]
    files, output = await _look(context, tuple(paths))
    present = {each.path for each in files}
    missing = tuple(path for path in paths if path not in present)
    return FileFacts(files, missing, (output.evidence(),))


async def _look(
    context: ProbeContext, paths: tuple[str, ...]
) -> tuple[tuple[FileStat, ...], CommandOutput]:
    wanted = tuple(path for path in paths if path.startswith("/") and path.isprintable())
    script = _SCRIPT.replace("PATHS", " ".join(quote(path) for path in wanted))
    output = await run(context, script, title=f"readlink, stat, getfacl {' '.join(wanted)}")
    return parse_stats(output.stdout, wanted), output


FACTS = (
    FactSpec(
        "files",
        probe_files,
        FileFacts,
        acts=reads("owners and modes of configuration and TLS files"),
        needs=("dovecot", "postfix"),
    ),
)
