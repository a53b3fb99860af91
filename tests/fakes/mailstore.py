"""
Users, their mailboxes and filters, as the honest fake host keeps them.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes

SPECIAL_USE = ("Drafts", "Junk", "Trash", "Sent")

_RULE = re.compile(
    r'header\s+:(?:contains|is)\s+"([^"]+)"\s+"([^"]+)"\s*\{[^}]*?fileinto\s+(?::create\s+)?"([^"]+)"'
)
"""The one kind of Sieve rule that is understood."""


@dataclass(slots=True)
class Message:
    """
    A stored message.
    """

    uid: int
    octets: bytes
    deleted: bool = False

    def header(self, name: str) -> str:
        """
        A header field; empty if it has none of that name.
        """
        return str(message_from_bytes(self.octets).get(name, ""))


@dataclass(slots=True)
class User:
    """
    A user with a password, folders and Sieve scripts.

    Attributes:
        password: Password.
        folders: Messages by folder.
        subscribed: Folders that the user subscribed to.
        scripts: Sieve scripts by name.
        active: Name of the active script; empty if there is none.
    """

    password: str
    folders: dict[str, list[Message]] = field(default_factory=lambda: {"INBOX": []})
    subscribed: set[str] = field(default_factory=set)
    scripts: dict[str, str] = field(default_factory=dict)
    active: str = ""


class MailStore:
    """
    All users of a host.

    Args:
        passwords: Passwords by user name, which is the mail address as well.
    """

    def __init__(self, passwords: dict[str, str]) -> None:
        self.users = {name: User(password) for name, password in passwords.items()}
        self._uids = itertools.count(1)

    def check(self, name: str, password: str) -> User | None:
        """
        The user with this name and password.
        """
        user = self.users.get(name.lower())
        return user if user is not None and user.password == password else None

    def deliver(self, recipients: Iterable[str], octets: bytes, *, filters: bool = True) -> None:
        """
        Puts a message into the mailboxes of *recipients*, where their filters want it.
        """
        for recipient in recipients:
            user = self.users.get(recipient.lower())
            if user is not None:
                message = self.store(user, "INBOX", octets)
                folder = self._filtered(user, message) if filters else "INBOX"
                if folder != "INBOX":
                    user.folders["INBOX"].remove(message)
                    user.folders.setdefault(folder, []).append(message)

    def store(self, user: User, folder: str, octets: bytes) -> Message:
        """
        Puts a message into one folder.
        """
        message = Message(next(self._uids), octets)
        user.folders.setdefault(folder, []).append(message)
        return message

    @staticmethod
    def _filtered(user: User, message: Message) -> str:
        script = user.scripts.get(user.active, "")
        for name, value, folder in _RULE.findall(script):
            if value in message.header(name):
                return str(folder)
        return "INBOX"
