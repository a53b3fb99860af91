"""
Where Dovecot's configuration lets clients log in without TLS.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import ON, DovecotConfig

_POLICY = ("disable_plaintext_auth", "auth_allow_cleartext", "ssl")
"""The last but one is what Dovecot 2.4 calls the first, with the opposite sense."""

_FILTERS = frozenset({"remote", "local", "local_name", "protocol"})

TRUSTED = "login_trusted_networks"


@dataclass(frozen=True, slots=True)
class Scope:
    """
    A part of the configuration with the values that hold there, inherited ones included.

    Attributes:
        path: The blocks that lead to it, outermost first; empty for the whole configuration.
        values: Settings by name.
    """

    path: tuple[str, ...]
    values: Mapping[str, str]

    @property
    def clear_text(self) -> bool:
        """
        Whether passwords are taken without TLS there.
        """
        if self.values.get("ssl", "").lower() == "required":
            return False
        if "auth_allow_cleartext" in self.values:
            return self.values["auth_allow_cleartext"].lower() in ON
        return self.values.get("disable_plaintext_auth", "yes").lower() not in ON

    @property
    def loopback(self) -> bool:
        """
        Whether it holds for connections of the host with itself only.
        """
        return any(_is_loopback(each) for each in self.path)

    def __str__(self) -> str:
        where = " ".join(self.path) or "everywhere"
        values = (f"{name} = {self.values[name]}" for name in _POLICY if name in self.values)
        return f"{where}: {', '.join(values)}"


def scopes(config: DovecotConfig) -> tuple[Scope, ...]:
    """
    All parts of the configuration that may differ in who can log in.
    """
    return tuple(_scopes(config.root, (), {}, config.protocols))


def clear_text_scopes(config: DovecotConfig) -> tuple[Scope, ...]:
    """
    Parts of the configuration in which other hosts can log in without TLS.
    """
    return tuple(each for each in scopes(config) if each.clear_text and not each.loopback)


def trusted_networks(config: DovecotConfig) -> tuple[str, ...]:
    """
    Networks whose clients Dovecot takes for secured, in all parts of the configuration.
    """
    found = (each.values.get(TRUSTED, "") for each in scopes(config))
    return tuple(dict.fromkeys(word for value in found for word in value.replace(",", " ").split()))


def _scopes(
    section: Section,
    path: tuple[str, ...],
    inherited: Mapping[str, str],
    protocols: frozenset[str],
) -> Iterator[Scope]:
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    for name, value in section.settings:
        if name in {*_POLICY, TRUSTED}:
            (second if name in first else first)[name] = value
    values = {**inherited, **first}
    yield Scope(path, values)
    if second:
        # doveconf prints a block for all addresses, such as remote 0.0.0.0/0, without its heading.
        yield Scope((*path, "remote 0.0.0.0/0"), {**values, **second})
    for inner in section.sections:
        if inner.kind not in _FILTERS or (inner.kind == "protocol" and _off(inner.name, protocols)):
            continue
        yield from _scopes(inner, (*path, f"{inner.kind} {inner.name}"), values, protocols)


def _off(name: str, protocols: frozenset[str]) -> bool:
    return not name.startswith("!") and not protocols.intersection(name.split())


def _is_loopback(block: str) -> bool:
    kind, _, name = block.partition(" ")
    if kind not in {"remote", "local"}:
        return False
    try:
        return ip_network(name.strip(), strict=False).is_loopback
    except ValueError:
        return False
