"""
A message in one user's mail, with two users logged in: who sees it, who serves it, where it lies.
"""

import re
from dataclasses import dataclass, field

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.replies import Reply
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class HostSide:
    """
    What the host shows while the sessions are open.

    Attributes:
        failure: Why nothing of it is known; empty if it is.
        processes: Process ids of the user's IMAP processes and the uids under which they run.
        files: Files in the user's mail that hold the message, the indexes left out.
        commands: What was run.
    """

    failure: str
    processes: tuple[tuple[int, int], ...] = ()
    files: tuple[str, ...] = ()
    commands: tuple[CommandOutput, ...] = field(default=())

    @property
    def uids(self) -> tuple[int, ...]:
        """
        The uids, each once.
        """
        return tuple(sorted({uid for _, uid in self.processes}))

    @property
    def single_dbox(self) -> bool:
        """
        Whether the message lies in one file of its own, as single-dbox names them.
        """
        names = [path.rpartition("/")[2] for path in self.files]
        return len(names) == 1 and re.fullmatch(r"u\.\d+", names[0]) is not None


@dataclass(frozen=True, slots=True)
class MailSessionFacts:
    """
    What two users see.

    Attributes:
        owner: Login name of the user in whose INBOX the message is.
        neighbour: Login name of the other user; empty if there is none.
        append: The reply to APPEND.
        owner_sees: Whether the owner finds the message.
        neighbour_inbox: The reply to the other user's SELECT of the own INBOX.
        trials: Names under which the other user tried to open the owner's INBOX, the own INBOX
            and folders among them.
        seen_in: Those in which the other user found the message.
        failure: Why the other user could not be played; empty if it worked.
        host: What the host shows meanwhile.
        transcript: All that was said.
    """

    owner: str
    neighbour: str
    append: Reply
    owner_sees: bool
    neighbour_inbox: Reply | None
    trials: tuple[str, ...]
    seen_in: tuple[str, ...]
    failure: str
    host: HostSide
    transcript: tuple[Line, ...]

    @property
    def namesakes(self) -> bool:
        """
        Whether both users have the same local part, in different domains.
        """
        (local, _, domain), (other, _, elsewhere) = (
            self.owner.partition("@"),
            self.neighbour.partition("@"),
        )
        return bool(domain) and local == other and domain != elsewhere

    @property
    def doubt(self) -> str:
        """
        Why it proves nothing that the message was not seen; empty if it does.
        """
        if self.failure:
            return self.failure
        if not self.append.positive or not self.owner_sees:
            return f"the message could not be stored and found: {self.append}"
        if self.neighbour_inbox is None or not self.neighbour_inbox.positive:
            return f"{self.neighbour} cannot open the own INBOX: {self.neighbour_inbox}"
        return ""

    def __str__(self) -> str:
        if self.seen_in:
            return f"{self.neighbour} reads mail of {self.owner} in {', '.join(self.seen_in)}"
        names = len(self.trials)
        return f"{self.neighbour} does not find a message of {self.owner} under {names} names"


def parse_host_side(output: CommandOutput) -> HostSide:
    """
    What the script in ``probes.mail_session`` printed.
    """
    parts = sections(output.stdout)
    rows = [line.split() for line in parts.get("processes", "").splitlines()]
    processes = [
        (int(row[0]), int(row[1])) for row in rows if len(row) == 2 and all(map(str.isdigit, row))
    ]
    files = tuple(parts.get("files", "").splitlines())
    return HostSide("", tuple(processes), files, (output.evidence(),))


def foreign_names(owner: str, home: str, mail: str) -> tuple[str, ...]:
    """
    Names that lead to the INBOX of *owner* where a server does not keep its users apart.
    """
    local = owner.partition("@")[0]
    paths = [
        each for each in dict.fromkeys((mail.rstrip("/"), home.rstrip("/"))) if each[:1] == "/"
    ]
    # The likeliest first: Dovecot 2.3 crashes over some of the others.
    names = [f"{path}/mailboxes/INBOX" for path in paths]
    names += [f"../{local}/INBOX", f"user/{local}", f"shared/{local}/INBOX"]
    names += [name for path in paths for name in (f"{path}/INBOX", path)]
    return (*names, f"~{local}/INBOX")
