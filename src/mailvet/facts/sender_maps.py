"""
Which sender addresses Postfix lets a login use, as its tables say.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.facts.routing import Lookup
from mailvet.facts.smtpd import SmtpdService

ENFORCING = frozenset(
    {"reject_sender_login_mismatch", "reject_authenticated_sender_login_mismatch"}
)
"""Restrictions that refuse an authenticated client every address that no table gives to it."""

_FORMAT = re.compile(r"%(L?)([un])|%\{\s*user(\s*\|\s*(?:username|lower))*\s*\}")


@dataclass(frozen=True, slots=True)
class OwnedAddress:
    """
    A test account's address, and to which logins a service's tables give it.

    Attributes:
        login: Login name, as Dovecot passes it on; empty if it cannot be told how it does.
        address: The address.
        owners: Login names that may send with it.
        errors: What went wrong with the tables.
    """

    login: str
    address: str
    owners: tuple[str, ...]
    errors: tuple[str, ...] = ()

    @property
    def owned(self) -> bool | None:
        """
        Whether the login is among the owners; None if that cannot be told.
        """
        names = {each.casefold() for each in self.owners}
        if self.login.casefold() in names:
            return True
        return None if self.errors or (names and not self.login) else False

    def __str__(self) -> str:
        found = ", ".join(self.owners) or "; ".join(self.errors) or "nobody"
        return f"{self.address} belongs to {found}"


@dataclass(frozen=True, slots=True)
class SenderMaps:
    """
    The tables of one service that holds senders to their own addresses.

    Attributes:
        service: ``submission/inet``.
        restriction: What it enforces.
        tables: ``smtpd_sender_login_maps``.
        addresses: The test accounts' addresses.
    """

    service: str
    restriction: str
    tables: str
    addresses: tuple[OwnedAddress, ...]

    @property
    def broken(self) -> bool:
        """
        Whether a user cannot send with the own address.
        """
        return not self.tables or any(each.owned is False for each in self.addresses)

    @property
    def unknown(self) -> bool:
        """
        Whether it cannot be told for some address.
        """
        return not self.addresses or any(each.owned is None for each in self.addresses)

    def __str__(self) -> str:
        owned = "; ".join(map(str, self.addresses)) or "the inventory has no account to look up"
        return f"{self.service}: {self.tables or 'smtpd_sender_login_maps is empty'}: {owned}"


@dataclass(frozen=True, slots=True)
class SenderMapsFacts:
    """
    All services that hold authenticated senders to their own addresses.
    """

    services: tuple[SenderMaps, ...]
    commands: tuple[CommandOutput, ...]


def enforced(service: SmtpdService) -> str:
    """
    The restriction with which *service* holds senders to their addresses; empty if there is none.
    """
    for _, elements in service.lists:
        for position, element in enumerate(elements):
            if element in ENFORCING and elements[position - 1 : position] != ("warn_if_reject",):
                return element
    return ""


def keys_of(address: str, delimiters: str, local_domains: frozenset[str]) -> tuple[str, ...]:
    """
    What smtpd looks up for an address, in its order (postconf(5), smtpd_sender_login_maps).
    """
    address = address.lower()
    user, _, domain = address.rpartition("@")
    plain = re.split(f"[{re.escape(delimiters)}]", user)[0] if delimiters else user
    keys = [address, f"{plain}@{domain}"]
    if domain in local_domains:
        keys += [user, plain]
    return tuple(dict.fromkeys((*keys, f"@{domain}")))


def owners_of(answers: tuple[Lookup, ...]) -> tuple[str, ...]:
    """
    The login names in the first answer of the tables.
    """
    first = next((each.value for each in answers if each.value), "")
    return tuple(each for each in re.split(r"[,\s]+", first or "") if each)


def passed_on(user: str, username_format: str) -> str:
    """
    What Dovecot makes of a login name before Postfix learns it; empty if that is too intricate.
    """
    found = _FORMAT.fullmatch(username_format.strip())
    if not username_format.strip():
        return user
    if not found:
        return ""
    lower = found[1] == "L" or "lower" in found[0]
    local = found[2] == "n" or "username" in found[0]
    name = user.partition("@")[0] if local else user
    return name.lower() if lower else name
