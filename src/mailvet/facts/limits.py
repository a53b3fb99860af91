"""
Postfix's limits against denial of service, as they hold for each SMTP server.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.facts.mynetworks import EVERYBODY
from mailvet.facts.networks import NetworkFacts, NetworkList, outside_of
from mailvet.facts.postfix import PostfixConfig

_TIME = re.compile(r"(\d+)([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

SPACE_FACTOR = 1.5
"""Postfix takes mail while there is room for that many messages of the largest size."""


@dataclass(frozen=True, slots=True)
class LimitExceptions:
    """
    Clients to which no limit applies.

    Attributes:
        lists: The distinct values of the setting, that of main.cf first.
        commands: What was run on the host to know.
    """

    lists: tuple[NetworkList, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def opaque(self) -> tuple[str, ...]:
        """
        Elements whose content is not known.
        """
        return tuple(found for each in self.lists for found in each.opaque)

    def beyond(self, networks: NetworkFacts, exempt: tuple[str, ...]) -> tuple[str, ...]:
        """
        Networks and names that are neither trusted nor declared to be exempt.
        """
        trusted = [
            found
            for each in networks.lists
            for element in each.elements
            if not element.negated
            for found in element.networks
        ]
        named = [each for each in exempt if outside_of((each,), EVERYBODY)]
        allowed = (*trusted, *(each for each in exempt if each not in named))
        found = [strange for each in self.lists for strange in each.beyond(allowed)]
        return tuple(each for each in dict.fromkeys(found) if each not in named)

    def __str__(self) -> str:
        return "; ".join(each.value or "nobody" for each in self.lists)


def number(value: str) -> int | None:
    """
    The number that *value* is; None if it is none.
    """
    return int(value) if value.isascii() and value.isdecimal() else None


def seconds(value: str) -> int | None:
    """
    A time in seconds (postconf(5): a number and a unit); None if it is none.
    """
    found = _TIME.fullmatch(value.strip())
    return int(found[1]) * _SECONDS[found[2]] if found else None


def values(postfix: PostfixConfig, name: str) -> tuple[tuple[str, str], ...]:
    """
    The value of *name* by service: for main.cf, and for every SMTP server that has another.
    """
    found = {"main.cf": postfix.setting(name)}
    for service in postfix.networked:
        value = postfix.setting(name, service.key)
        if value != found["main.cf"]:
            found[service.key] = value
    return tuple(found.items())


def excess(postfix: PostfixConfig, name: str, most: int) -> tuple[str, ...]:
    """
    Services for which *name* sets no limit, or one above *most*; 0 means that any limit will do.
    """
    wrong = []
    for service, value in values(postfix, name):
        limit = number(value)
        if not limit or (most and limit > most):
            wrong.append(f"{name} = {value or '(empty)'} ({service})")
    return tuple(wrong)


def shown(postfix: PostfixConfig, name: str) -> str:
    """
    All values of *name* in words.
    """
    return f"{name} = " + ", ".join(
        value if service == "main.cf" else f"{value} ({service})"
        for service, value in values(postfix, name)
    )


def at_most(most: int) -> str:
    """
    A limit in words.
    """
    return f"from 1 to {most}" if most else "a limit, not 0"


def unbounded_services(postfix: PostfixConfig, most: int) -> tuple[str, ...]:
    """
    SMTP servers of which there may be any number of processes, or more than *most*.
    """
    general = number(postfix.setting("default_process_limit"))
    wrong = []
    for service in postfix.networked:
        limit = general if service.processes == "-" else number(service.processes)
        if not limit or (most and limit > most):
            wrong.append(f"{service.key}: {service.processes}")
    return tuple(wrong)


def space_needed(postfix: PostfixConfig) -> float | None:
    """
    Octets that must be free before Postfix takes mail; None if messages may have any size.
    """
    size = number(postfix.setting("message_size_limit"))
    floor = number(postfix.setting("queue_minfree"))
    return max(float(floor or 0), SPACE_FACTOR * size) if size else None


def smaller_mailboxes(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Limits of mailboxes that are below the limit of a message, with which Postfix delivers nothing.
    """
    names = ["mailbox_size_limit"]
    if postfix.setting("virtual_transport").partition(":")[0] == "virtual":
        names += ["virtual_mailbox_limit"] * bool(postfix.setting("virtual_mailbox_domains"))
    size = number(postfix.setting("message_size_limit")) or 0
    limits = {name: number(postfix.setting(name)) for name in names}
    return tuple(f"{name} = {limit}" for name, limit in limits.items() if limit and limit < size)
