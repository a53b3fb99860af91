"""
Dovecot's LMTP sockets: who may open them, what they answer, and whether Postfix uses them.
"""

from dataclasses import dataclass

from mailvet.facts.doors import effective_reach
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.routing import Route
from mailvet.facts.socket_talk import SocketTalk
from mailvet.model import Cause, ExpectDovecot


@dataclass(frozen=True, slots=True)
class LmtpSocket:
    """
    A UNIX listener of the LMTP service.

    Attributes:
        path: Where it is configured.
        mode: Configured mode, octal as text.
        user: Configured owner.
        group: Configured group.
        stat: What is there; None if nothing is.
        identity: Device and inode, the same by whatever path it is reached.
    """

    path: str
    mode: str
    user: str
    group: str
    stat: FileStat | None = None
    identity: str = ""

    @property
    def present(self) -> bool:
        """
        Whether a socket stands at its path.
        """
        return self.stat is not None and self.stat.kind == "socket"

    @property
    def configured(self) -> str:
        """
        Owner, group and mode as they are configured.
        """
        return f"{self.user}:{self.group} {self.mode}"

    @property
    def on_disk(self) -> str:
        """
        Owner, group and mode as they are.
        """
        if self.stat is None:
            return "nothing is there"
        kind = "" if self.present else f" ({self.stat.kind})"
        return f"{self.stat.owner}:{self.stat.group} {self.stat.permissions:o}{kind}"


@dataclass(frozen=True, slots=True)
class LmtpFacts:
    """
    The LMTP service on the host.

    Attributes:
        enabled: Whether ``protocols`` contains lmtp.
        protocols: That setting.
        sockets: Its UNIX listeners that are not switched off.
        used: Path of the one that matters: the profile's, else the one that Postfix uses, else the
            first; empty if there is none.
        seen_identity: Device and inode of the file that Postfix's client opens; empty if there is
            no such file.
        mail_group: Primary group of the account that must own the socket.
        route: Where Postfix sends the mail of the test account.
        root: What the used socket answers root; None if it does not exist.
        mta: What it answers the account under which Postfix's client runs.
        strangers: Attempts of accounts that have nothing to do with mail, on every socket.
        recipients: What it says to the test accounts' addresses.
        stranger: What it says to an address that does not exist, in the same conversation.
        commands: What was run.
    """

    enabled: bool
    protocols: str
    sockets: tuple[LmtpSocket, ...]
    used: str
    seen_identity: str
    mail_group: str
    route: Route | None
    root: SocketTalk | None
    mta: SocketTalk | None
    strangers: tuple[SocketTalk, ...]
    recipients: tuple[RecipientReply, ...]
    stranger: RecipientReply | None
    commands: tuple[CommandOutput, ...]

    @property
    def socket(self) -> LmtpSocket | None:
        """
        The socket that matters.
        """
        return next((each for each in self.sockets if each.path == self.used), None)

    @property
    def present(self) -> bool:
        """
        Whether the socket that matters exists.
        """
        return self.socket is not None and self.socket.present

    @property
    def where(self) -> str:
        """
        The sockets and what stands in their place, in words.
        """
        if not self.sockets:
            return "no UNIX listener is configured for the LMTP service"
        return "; ".join(
            f"{each.path}: {each.on_disk}"
            + ("" if each.present or not each.stat else ", no socket")
            for each in self.sockets
        )

    @property
    def silence(self) -> str:
        """
        Why nothing was heard from the socket that matters; empty if it answered root.

        Without an answer a refusal on that socket would mean nothing.
        """
        if not self.present:
            return self.where
        if self.root is not None and self.root.untold:
            return f"there is neither python3 nor perl on the host to open {self.used} with"
        return "" if self.root is not None and self.root.greeted else f"{self.root}"

    @property
    def silence_cause(self) -> Cause:
        """
        The cause that belongs to it.
        """
        untold = self.root is not None and self.root.untold
        return Cause.TOOL if untold else Cause.BLOCKED

    @property
    def intruders(self) -> tuple[SocketTalk, ...]:
        """
        Accounts without a business there whose connection was accepted.
        """
        return tuple(each for each in self.strangers if each.opened)

    @property
    def shut_out(self) -> bool:
        """
        Whether every stranger was refused for want of permission, by sockets that exist.
        """
        return bool(self.strangers) and all(each.denied for each in self.strangers)

    @property
    def effective_reach(self) -> str:
        """
        Whether strangers come to the socket that matters, whatever its mode says.
        """
        talks = tuple(each for each in self.strangers if each.path == self.used)
        return effective_reach(self.socket.stat if self.socket else None, talks)

    @property
    def hits_socket(self) -> bool:
        """
        Whether the file that Postfix's client opens is one of Dovecot's LMTP sockets.
        """
        own = {each.identity for each in self.sockets if each.present}
        return self.seen_identity in own

    @property
    def no_route(self) -> str:
        """
        Why it is not known whether Postfix uses the socket that matters.
        """
        if self.route is None:
            return "no Postfix configuration, or no test account whose mail could be followed"
        return f"{self.route}; {self.where}"

    @property
    def route_words(self) -> str:
        """
        Where Postfix sends the mail, and what its client finds there.
        """
        if self.route is None or not self.route.uses_socket:
            return f"{self.route}"
        if self.hits_socket:
            return f"{self.route}: Dovecot's socket"
        found = "not a socket of Dovecot's LMTP" if self.seen_identity else "does not exist"
        return f"{self.route}: {self.route.seen} {found}"

    @property
    def unasked(self) -> str:
        """
        Why there are no replies to RCPT; empty if every recipient was asked about.
        """
        asked = (*self.recipients, *([self.stranger] if self.stranger else []))
        if self.silence or all(each.reply for each in asked):
            return self.silence
        return f"the conversation ended early: {self.root.failure if self.root else ''}"

    @property
    def refused_recipients(self) -> tuple[RecipientReply, ...]:
        """
        Test accounts that the server claims not to know.
        """
        return tuple(each for each in self.recipients if each.unknown)

    @property
    def accepted_recipients(self) -> tuple[RecipientReply, ...]:
        """
        Test accounts that the server accepted mail for.
        """
        return tuple(each for each in self.recipients if each.accepted)

    def mode_deviation(self, expect: ExpectDovecot) -> str:
        """
        How the socket differs from what is expected or configured; empty if it does not.
        """
        socket = self.socket
        if socket is None or socket.stat is None:
            return "there is no socket"
        mode, modes = socket.stat.permissions, {int(each, 8) for each in expect.lmtp_socket_modes}
        if mode not in modes:
            return f"mode {mode:o}"
        if mode & 0o070 and socket.stat.group != self.mail_group:
            return f"group {socket.stat.group}"
        if not mode & 0o070 and socket.stat.owner != expect.lmtp_socket_owner:
            return f"owner {socket.stat.owner}"
        if socket.configured != socket.on_disk:
            return f"configured as {socket.configured}"
        return ""


def chosen_socket(
    sockets: tuple[LmtpSocket, ...], expected_path: str, seen_identity: str
) -> LmtpSocket | None:
    """
    The socket that matters: the profile's, else the one that Postfix uses, else the first.
    """
    if expected_path:
        return next((each for each in sockets if _same_path(each, expected_path)), None)
    used = [each for each in sockets if each.identity and each.identity == seen_identity]
    return next(iter((*used, *sockets)), None)


def _same_path(socket: LmtpSocket, path: str) -> bool:
    real = socket.stat.real_path if socket.stat else ""
    return _run(path) in {_run(real), _run(socket.path)}


def _run(path: str) -> str:
    return path.replace("/var/run/", "/run/", 1)
