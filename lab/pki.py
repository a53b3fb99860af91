"""
The lab's certificate authority: a root, an intermediate, and a certificate per mail host.
"""

from pathlib import Path

from lab.commands import run

_DAYS = 397
_RENEW_BEFORE = 60 * 86_400

RSA = ("rsa:3072",)
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
"""Keys, as ``openssl req -newkey`` wants them."""

_KINDS = {"rsa": RSA, "ec": EC}


def ensure_authority(folder: Path) -> None:
    """
    Make a root and an intermediate certificate in *folder* unless good ones are there.
    """
    if _is_good(folder / "ca.crt") and _is_good(folder / "intermediate.crt"):
        return
    for stale in folder.glob("*.crt"):
        stale.unlink()
    root = ["-x509", "-subj", "/O=mailvet lab/CN=mailvet lab root", "-days", str(_DAYS)]
    _openssl(
        "req", *root, *_new_key(folder / "ca.key"), "-out", str(folder / "ca.crt"),
        "-addext", "basicConstraints=critical,CA:true",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    _issue(
        folder, "intermediate", issuer="ca", subject="/O=mailvet lab/CN=mailvet lab issuing",
        extensions=(
            "basicConstraints=critical,CA:true,pathlen:0",
            "keyUsage=critical,keyCertSign,cRLSign",
        ),
    )  # fmt: skip


def ensure_certificate(folder: Path, machine: str, hostname: str, kind: str = "rsa") -> None:
    """
    Make *machine* a key, and a chain for *hostname*, unless good ones are in *folder*.

    *kind* is that of the key: ``rsa``, or ``ec`` for one on an elliptic curve.
    """
    _ensure_chain(folder, machine, hostname, "intermediate", _KINDS[kind])


def other_certificate(folder: Path, machine: str, hostname: str, kind: str) -> Path:
    """
    Make another chain and key for *machine*; return the path of the chain, ``.key`` for the key.

    Args:
        folder: Where the authority is.
        machine: Whose certificate it is.
        hostname: The name that it is for.
        kind: ``ec`` with a key on an elliptic curve, ``direct`` issued by the root itself.
    """
    issuer, key = {"ec": ("intermediate", EC), "direct": ("ca", RSA)}[kind]
    name = f"{machine}-{kind}"
    _ensure_chain(folder, name, hostname, issuer, key)
    return folder / f"{name}.crt"


def _ensure_chain(
    folder: Path, name: str, hostname: str, issuer: str, key: tuple[str, ...]
) -> None:
    if _is_good(folder / f"{name}.crt"):
        return
    _issue(
        folder, name, issuer=issuer, subject=f"/CN={hostname}", key=key,
        extensions=(
            f"subjectAltName=DNS:{hostname}",
            "basicConstraints=critical,CA:false",
            "keyUsage=critical,digitalSignature",
            "extendedKeyUsage=serverAuth",
        ),
    )  # fmt: skip
    if issuer == "intermediate":
        chain = (folder / f"{name}.crt").read_text() + (folder / "intermediate.crt").read_text()
        (folder / f"{name}.crt").write_text(chain)


def _issue(
    folder: Path,
    name: str,
    *,
    issuer: str,
    subject: str,
    extensions: tuple[str, ...],
    key: tuple[str, ...] = RSA,
) -> None:
    request, options = folder / f"{name}.csr", folder / f"{name}.ext"
    common = (
        "subjectKeyIdentifier=hash",
        "authorityKeyIdentifier=keyid:always",
    )
    options.write_text("\n".join((*common, *extensions)) + "\n")
    _openssl("req", *_new_key(folder / f"{name}.key", key), "-subj", subject, "-out", str(request))
    _openssl(
        "x509", "-req", "-in", str(request), "-sha256", "-days", str(_DAYS),
        "-CA", str(folder / f"{issuer}.crt"), "-CAkey", str(folder / f"{issuer}.key"),
        "-extfile", str(options), "-out", str(folder / f"{name}.crt"),
    )  # fmt: skip
    request.unlink()
    options.unlink()


def _new_key(path: Path, kind: tuple[str, ...] = RSA) -> list[str]:
    path.touch(mode=0o600)
    return ["-newkey", *kind, "-sha256", "-noenc", "-keyout", str(path)]


def _is_good(path: Path) -> bool:
    if not path.exists():
        return False
    answer = run(
        ["sh", "-c", 'openssl x509 -in "$1" -noout -checkend "$2" || true', "-",
         str(path), str(_RENEW_BEFORE)],
    )  # fmt: skip
    return "will not expire" in answer


def _openssl(*words: str) -> None:
    run(["openssl", *words], what=f"openssl {words[0]}")
