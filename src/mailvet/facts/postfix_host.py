"""
What surrounds Postfix on the host: other mail programs, the name that local mail gets, updates.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections


@dataclass(frozen=True, slots=True)
class PostfixHostFacts:
    """
    What surrounds Postfix on the host.

    Attributes:
        manager: ``dpkg`` or ``rpm``; empty on a host without either.
        sendmail_packages: Installed packages of Sendmail.
        sendmail: Where the command ``sendmail`` is, symbolic links resolved; empty if missing.
        owner: The package that this file belongs to; empty if it belongs to none.
        origin: The domain that myorigin gives, read from its file where it names one.
        registration: ``yes``, ``no``, ``unknown``, or ``none`` without subscription-manager.
        registration_said: What subscription-manager said.
        commands: What was run.
    """

    manager: str
    sendmail_packages: tuple[str, ...]
    sendmail: str
    owner: str
    origin: str
    registration: str
    registration_said: str
    commands: tuple[CommandOutput, ...]

    @property
    def sendmail_is_postfix(self) -> bool | None:
        """
        Whether the command belongs to Postfix; None if no package manager could tell.
        """
        if not self.manager:
            return None
        return self.owner == "postfix"


def parse_postfix_host(output: CommandOutput) -> PostfixHostFacts:
    """
    What the script in ``probes.postfix_host`` printed.
    """
    parts = {name: text.strip() for name, text in sections(output.stdout).items()}
    path, _, owner = parts.get("sendmail", "").partition("\n")
    status, _, said = parts.get("registration", "none").partition("\n")
    return PostfixHostFacts(
        manager=parts.get("manager", ""),
        sendmail_packages=tuple(parts.get("packages", "").split()),
        sendmail=path,
        owner=owner.strip(),
        origin=parts.get("origin", ""),
        registration=_registration(status, said),
        registration_said=" ".join(said.split())[:300],
        commands=(output.evidence(),),
    )


def _registration(status: str, said: str) -> str:
    if status == "none":
        return "none"
    if status == "0":
        return "yes"
    return "no" if "not yet registered" in said.lower() else "unknown"
