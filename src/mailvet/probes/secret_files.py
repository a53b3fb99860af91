"""
Finds the files with passwords on the host; the passwords stay there.
"""

import contextlib

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.secret_files import (
    SecretFile,
    SecretFileFacts,
    dovecot_candidates,
    dovecot_password_files,
    dovecot_user_files,
    parse_found,
    postfix_candidates,
    postfix_password_files,
)
from mailvet.probes.files import stat_paths
from mailvet.probes.shell import quote, run

# Only names of settings are printed. An empty value is no password, nor is one read from a file.
_SCRIPT = r"""
name='\([a-z0-9_]*\(password\|passwd\|dnpass\|bind_pw\|secret\|api_key\)\)'
inside='\(connect\|args\|uris\{0,1\}\)[[:space:]]*=.*[^a-z]passw\(or\)\{0,1\}d='
echo @@found
words='passw|dnpass|bind_pw|secret|api_key'
grep -lEs "^[[:space:]]*([^#[:space:]].*)?($words)" -- PATHS | while IFS= read -r p; do
    head -c 1000000 -- "$p" | sed -n \
        -e "s/^[[:space:]]*$name[[:space:]]*=[[:space:]]*[^[:space:]<\$].*/\1/p" \
        -e "s/^[[:space:]]*${inside}[^[:space:]].*/password in \1/p" \
        -e 's/^\([a-z]*_sasl_password_maps\)[[:space:]]*=.*\(static\|inline\):.*/\1/p' |
        sort -u | while read -r found; do printf '%s\t%s\n' "$p" "$found"; done
done
for p in USERS; do
    [ -f "$p" ] && head -c 1000000 -- "$p" | cut -d: -f2 | grep -q '[^x*![:space:]]' &&
        printf '%s\tpasswords of users\n' "$p"
done
exit 0
"""


async def probe_secret_files(context: ProbeContext) -> SecretFileFacts:
    """
    Every file with a password of a server or of users, with its modes and those above it.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    candidates = [*dovecot_candidates(dovecot)]
    known = dict.fromkeys(dovecot_password_files(dovecot), "passwords of users")
    with contextlib.suppress(ProbeError):
        postfix: PostfixConfig = await context.fact("postfix")
        candidates += postfix_candidates(postfix)
        known |= dict.fromkeys(postfix_password_files(postfix), "passwords for other servers")
    paths = dict.fromkeys(each for each in candidates if each.isprintable() and each not in known)
    users = [each for each in dovecot_user_files(dovecot) if each not in known]
    script = _SCRIPT.replace("PATHS", " ".join(map(quote, paths)) or '""')
    script = script.replace("USERS", " ".join(map(quote, users)))
    output = await run(context, script, title="names of settings with a password in each file")
    holds = known | parse_found(output)
    stats = await stat_paths(context, holds)
    files = tuple(SecretFile(holds[each.path], each) for each in stats)
    return SecretFileFacts(files, len(paths) + len(known), (output.evidence(),))


FACTS = (
    FactSpec(
        "secret_files",
        probe_secret_files,
        SecretFileFacts,
        acts=reads("which files hold passwords, and who may read these files", most=2),
        needs=("dovecot", "postfix"),
    ),
)
