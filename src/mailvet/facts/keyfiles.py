"""
Certificates, keys and Diffie-Hellman parameters on the host, by what openssl there says of them.

Keys themselves never come here: only hashes of the public keys that belong to them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

_HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True, slots=True)
class PemFile:
    """
    A file that TLS settings name.

    Attributes:
        path: Its path.
        exists: Whether it is there.
        certificates: Number of certificates in it.
        authorities: Number of these that are certificates of an authority.
        leaf: SHA-256 fingerprint of the first certificate; empty if it cannot be read.
        certified_key: Hash of the public key in the first certificate; empty likewise.
        private_key: Hash of the public key of the private key in it; empty if there is none.
        encrypted: Whether the private key is protected by a passphrase.
        dh_bits: Size of the Diffie-Hellman parameters in it; 0 if there are none.
    """

    path: str
    exists: bool = False
    certificates: int = 0
    authorities: int = 0
    leaf: str = ""
    certified_key: str = ""
    private_key: str = ""
    encrypted: bool = False
    dh_bits: int = 0


@dataclass(frozen=True, slots=True)
class KeyPair:
    """
    A certificate and the key that is configured with it.

    Attributes:
        where: Where they are configured, in words.
        certificate: Path of the certificate; empty if none is set.
        key: Path of the key; empty if none is set.
    """

    where: str
    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class KeyFileFacts:
    """
    The certificates and keys of one server.

    Attributes:
        pairs: As they are configured.
        files: The files that they are in, and files with parameters.
        dhe: Whether the configured suites include ephemeral Diffie-Hellman; None if not known.
        commands: What was run.
    """

    pairs: tuple[KeyPair, ...]
    files: tuple[PemFile, ...]
    dhe: bool | None
    commands: tuple[CommandOutput, ...]

    def file(self, path: str) -> PemFile:
        """
        What is known about *path*.
        """
        return next((each for each in self.files if each.path == path), PemFile(path))

    @property
    def keys(self) -> tuple[str, ...]:
        """
        Paths of all private keys.
        """
        return tuple(dict.fromkeys(each.key for each in self.pairs if each.key))

    @property
    def leaves(self) -> tuple[str, ...]:
        """
        Fingerprints of the configured certificates.
        """
        found = (self.file(each.certificate).leaf for each in self.pairs if each.certificate)
        return tuple(dict.fromkeys(each for each in found if each))

    @property
    def unusable(self) -> tuple[str, ...]:
        """
        What is wrong with the configured files, if anything is: unset, missing, without content.
        """
        return tuple(problem for pair in self.pairs for problem in self._problems(pair))

    @property
    def mismatches(self) -> tuple[str, ...]:
        """
        Pairs whose key belongs to another certificate.
        """
        return tuple(
            f"{pair.where}: {pair.key} does not belong to {pair.certificate}"
            for pair in self.pairs
            if self.file(pair.key).private_key
            and self.file(pair.certificate).certified_key
            and self.file(pair.key).private_key != self.file(pair.certificate).certified_key
        )

    @property
    def unreadable(self) -> tuple[str, ...]:
        """
        Keys behind a passphrase, about which nothing can be said.
        """
        return tuple(each.path for each in self.files if each.encrypted and not each.private_key)

    def _problems(self, pair: KeyPair) -> list[str]:
        found = []
        certificate, key = self.file(pair.certificate), self.file(pair.key)
        for kind, path, file in (
            ("certificate", pair.certificate, certificate),
            ("key", pair.key, key),
        ):
            if not path:
                found.append(f"{pair.where}: no {kind} is set")
            elif not file.exists:
                found.append(f"{pair.where}: {path} does not exist")
        if certificate.exists and not certificate.certified_key:
            found.append(f"{pair.where}: there is no readable certificate in {pair.certificate}")
        if key.exists and not key.private_key and not key.encrypted:
            found.append(f"{pair.where}: there is no readable key in {pair.key}")
        return found


def join_chain_files(pairs: Iterable[KeyPair], files: Mapping[str, PemFile]) -> tuple[KeyPair, ...]:
    """
    *pairs* where a key that stands alone in its file goes with the certificate in the next one.

    That is how the files of ``smtpd_tls_chain_files`` belong together.
    """
    joined: list[KeyPair] = []
    key = ""
    for pair in pairs:
        file = files.get(pair.certificate, PemFile(pair.certificate))
        if pair.certificate == pair.key and file.private_key and not file.certificates:
            key = pair.key
        elif pair.certificate == pair.key and key and not file.private_key:
            joined.append(KeyPair(pair.where, pair.certificate, key))
            key = ""
        else:
            joined.append(pair)
    return tuple(joined)


def parse_pem_files(output: str, paths: Iterable[str]) -> tuple[PemFile, ...]:
    """
    What the script in ``probes.keyfiles`` printed about *paths*, in their order.
    """
    parts = sections(output)
    return tuple(_pem_file(path, parts.get(str(n), "")) for n, path in enumerate(paths))


def _pem_file(path: str, text: str) -> PemFile:
    values = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    return PemFile(
        path,
        exists="exists" in values,
        certificates=_number(values, "certificates"),
        authorities=_number(values, "authorities"),
        leaf=_hash(values, "leaf"),
        certified_key=_hash(values, "certified"),
        private_key=_hash(values, "private"),
        encrypted=_number(values, "encrypted") > 0,
        dh_bits=_number(values, "dh"),
    )


def _number(values: Mapping[str, str], name: str) -> int:
    text = values.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() else 0


def _hash(values: Mapping[str, str], name: str) -> str:
    found = values.get(name, "").split(" ", 1)[0]
    return "" if found == _HASH_OF_NOTHING else found
