"""
What became of the test message: Postfix's log, Dovecot's header, and copies beside the mailbox.
"""

import posixpath
import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.facts.replies import Reply

_LOG = re.compile(
    r" \S+/(?P<agent>[\w-]+)\[\d+\]: (?P<id>\w+): to=<(?P<to>[^>]*)>,"
    r".*? relay=(?P<relay>[^,]+),.*? status=(?P<status>\w+) \((?P<words>.*)\)\s*$"
)
_WROTE = re.compile(r"delivered to (?:file|mailbox|maildir)\b")
_WITH_LMTP = re.compile(r"\bwith LMTPS?A?\b")


@dataclass(frozen=True, slots=True)
class LogDelivery:
    """
    A delivery attempt in Postfix's log.

    Attributes:
        agent: The delivery agent: ``lmtp``, ``local`` …
        recipient: The address.
        relay: To whom it was handed: ``mail1.example.com[/var/run/dovecot/lmtp]``.
        status: ``sent``, ``deferred`` or ``bounced``.
        words: The reply, or the reason.
    """

    agent: str
    recipient: str
    relay: str
    status: str
    words: str

    @property
    def socket(self) -> str:
        """
        Path of the UNIX socket that it went to; empty if it went elsewhere.
        """
        found = re.search(r"\[([^\]]*/[^\]]*)\]$", self.relay)
        return found[1] if found and self.agent not in {"local", "virtual", "pipe"} else ""

    def __str__(self) -> str:
        return f"{self.agent}: relay={self.relay} status={self.status} ({self.words})"


@dataclass(frozen=True, slots=True)
class LmtpTrace:
    """
    The way of one test message from SMTP to the mailbox.

    Attributes:
        recipient: Address of the test account.
        message_id: Its Message-ID.
        taken: Whether the server accepted it, so that it has to be somewhere.
        reply: The reply that decided that.
        arrived: Whether it was found in the mailbox before the deadline.
        received: Received fields of what arrived, the newest first.
        attempts: What Postfix's log says about it.
        socket: The socket that Postfix is told to use, as configured; empty if none.
        own_places: Where Dovecot keeps the account's mail.
        searched: Other places of the account that were searched; those that exist.
        copies: Files there that contain it.
        commands: What was run.
    """

    recipient: str
    message_id: str
    taken: bool
    reply: Reply
    arrived: bool
    received: tuple[str, ...]
    attempts: tuple[LogDelivery, ...]
    socket: str
    own_places: tuple[str, ...]
    searched: tuple[str, ...]
    copies: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def by_lmtp(self) -> bool:
        """
        Whether the newest Received field, the deliverer's own, speaks of LMTP (RFC 3848).
        """
        return bool(self.received) and bool(_WITH_LMTP.search(self.received[0]))

    @property
    def sent(self) -> tuple[LogDelivery, ...]:
        """
        Attempts that succeeded.
        """
        return tuple(each for each in self.attempts if each.status == "sent")

    @property
    def past_dovecot(self) -> tuple[LogDelivery, ...]:
        """
        Attempts with which Postfix itself wrote a file.
        """
        return tuple(each for each in self.sent if _WROTE.match(each.words))

    @property
    def through_socket(self) -> bool:
        """
        Whether the log says that the configured socket took it.
        """
        return any(each.socket and each.socket == self.socket for each in self.sent)

    @property
    def final(self) -> bool:
        """
        Whether its way has come to an end, in the mailbox or elsewhere.
        """
        return self.arrived or bool(self.copies) or bool(self.sent)

    def __str__(self) -> str:
        place = "in the mailbox" if self.arrived else "not in the mailbox"
        if self.arrived:
            place += ", delivered by LMTP" if self.by_lmtp else ", not delivered by LMTP"
        said = "; ".join(f"{each}" for each in self.attempts) or "no line in Postfix's log"
        return f"{place}; {said}"


def parse_log(text: str) -> tuple[LogDelivery, ...]:
    """
    The delivery attempts in lines of Postfix's log, each once.
    """
    found = (_LOG.search(line) for line in text.splitlines())
    return tuple(
        dict.fromkeys(
            LogDelivery(each["agent"], each["to"], each["relay"], each["status"], each["words"])
            for each in found
            if each
        )
    )


def places_in(location: str, home: str) -> tuple[str, ...]:
    """
    The absolute paths in Dovecot's ``mail`` field: ``mbox:~/mail:INBOX=/var/mail/alice``.
    """
    words = re.split(r"[:=]", location)
    paths = (re.sub(r"^~(?=/|$)|^%h", home.rstrip("/"), each) for each in words)
    return tuple(dict.fromkeys(posixpath.normpath(each) for each in paths if each.startswith("/")))


def other_places(
    user: str, home: str, own: tuple[str, ...], settings: dict[str, str]
) -> tuple[str, ...]:
    """
    Where local(8) and its kind would leave mail, as far as Dovecot does not keep it there.
    """
    spools = ("/var/mail", "/var/spool/mail", settings.get("mail_spool_directory", ""))
    in_home = ("Maildir", "mbox", "Mailbox", settings.get("home_mailbox", ""))
    wanted = [f"{spool.rstrip('/')}/{user}" for spool in spools if spool]
    if home and home != "/":
        wanted += [f"{home.rstrip('/')}/{name.rstrip('/')}" for name in in_home if name]
    return tuple(each for each in dict.fromkeys(wanted) if not _within(each, own))


def _within(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in folders)
