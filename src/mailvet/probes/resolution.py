"""
Asks Postfix on the host where it would send an address; nothing is sent and nothing is queued.
"""

from mailvet.context import ProbeContext
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.recipient_forms import RecipientForm
from mailvet.facts.resolution import REWRITING, Resolution, internal, parse_resolution
from mailvet.facts.routing import split_list
from mailvet.probes.shell import quote, run

# The question that smtpd(8) asks trivial-rewrite(8) for each recipient. Postfix 3.6 and later
# greet with the name of the protocol; an empty attribute ends each message.
_RESOLVE = r"""
import socket, sys
path, address = sys.argv[1:3]
try:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(8)
    peer.connect(path)
    question = ("request", "resolve", "sender", "", "address", address)
    peer.sendall(b"".join(each.encode() + b"\0" for each in question) + b"\0")
    heard = b""
    while b"transport\0" not in heard or not heard.endswith(b"\0\0"):
        more = peer.recv(4096)
        if not more or len(heard) > 65536:
            raise OSError("no answer")
        heard += more
    words = heard.split(b"transport\0")[-1].split(b"\0")
    pairs = [b"transport", *words]
    for name, value in zip(pairs[::2], pairs[1::2]):
        if name:
            print(name.decode(), ascii(value.decode(errors="replace"))[1:-1], sep="\t")
except OSError as exc:
    print("error", f"Postfix's resolver does not answer: {exc}", sep="\t")
"""

_SCRIPT = rf"""
python=$(command -v python3 || command -v /usr/libexec/platform-python)
resolve() {{
    if [ -n "$python" ]; then "$python" -I -c {quote(_RESOLVE)} "$@"
    else printf 'error\tthere is no python3 on the host to ask the resolver with\n'
    fi
}}
look_up() {{ found=$(postmap -q "$1" "$2" 2>&1); printf '%s\n%s\n' "$?" "$found"; }}
"""


async def resolve(
    context: ProbeContext, postfix: PostfixConfig, forms: tuple[RecipientForm, ...]
) -> tuple[tuple[Resolution, ...], CommandOutput]:
    """
    Where each of *forms* would go.

    Raises:
        ProbeError: There is no root shell on the target.
    """
    path = f"{postfix.setting('queue_directory')}/private/rewrite"
    tables = [table for name in REWRITING for table in split_list(postfix.setting(name))]
    script = _SCRIPT
    for number, form in enumerate(forms):
        address = internal(form)
        local, _, domain = address.rpartition("@")
        script += f"echo; echo @@{number}; resolve {quote(path)} {quote(address)}\n"
        keys = dict.fromkeys((form.address, address, *([local, f"@{domain}"] if local else [])))
        for position, (key, table) in enumerate((key, each) for key in keys for each in tables):
            script += f"echo @@{number}.{position}; look_up {quote(key)} {quote(table)}\n"
    title = "trivial-rewrite and postmap -q, for each recipient that was accepted"
    output = await run(context, script, title=title, timeout=60)
    parts = sections(output.stdout)
    found = tuple(
        parse_resolution(
            form.address,
            parts.get(str(number), ""),
            tuple(text for name, text in parts.items() if name.startswith(f"{number}.")),
        )
        for number, form in enumerate(forms)
    )
    return found, output.evidence()
