"""
Where Dovecot's SQL queries find names and passwords, taken apart far enough to count both.
"""

import re
from dataclasses import dataclass

_NAME = r"(?!null\b)[a-z_`][\w`.]*"
_QUERY = re.compile(
    r"^\s*select\s+(?:distinct\s+)?(?P<columns>.*?)\s+from\s+(?P<source>.*?)"
    r"(?:\s+where\s+(?P<where>.*?))?(?:\s+limit\s+\d+)?\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_PASSWORD = re.compile(
    rf"^(?:(?P<name>{_NAME})\s+(?:as\s+)?[`'\"]?password[`'\"]?|(?P<plain>(?:{_NAME}\.)?`?password`?))$",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"[\w\s`.,=]+")
_WRITES = re.compile(r"\b(?:into|procedure|for|lock)\b", re.IGNORECASE)
_NAMES_USER = re.compile(rf"^({_NAME})\s*(?:=|like)\s*'?[^'\s]*%[^'\s]*'?$", re.IGNORECASE)
_CONDITION = re.compile(
    rf"^{_NAME}\s*(?:=|<>|!=|<=?|>=?|\bis\s+not\b|\bis\b)\s*(?:'[\w .@+:-]*'|-?\d+|{_NAME})$",
    re.IGNORECASE,
)


_FROM = re.compile(r"\b(?:from|join)\s+`?(\w+)`?\s*\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UserTable:
    """
    The rows that a password query finds its user in, whoever that is.

    Attributes:
        source: What stands after FROM.
        condition: The conditions that name no user.
        keys: Columns that are compared with the login name.
        password: Column with the stored password.
    """

    source: str
    condition: str
    keys: tuple[str, ...]
    password: str

    def select(self, what: str, more: str = "") -> str:
        """
        A question about all of these rows.
        """
        named = " AND ".join((self.condition, *(f"{each} IS NOT NULL" for each in self.keys)))
        # All parts are names and constants, as user_table lets them through.
        return f"SELECT {what} FROM {self.source} WHERE {named} {more}".rstrip()  # noqa: S608

    @property
    def key(self) -> str:
        """
        The columns that name a user.
        """
        return ", ".join(self.keys)


def user_table(query: str) -> UserTable | None:
    """
    The rows behind a password query; None if it is more than a plain SELECT.

    What is taken over are names, and comparisons with constants: nothing that writes or calls.
    """
    matched = _QUERY.match(query)
    if not matched or _WRITES.search(query) or not _SOURCE.fullmatch(matched["source"]):
        return None
    columns = (_PASSWORD.match(each.strip()) for each in matched["columns"].split(","))
    password = next((found["name"] or found["plain"] for found in columns if found), "")
    keys, others = [], []
    for condition in re.split(r"\s+and\s+", matched["where"] or "", flags=re.IGNORECASE):
        named = _NAMES_USER.match(condition.strip())
        if named:
            keys.append(named[1])
        elif _CONDITION.match(condition.strip()):
            others.append(condition.strip())
        else:
            return None
    if not password or not keys:
        return None
    return UserTable(
        " ".join(matched["source"].split()), " AND ".join(others) or "1", tuple(keys), password
    )


def named_databases(query: str) -> tuple[str, ...]:
    """
    Databases that *query* names before its tables.
    """
    return tuple(_FROM.findall(query))


@dataclass(frozen=True, slots=True)
class Grant:
    """
    Privileges of an account.

    Attributes:
        privileges: Their names in capitals, without columns; ``ROLE`` for those of a role.
        database: The database that they are for; ``*`` for all of them, empty for a role.
        grantable: Whether the account may give them to others.
    """

    privileges: tuple[str, ...]
    database: str
    grantable: bool = False

    def excess(self, databases: frozenset[str]) -> str:
        """
        What goes beyond reading in *databases*, in words; empty if nothing does.
        """
        where = "all databases" if self.database == "*" else self.database
        more = [each for each in self.privileges if each not in _READING]
        if self.grantable:
            more.append("GRANT OPTION")
        if more:
            return f"{', '.join(more)} on {where}"
        reads = set(self.privileges) - {"USAGE", ROLE}
        known = self.database.lower() in databases
        return "" if known or not reads else f"{', '.join(sorted(reads))} on {where}"


ROLE = "ROLE"
_READING = frozenset({"USAGE", "SELECT", "SHOW VIEW", "EXECUTE", ROLE})
_GRANT = re.compile(r"^GRANT (.+?) ON (?:TABLE |FUNCTION |PROCEDURE |PACKAGE )?(.+?) TO ", re.I)
_COLUMNS = re.compile(r"\([^)]*\)")
_REQUIRES = re.compile(r"\bREQUIRE\s+(NONE|SSL|X509|SUBJECT|ISSUER|CIPHER)\b", re.IGNORECASE)


def parse_grant(line: str) -> Grant | None:
    """
    One line of SHOW GRANTS, whose password hash is left out; None if it grants nothing.
    """
    matched = _GRANT.match(line)
    if not matched:
        return Grant((ROLE,), "") if line.upper().startswith("GRANT ") else None
    names = _COLUMNS.sub("", matched[1]).split(",")
    database = matched[2].partition(".")[0].strip("`").replace("\\", "")
    grantable = line.rstrip().upper().endswith("WITH GRANT OPTION")
    return Grant(tuple(each.strip().upper() for each in names), database, grantable)


def required_transport(text: str) -> str:
    """
    What SHOW CREATE USER says after REQUIRE, in capitals; ``NONE`` if it says nothing.
    """
    matched = _REQUIRES.search(text)
    return matched[1].upper() if matched else "NONE"
