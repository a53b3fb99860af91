"""
Whether users with one local part in two domains are kept apart.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailvet.facts.mail_account import UserLookup
from mailvet.facts.mail_place import shared
from mailvet.facts.system_accounts import SystemAccountFacts


class Domains(StrEnum):
    """
    What is known about users' domains.
    """

    APART = "apart"
    SHARED = "shared"
    NONE = "none"
    ONE = "one"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DomainFinding:
    """
    What is known, and how in words.
    """

    kind: Domains
    words: str


def user_domains(facts: SystemAccountFacts, declared: tuple[str, ...]) -> DomainFinding:
    """
    What the user database says, users of *declared* accounts among them.
    """
    clash = next((words for pair in facts.pairs if (words := _clash(pair))), "")
    found = tuple(each for each in facts.foreign if each.status == 0)
    domains = {each.partition("@")[2] for each in declared} | set(facts.domains)
    domains.discard("")
    kind, words = Domains.UNKNOWN, "no two users of one name in two domains are known"
    if clash:
        kind, words = Domains.SHARED, clash
    elif facts.pairs:
        names = " and ".join(each.user for each in facts.pairs[0])
        kind, words = Domains.APART, f"{names} have a place each"
    elif found and not any("@" in (each.get("user") or each.user) for each in found):
        first = found[0]
        kind = Domains.NONE
        words = f"login names have no domain: {first.user} is {first.get('user')}"
    elif len(found) > 1 and not _clash(found):
        kind, words = Domains.APART, "users of two domains would have a place each"
    elif len(domains) == 1 and facts.domains:
        kind, words = Domains.ONE, f"all users are in {domains.pop()}"
    elif not domains and not found:
        kind, words = Domains.NONE, "login names have no domain"
    return DomainFinding(kind, words)


def _clash(users: tuple[UserLookup, ...]) -> str:
    """
    What two of *users* share; empty if nothing.
    """
    homes = {each.home for each in users if each.status == 0}
    several = sum(each.status == 0 for each in users) > 1
    names = " and ".join(each.user for each in users)
    one_home = several and len(homes) == 1 and homes != {""}
    return shared(users) or (f"{names} share the home {homes.pop()}" if one_home else "")
