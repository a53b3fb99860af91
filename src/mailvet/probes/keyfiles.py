"""
Asks openssl on the host about the files that TLS settings name; keys do not leave the host.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.keyfiles import (
    KeyFileFacts,
    KeyPair,
    PemFile,
    join_chain_files,
    parse_pem_files,
)
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.tls_settings import dovecot_pairs, dovecot_parameters, postfix_pairs
from mailvet.model import Cause
from mailvet.probes.shell import quote, run

_SCRIPT = r"""
command -v openssl >/dev/null || exit 69
digest() { sha256sum | cut -d ' ' -f 1; }
public() { openssl pkey -pubin -outform DER 2>/dev/null; }
n=0
for p in PATHS; do
    echo "@@$n"; n=$((n + 1))
    [ -f "$p" ] || continue
    echo "exists 1"
    echo "certificates $(grep -cE -e '-BEGIN (TRUSTED |X509 )?CERTIFICATE-' -- "$p")"
    echo "authorities $(openssl crl2pkcs7 -nocrl -certfile "$p" 2>/dev/null |
        openssl pkcs7 -print_certs -text -noout 2>/dev/null | grep -c 'CA:TRUE')"
    echo "leaf $(openssl x509 -in "$p" -outform DER 2>/dev/null | digest)"
    echo "certified $(openssl x509 -in "$p" -noout -pubkey 2>/dev/null | public | digest)"
    echo "private $(openssl pkey -in "$p" -passin pass: -pubout -outform DER 2>/dev/null | digest)"
    echo "encrypted $(grep -c ENCRYPTED -- "$p")"
    echo "dh $(openssl dhparam -in "$p" -noout -text 2>/dev/null |
        sed -n 's/.*(\([0-9]*\) bit).*/\1/p' | head -n 1)"
done
echo "@@ciphers"
c=CIPHERS
[ -z "$c" ] || openssl ciphers -s -tls1_2 "$c" 2>/dev/null
exit 0
"""


async def probe_dovecot_keys(context: ProbeContext) -> KeyFileFacts:
    """
    The files that Dovecot's TLS settings name, in whatever section they stand.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    pairs = dovecot_pairs(dovecot)
    ciphers = dovecot.setting("ssl_cipher_list")
    return await _facts(context, pairs, dovecot_parameters(dovecot), ciphers)


async def probe_postfix_keys(context: ProbeContext) -> KeyFileFacts:
    """
    The files that the TLS settings of Postfix's server name, for every service.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    pairs = postfix_pairs(postfix)
    return await _facts(context, pairs, (), "")


async def _facts(
    context: ProbeContext, pairs: tuple[KeyPair, ...], others: tuple[str, ...], ciphers: str
) -> KeyFileFacts:
    named = (path for pair in pairs for path in (pair.certificate, pair.key))
    paths = tuple(dict.fromkeys(path for path in (*named, *others) if path))
    files, output = await _look(context, paths, ciphers)
    listed = sections(output.stdout).get("ciphers", "").strip().split(":")
    dhe = any(each.startswith("DHE-") for each in listed) if any(listed) else None
    joined = join_chain_files(pairs, {each.path: each for each in files})
    return KeyFileFacts(joined, files, dhe, (output.evidence(),))


async def _look(
    context: ProbeContext, paths: tuple[str, ...], ciphers: str
) -> tuple[tuple[PemFile, ...], CommandOutput]:
    script = _SCRIPT.replace("PATHS", " ".join(quote(path) for path in paths) or '""')
    script = script.replace("CIPHERS", quote(ciphers))
    output = await run(context, script, title=f"openssl x509, pkey, dhparam {' '.join(paths)}")
    if output.status == 69:
        raise ProbeError(Cause.TOOL, f"openssl is not installed on {context.target.key}")
    return parse_pem_files(output.stdout, paths), output


_ACTS = reads("certificates, and digests of the public parts of their keys")


FACTS = (
    FactSpec("dovecot_keys", probe_dovecot_keys, KeyFileFacts, acts=_ACTS, needs=("dovecot",)),
    FactSpec("postfix_keys", probe_postfix_keys, KeyFileFacts, acts=_ACTS, needs=("postfix",)),
)
