"""
What Dovecot answers while it cannot reach its database or directory.
"""

import re
from dataclasses import dataclass, replace

from mailvet.facts.backend import BackendFacts
from mailvet.facts.backend_tls import BackendServer
from mailvet.facts.cut import MOST_SECONDS, Cut
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.ldap_settings import ldap_settings
from mailvet.facts.login import Answer, Login
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Reply
from mailvet.facts.socket_talk import SocketTalk
from mailvet.model import Cause
from mailvet.transcript import Line

_TEMPORARY = frozenset({"UNAVAILABLE", "SYS/TEMP", "TRYLATER", "INUSE", "IN-USE"})
"""Response codes of RFC 5530, RFC 3206 and RFC 5804 for trouble that passes."""

_CODE = re.compile(r"[\[(]([A-Z][A-Z/-]*)")


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    What LMTP said to a recipient.

    Attributes:
        recipient: The recipient, and the reply to RCPT.
        silence: How the conversation ended after RCPT if there was no reply. Empty if RCPT was
            answered, or never sent.
    """

    recipient: RecipientReply
    silence: str

    @property
    def accepted(self) -> bool | None:
        """
        Whether mail for it was taken; None if RCPT was not sent.
        """
        if self.recipient.reply is None:
            return False if self.silence else None
        return self.recipient.accepted

    @property
    def kept(self) -> bool | None:
        """
        Whether its mail was taken, or stays in the queue; None if RCPT was not sent.

        A client that gets no reply tries again later, just as after a temporary failure.
        """
        if self.recipient.reply is None:
            return True if self.silence else None
        return self.recipient.accepted or temporary(self.recipient.reply)

    def __str__(self) -> str:
        return (
            f"{self.recipient.handed_over}: {self.recipient.reply or self.silence or 'not asked'}"
        )


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """
    A message that was handed in on the host meanwhile, for a test account.

    Attributes:
        said: What sendmail complained about.
        reason: Why it waited in Postfix's queue; empty if it was not seen there.
        seconds: From the recovery until it was found in the mailbox; None if it was not.
    """

    said: str
    reason: str
    seconds: float | None

    def __str__(self) -> str:
        if self.said:
            return f"sendmail: {self.said}"
        waited = f"it waited in the queue ({self.reason})" if self.reason else "it did not wait"
        if self.seconds is None:
            return f"{waited} and did not arrive"
        return f"{waited} and arrived {self.seconds:.1f} s after the recovery"


@dataclass(frozen=True, slots=True)
class BackendOutageFacts:
    """
    A short time without the backend, and how it ended.

    Attributes:
        cut: The way that was cut.
        seconds: How long it took, in seconds.
        login: A login with the right password meanwhile.
        wrong: One with a wrong password.
        known: What LMTP said meanwhile to the address of a test account; None without LMTP.
        unknown: What it said to an address that does not exist.
        recovery: Seconds from the return of the backend until the login worked; None if it did
            not in the time that the profile allows.
        later: The last login.
        later_known: What LMTP said to the test account's address at the end.
        waiting: What became of a message; None if Postfix does not deliver here.
        transcript: What was said in the logins meanwhile.
        commands: What was run.
    """

    cut: Cut
    seconds: float
    login: Login
    wrong: Login
    known: Delivery | None
    unknown: Delivery | None
    recovery: float | None
    later: Login
    later_known: Delivery | None
    waiting: WaitingMail | None
    transcript: tuple[Line, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def doubt(self) -> tuple[Cause, str] | None:
        """
        Why nothing follows from the answers; None if the backend was really missed.
        """
        if self.seconds > MOST_SECONDS:
            return Cause.TIMEOUT, f"the answers took {self.seconds:.0f} s, the outage was over then"
        if not self.cut.refused:
            return Cause.BLOCKED, f"nothing asked {', '.join(self.cut.ways)} meanwhile"
        return None

    @property
    def gone(self) -> str:
        """
        What was away, in words.
        """
        return f"{', '.join(self.cut.ways)} cut off for {self.seconds:.1f} s"


def temporary(reply: Reply | None) -> bool:
    """
    Whether a reply tells the client to come again later.
    """
    if reply is None or reply.positive:
        return False
    if reply.status.isdigit():
        return reply.status.startswith("4")
    code = _CODE.match(reply.text)
    return (code[1] in _TEMPORARY) if code else "temporar" in reply.text.lower()


def reason_in_queue(output: CommandOutput) -> str:
    """
    The text in parentheses that ``postqueue -p`` prints below a message that is deferred.
    """
    found = re.search(r"^\s*\((.*)\)\s*$", sections(output.stdout).get("queued", ""), re.MULTILINE)
    return found[1][:300] if found else ""


def delivery(talk: SocketTalk, recipient: RecipientReply) -> Delivery:
    """
    What a conversation says about *recipient*.
    """
    reply = talk.reply(f"RCPT TO:<{recipient.handed_over}>")
    before = talk.reply("MAIL")
    sent = talk.greeted and before is not None and before.positive
    return Delivery(replace(recipient, reply=reply), talk.failure if sent and not reply else "")


def every(*answers: bool | None) -> bool | None:
    """
    Whether all are so: one that is not decides, and one that is not known leaves it open.
    """
    if False in answers:
        return False
    return None if None in answers else True


def harmless_login(login: Login) -> bool | None:
    """
    Whether the answer to a right password leaves the user with it; None if there was none.

    Dovecot may remember passwords (``auth_cache_size``), and then lets the user in.
    """
    if login.reply is None:
        return None
    return login.answer is Answer.ACCEPTED or temporary(login.reply)


def servers(dovecot: DovecotConfig, backend: BackendFacts) -> tuple[BackendServer, ...]:
    """
    The servers that Dovecot asks through TCP, be it on the same machine.
    """
    found = [server for each in backend.files for server in each.databases]
    for settings in ldap_settings(dovecot, backend):
        found += [each.server("") for each in settings.uris]
    return tuple(dict.fromkeys(replace(each, authorities="") for each in found if each.port))
