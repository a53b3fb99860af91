"""
Which packages are installed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

DEBIAN = {
    "imap": "dovecot-imapd",
    "pop3": "dovecot-pop3d",
    "lmtp": "dovecot-lmtpd",
    "sieve": "dovecot-managesieved",
    "submission": "dovecot-submissiond",
}
"""Debian's packages for Dovecot's protocols; elsewhere one package has them all."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """
    The mail servers' packages.

    Attributes:
        manager: ``dpkg`` or ``rpm``; empty on a host without either.
        installed: Names and versions.
        commands: What was run.
    """

    manager: str
    installed: tuple[tuple[str, str], ...]
    commands: tuple[CommandOutput, ...]

    def wanted_for_dovecot(self, protocols: Iterable[str]) -> tuple[str, ...]:
        """
        Packages that Dovecot needs for *protocols*.
        """
        if self.manager != "dpkg":
            return ("dovecot",)
        return ("dovecot-core", *(DEBIAN[each] for each in protocols if each in DEBIAN))

    @property
    def wanted_for_sieve(self) -> tuple[str, ...]:
        """
        Packages that Dovecot needs for Sieve and ManageSieve.
        """
        if self.manager == "dpkg":
            return ("dovecot-sieve", DEBIAN["sieve"])
        return ("dovecot-pigeonhole",)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """
        Those of *names* that are not installed.
        """
        known = dict(self.installed)
        return tuple(each for each in names if each not in known)

    def __str__(self) -> str:
        shown = ", ".join(f"{name} {version}" for name, version in self.installed)
        return shown or "none of the mail servers' packages is installed"


def parse_packages(output: CommandOutput) -> PackageFacts:
    """
    What the script in ``probes.packages`` printed.
    """
    parts = sections(output.stdout)
    manager = next((name for name in ("dpkg", "rpm") if name in parts), "")
    rows = (line.split("\t") for line in parts.get(manager, "").splitlines())
    installed = tuple((row[0], row[1]) for row in rows if len(row) == 3 and row[2].strip() == "ok")
    return PackageFacts(manager, installed, (output.evidence(),))
