"""
Where Dovecot keeps whose mail: locations as they are configured, and as they come out for users.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.dovecot import ON, DovecotConfig
from mailvet.facts.mail_account import UserLookup
from mailvet.facts.passdb import databases

FORMATS = frozenset({"sdbox", "mdbox", "maildir", "mbox", "dbox", "obox", "imapc", "pop3c"})

_WITHOUT_MAIL = frozenset({"passwd", "nss", "static"})
"""Drivers whose backend never says where mail is."""

_PERSONAL = re.compile(
    r"^~|:~|%[-\d.]*[A-Z]*[nuh]|%\{(?:[a-z]+:)?(?:user|username|home)\b|%\{user\s*\|"
)
"""What differs from user to user; a domain alone does not."""


@dataclass(frozen=True, slots=True)
class Location:
    """
    A setting that says where mail is.

    Attributes:
        source: Where it is set, in words.
        text: For example ``sdbox:/var/mail/%n/``.
    """

    source: str
    text: str

    @property
    def driver(self) -> str:
        """
        The mailbox format; empty if Dovecot is left to guess it.
        """
        name, colon, _ = self.text.partition(":")
        return name if colon and name in FORMATS else ""

    @property
    def path(self) -> str:
        """
        Where messages are, options left out.
        """
        return (self.text.partition(":")[2] if self.driver else self.text).partition(":")[0]

    @property
    def personal(self) -> bool:
        """
        Whether each user has a place of its own.
        """
        return bool(_PERSONAL.search(self.path))

    def __str__(self) -> str:
        return f"{self.source} = {self.text or '(empty)'}"


def locations(dovecot: DovecotConfig) -> tuple[Location, ...]:
    """
    Every setting that decides where the INBOX is: in general, and for single protocols.
    """
    found = [
        Location(f"namespace {each.name}: location", each.get("location") or "")
        for each in dovecot.root.of("namespace")
        if (each.get("inbox") or "no").lower() in ON and each.get("location")
    ]
    if not found:
        found = [Location("mail_location", _general(dovecot))]
    for section in dovecot.root.of("protocol"):
        own = section.get("mail_location")
        if own is not None:
            found.append(Location(f"protocol {section.name}: mail_location", own))
    for database in databases(dovecot, "userdb"):
        forced = database.fields("override_fields").get("mail")
        if forced is not None:
            found.append(Location("userdb: mail", forced))
    return tuple(found)


def _general(dovecot: DovecotConfig) -> str:
    """
    ``mail_location``, or what Dovecot 2.4 has in its place.
    """
    driver, path = dovecot.setting("mail_driver"), dovecot.setting("mail_path")
    return dovecot.setting("mail_location") or (f"{driver}:{path}" if driver else path)


def by_userdb(users: Iterable[UserLookup]) -> tuple[Location, ...]:
    """
    Where the user database puts the mail of *users*.
    """
    return tuple(
        Location(f"{each.user}: mail", each.get("mail")) for each in users if each.status == 0
    )


def unexplained(dovecot: DovecotConfig, users: tuple[UserLookup, ...], form: str) -> str:
    """
    The first location without a mailbox format, or with another one than *form*; empty if none.

    Where nothing is set, doveadm shows what Dovecot guesses; that excuses nothing.
    """
    for each in (*locations(dovecot), *by_userdb(users)):
        if not each.driver or not each.path or (form and each.driver != form):
            return str(each)
    return ""


def delegated(dovecot: DovecotConfig) -> bool:
    """
    Whether nothing is set and a backend may say for each user where the mail is.
    """
    drivers = {each.driver for each in databases(dovecot, "userdb")}
    return not any(each.text for each in locations(dovecot)) and bool(drivers - _WITHOUT_MAIL)


def place(user: UserLookup) -> str:
    """
    Where the mail of *user* is, its home put in; empty if that is not known.
    """
    path = Location("", user.get("mail")).path
    home = user.home.rstrip("/")
    if path.startswith("~"):
        path = f"{home}{path[1:]}" if home else ""
    return path.replace("%h", home).rstrip("/")


def shared(users: Iterable[UserLookup]) -> str:
    """
    Two of *users* whose mail is in one place; empty if there are none.
    """
    seen: dict[str, str] = {}
    for each in users:
        where = place(each)
        if each.status == 0 and where in seen:
            return f"{seen[where]} and {each.user} share {where}"
        if each.status == 0 and where:
            seen[where] = each.user
    return ""


def static_roots(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Folders above indexes and attachments that are kept apart from the messages.
    """
    texts = [option for each in locations(dovecot) for option in each.text.split(":")[2:]]
    paths = [text.partition("=")[2] for text in texts]
    paths.append(dovecot.setting("mail_attachment_dir"))
    found = []
    for path in paths:
        static, variable, _ = path.partition("%")
        static = static.rpartition("/")[0] if variable else static.rstrip("/")
        if static.startswith("/"):
            found.append(static)
    return tuple(dict.fromkeys(found))
