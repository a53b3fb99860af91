"""
Access restrictions of Postfix's SMTP services, as smtpd(8) evaluates them for strangers.

A recipient is refused as soon as one of the lists refuses it; a permission ends one list only
(postconf(5), smtpd_relay_restrictions).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput

LISTS = (
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
)

DESTINATIONS = (
    "relay_domains",
    "mydestination",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
)
"""Parameters that say for which domains mail is accepted from everybody."""

_DENIES_RELAYING = frozenset({"reject_unauth_destination", "defer_unauth_destination"})
_DENIES_ALL = frozenset({"reject", "defer"})
_GRANTS = frozenset({"permit", "permit_tls_all_clientcerts", "permit_naked_ip_address"})
_GRANTS_BY_LIST = frozenset({"permit_dnswl_client", "permit_rhswl_client"})
_TAKES_ARGUMENT = re.compile(
    r"check_\w+|(?:reject|permit|warn_if_reject)_?(?:rbl|rhsbl|dnswl|rhswl)\w*"
)
_OK_RESULT = re.compile(r"(?:OK|PERMIT|RELAY|permit\w*|\d+)(?:[\s,]|$)", re.IGNORECASE)
_NO_ENTRY = ("#", " ", "\t", "if ", "endif")
_KNOWN_LOGIN = frozenset({"permit_sasl_authenticated"})


@dataclass(frozen=True, slots=True)
class SmtpdService:
    """
    One smtpd service of master.cf with its effective settings.

    Attributes:
        key: ``smtp/inet``.
        lists: Names and elements of its restriction lists, classes expanded.
        sasl: Whether it offers AUTH.
        auth_only: Whether it offers AUTH inside TLS only.
        tls_level: ``smtpd_tls_security_level``.
        implicit_tls: Whether TLS starts with the connection.
    """

    key: str
    lists: tuple[tuple[str, tuple[str, ...]], ...]
    sasl: bool
    auth_only: bool
    tls_level: str
    implicit_tls: bool

    @property
    def auth_needs_tls(self) -> bool:
        """
        Whether nobody can log in without TLS.
        """
        return self.auth_only or self.implicit_tls or self.tls_level == "encrypt"

    def __str__(self) -> str:
        settings = {
            "smtpd_tls_auth_only": "yes" if self.auth_only else "no",
            "smtpd_tls_security_level": self.tls_level or "(empty)",
            "smtpd_tls_wrappermode": "yes" if self.implicit_tls else "no",
        }
        return f"{self.key}: {', '.join(f'{name} = {value}' for name, value in settings.items())}"


@dataclass(frozen=True, slots=True)
class SmtpdFacts:
    """
    All smtpd services that clients reach, and the tables behind their restrictions.

    Attributes:
        services: The services.
        tables: Names of access tables, and their results that grant something; None for tables
            that cannot be listed.
        destinations: Pairs of parameter and table in which a foreign domain was found.
        commands: What was run on the host.
    """

    services: tuple[SmtpdService, ...]
    tables: tuple[tuple[str, tuple[str, ...] | None], ...]
    destinations: tuple[tuple[str, str], ...]
    commands: tuple[CommandOutput, ...]

    def gates(self) -> tuple["Gate", ...]:
        """
        How each service treats a stranger's foreign recipient.
        """
        tables = dict(self.tables)
        return tuple(gate(each, tables) for each in self.services)


@dataclass(frozen=True, slots=True)
class Gate:
    """
    How a service treats a stranger's foreign recipient.

    Attributes:
        service: ``smtp/inet``.
        sasl: Whether it offers AUTH.
        denied_by: The list and the element that refuse it; empty if none does for sure.
        granted_by: Elements that let somebody pass before it is refused.
        unknown: Elements whose effect cannot be seen, in a list that refuses it otherwise.
        before_login: The lists that refuse before they let authenticated clients pass.
    """

    service: str
    sasl: bool
    denied_by: str
    granted_by: tuple[str, ...]
    unknown: tuple[str, ...]
    before_login: tuple[str, ...]

    @property
    def closed(self) -> bool | None:
        """
        Whether strangers cannot relay; None if that cannot be seen.
        """
        if self.denied_by:
            return True
        return None if self.unknown else False

    def __str__(self) -> str:
        if self.denied_by:
            return f"{self.service}: {self.denied_by}"
        if self.granted_by or self.unknown:
            return (
                f"{self.service}: perhaps open through {', '.join(self.unknown or self.granted_by)}"
            )
        return f"{self.service}: nothing refuses relaying"


def restrictions(value: str, classes: Mapping[str, str], depth: int = 0) -> tuple[str, ...]:
    """
    The elements of a restriction list: argument joined to its restriction, classes expanded.
    """
    words = _words(value)
    found: list[str] = []
    for word in words:
        if found and _TAKES_ARGUMENT.fullmatch(found[-1]):
            found[-1] = f"{found[-1]} {word}"
        elif word in classes and depth < 5:
            found += restrictions(classes[word], classes, depth + 1)
        else:
            found.append(word)
    return tuple(found)


def gate(service: SmtpdService, tables: Mapping[str, tuple[str, ...] | None]) -> Gate:
    """
    What *service* does with a stranger's foreign recipient.
    """
    denied = ""
    granted: list[str] = []
    unknown: list[str] = []
    before_login: list[str] = []
    for name, elements in service.lists:
        denies, login, grant, doubt = _list(elements, tables)
        if denies and not login:
            before_login.append(f"{name} ({denies})")
        if denies and not grant and not doubt:
            denied = denied or f"{denies} in {name}"
        elif denies and grant:
            granted += [f"{each} in {name}" for each in grant]
        elif denies:
            unknown += [f"{each} in {name}" for each in doubt]
    return Gate(
        service.key, service.sasl, denied, tuple(granted), tuple(unknown), tuple(before_login)
    )


def _list(
    elements: tuple[str, ...], tables: Mapping[str, tuple[str, ...] | None]
) -> tuple[str, bool, list[str], list[str]]:
    """
    What refuses in one list, whether a login passes it, what grants before it, what is unknown.
    """
    login = False
    grants: list[str] = []
    doubts: list[str] = []
    for position, element in enumerate(elements):
        if position and elements[position - 1] == "warn_if_reject":
            continue
        word, _, argument = element.partition(" ")
        if word in _DENIES_RELAYING | _DENIES_ALL:
            return element, login, grants, doubts
        login = login or word in _KNOWN_LOGIN or word in _GRANTS
        if word in _GRANTS | _GRANTS_BY_LIST:
            grants.append(element)
        elif word == "check_policy_service":
            doubts.append(element)
        elif word.startswith("check_"):
            results = access_results(argument, tables)
            if results is None:
                doubts.append(element)
            elif results:
                grants.append(f"{element} ({', '.join(results[:3])})")
    return "", login, grants, doubts


def access_results(
    table: str, tables: Mapping[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    """
    The entries of an access table that grant something; None if they cannot be seen.
    """
    kind, _, rest = table.partition(":")
    if kind == "static":
        return (rest,) if _OK_RESULT.match(rest.strip("{} ")) else ()
    if rest.startswith("{") and kind in {"inline", "cidr", "pcre", "regexp"}:
        return granting("\n".join(re.findall(r"\{?([^{},]+)[},]", rest.strip())))
    return tables.get(table)


def granting(text: str) -> tuple[str, ...]:
    """
    The lines of an access table whose result grants something.
    """
    found: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith(_NO_ENTRY):
            continue
        key, _, result = re.sub(r"\s*=\s*|\s+", " ", line.strip(), count=1).partition(" ")
        if _OK_RESULT.match(result.strip()):
            found.append(f"{key} {result.strip()}")
    return tuple(found)


def access_tables(service: SmtpdService) -> tuple[str, ...]:
    """
    The tables that the restrictions of *service* name and that have to be read on the host.
    """
    named = [
        element.partition(" ")[2]
        for _, elements in service.lists
        for element in elements
        if element.startswith("check_") and not element.startswith("check_policy_service")
    ]
    return tuple(
        each
        for each in dict.fromkeys(named)
        if ":" in each and "{" not in each and not each.startswith("static:")
    )


def _words(value: str) -> list[str]:
    return [each for each in re.findall(r"\w+:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s,]+", value) if each]
