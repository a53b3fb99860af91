"""
Whether the user database gives everybody's mail to one account, whatever its backend says.
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mail_account import MailAccountFacts
from mailvet.facts.mail_place import Location
from mailvet.facts.passdb import Database, databases

_BACKEND_KNOWS = frozenset({"passwd", "nss"})
"""Drivers that always give uid, gid and home, so that defaults never come into effect."""

FIELDS = ("uid", "gid", "home")


def unforced(dovecot: DovecotConfig, mail: MailAccountFacts) -> tuple[str, ...]:
    """
    What the user databases leave to their backends, or force to something else.
    """
    found = []
    for each in databases(dovecot, "userdb"):
        for field in FIELDS:
            value = _forced(dovecot, each, field)
            if value is None and field in _defaults(dovecot, each):
                continue
            if value is None:
                found.append(f"userdb {each}: {field} is left to the backend")
            elif not _right(value, field, mail):
                found.append(f"userdb {each}: {field}={value}")
    return tuple(found) or (() if databases(dovecot, "userdb") else ("there is no userdb",))


def undecided(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    Values that are only defaults: a backend that has its own wins, and whether it has is unknown.
    """
    return tuple(
        f"userdb {each}: {field} is only a default"
        for each in databases(dovecot, "userdb")
        for field in FIELDS
        if _forced(dovecot, each, field) is None and field in _defaults(dovecot, each)
    )


def _forced(dovecot: DovecotConfig, database: Database, field: str) -> str | None:
    value = database.fields("override_fields").get(field)
    if value is None and database.driver == "static":
        general = dovecot.setting(f"mail_{field}") or None
        own = database.fields("args") | database.fields("default_fields")
        value = own.get(field, general)
    return value


def _defaults(dovecot: DovecotConfig, database: Database) -> frozenset[str]:
    if database.driver in _BACKEND_KNOWS:
        return frozenset()
    given = set(database.fields("default_fields"))
    return frozenset(given | {each for each in FIELDS if dovecot.setting(f"mail_{each}")})


def _right(value: str, field: str, mail: MailAccountFacts) -> bool:
    account = mail.account()
    if field == "home":
        return Location("", value).personal
    if account is None:
        return False
    if field == "uid":
        return value in {account.name, str(account.uid)}
    return value in {mail.group, str(account.gid)}
