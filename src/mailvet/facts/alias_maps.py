"""
The tables of virtual aliases, as Postfix asks them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.ldap_table import LdapTable

_STALE = "is older than source file"


@dataclass(frozen=True, slots=True)
class AliasMap:
    """
    One of the tables.

    Attributes:
        name: As it is configured: ``hash:/etc/postfix/virtual``.
        source: Whether there is a file to be edited.
        malformed: Lines of it that do not say what they should; some of them.
    """

    name: str
    source: bool = False
    malformed: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """
        Its type, without the proxy in front of it.
        """
        return self.name.removeprefix("proxy:").partition(":")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one table says to one key.

    Attributes:
        key: The key.
        table: The table's name.
        value: What is found; empty if nothing is.
        complaint: What postmap said besides: the source could not be asked.
    """

    key: str
    table: str
    value: str
    complaint: str

    @property
    def addresses(self) -> tuple[str, ...]:
        """
        The addresses in its value, in small letters.
        """
        return tuple(word.lower() for word in re.split(r"[\s,]+", self.value) if word)

    def __str__(self) -> str:
        return f"{self.table}: {self.value or self.complaint or 'not found'}"


@dataclass(frozen=True, slots=True)
class AliasMapFacts:
    """
    Virtual aliases.

    Attributes:
        maps: The tables, in the order in which they are asked.
        others: Other parameters whose tables are in a directory.
        answers: What each table says to each address that the profile names, and to one that
            does not exist.
        stranger: The latter.
        directories: The definitions of tables in a directory.
        types: Types of tables that Postfix knows (``postconf -m``).
        commands: What was run.
    """

    maps: tuple[AliasMap, ...]
    others: tuple[str, ...]
    answers: tuple[Answer, ...]
    stranger: str
    directories: tuple[LdapTable, ...]
    types: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    def to(self, key: str, kind: str = "") -> tuple[Answer, ...]:
        """
        The answers to *key*, of the tables of one *kind* or of all.
        """
        names = {each.name for each in self.maps if kind in {"", each.kind}}
        return tuple(each for each in self.answers if each.key == key and each.table in names)

    def leads(self, key: str, kind: str = "") -> Answer | None:
        """
        The answer that counts: the first one that is found, or a complaint before it.
        """
        return next((each for each in self.to(key, kind) if each.value or each.complaint), None)

    def wrong(self, wanted: Iterable[tuple[str, str]], kind: str = "") -> tuple[str, ...]:
        """
        Aliases that lead elsewhere than they should, in words.
        """
        found = []
        for key, address in wanted:
            answer = self.leads(key, kind)
            if answer is None or address.lower() not in answer.addresses:
                found.append(f"{key} -> {answer or 'not found'} (must be {address})")
        return tuple(found)

    def unclean(self, keys: Iterable[str], kind: str) -> tuple[str, ...]:
        """
        Those of *keys* that are not found, and the address that must not be; in words.
        """
        lost = [f"{key}: not found" for key in keys if self.leads(key, kind) is None]
        stranger = self.leads(self.stranger, kind)
        return (*lost, *([f"{self.stranger}: {stranger}"] if stranger else []))

    def complaints(self, kind: str = "") -> tuple[str, ...]:
        """
        What tables complained about; the source could not be asked then.
        """
        names = {each.name for each in self.maps if kind in {"", each.kind}}
        return tuple(
            dict.fromkeys(
                f"{each.table}: {each.complaint}"
                for each in self.answers
                if each.complaint and each.table in names
            )
        )


def parse_alias_maps(
    output: CommandOutput, names: tuple[str, ...], keys: tuple[str, ...]
) -> tuple[tuple[AliasMap, ...], tuple[Answer, ...], tuple[str, ...]]:
    """
    What the script in ``probes.alias_maps`` printed about the tables *names* and the *keys*.
    """
    parts = sections(output.stdout)
    maps = []
    for number, name in enumerate(names):
        lines = parts.get(f"map {number}", "").splitlines()
        bad = tuple(line.removeprefix("bad ") for line in lines if line.startswith("bad "))
        maps.append(AliasMap(name, "source" in lines, bad))
    answers = []
    for row, key in enumerate(keys):
        for number, name in enumerate(names):
            lines = parts.get(f"answer {row} {number}", "").splitlines()
            value = " ".join(line[1:] for line in lines if line.startswith("="))
            said = [line[1:] for line in lines if line.startswith("!") and _STALE not in line]
            answers.append(Answer(key, name, value, said[0] if said and not value else ""))
    types = tuple(parts.get("types", "").split())
    return tuple(maps), tuple(answers), types
