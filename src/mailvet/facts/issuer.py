"""
Whether the authority whose certificate lies beside Dovecot's has issued that.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections


@dataclass(frozen=True, slots=True)
class Issued:
    """
    A certificate of Dovecot, checked against the authorities in ``ssl_ca`` and nothing else.

    Attributes:
        certificate: Path of the certificate.
        verified: Whether the chain ends at one of them.
        said: What openssl said.
    """

    certificate: str
    verified: bool
    said: str


@dataclass(frozen=True, slots=True)
class IssuerFacts:
    """
    Dovecot's certificates and the authorities in ``ssl_ca``.

    Attributes:
        authorities: Path of the file that ``ssl_ca`` names; empty if it names none.
        for_clients: Whether certificates of clients are checked with it.
        issued: Each certificate.
        commands: What was run.
    """

    authorities: str
    for_clients: bool
    issued: tuple[Issued, ...]
    commands: tuple[CommandOutput, ...] = ()

    @property
    def foreign(self) -> tuple[str, ...]:
        """
        Certificates that somebody else has issued.
        """
        return tuple(
            f"{each.certificate}: {each.said}" for each in self.issued if not each.verified
        )


def parse_issued(output: CommandOutput, certificates: tuple[str, ...]) -> tuple[Issued, ...]:
    """
    What the script in ``probes.issuer`` printed about *certificates*.
    """
    parts = sections(output.stdout)
    found = []
    for n, path in enumerate(certificates):
        status, _, said = parts.get(str(n), "").strip().partition("\n")
        found.append(Issued(path, status == "0", " ".join(said.split())[:300]))
    return tuple(found)
