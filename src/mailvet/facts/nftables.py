"""
The rules of nftables that are in force, and those that the next start brings.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

_INPUT = re.compile(r"\btype filter hook (?:input|prerouting|ingress)\b")
_DYNAMIC = re.compile(r"^\s*flags\s.*\b(?:dynamic|timeout)\b", re.MULTILINE)
_ELEMENTS = re.compile(r"^\s*elements = \{[^}]*\}\n?", re.MULTILINE)
_SET = re.compile(r"^\t(?:set|map) [^\n]*\{\n.*?^\t\}\n?", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"^table (\S+ \S+) \{[^\n]*\n(.*?)^\}", re.MULTILINE | re.DOTALL)

# Programs that write rules while they run, and again after each start, have tables of their own.
_OTHERS = re.compile(r"^\S+ (?:f2b-.*|firewalld|mailvet.*|netavark|libvirt_network|crowdsec.*)$")


@dataclass(frozen=True, slots=True)
class NftablesFacts:
    """
    Rules as ``nft -s list ruleset`` prints them, which is the same for the same rules.

    Attributes:
        installed: Whether nft exists.
        enabled: What systemd says: ``enabled``, ``disabled`` …
        file: What the unit loads; empty if it is not known.
        wrong: Why that cannot be loaded, whatever the host looks like.
        unread: Why it could not be listed here; empty if it was.
        rules: Those in force.
        stored: Those that *file* makes of nothing.
        commands: What was run.
    """

    installed: bool
    enabled: str
    file: str
    wrong: str
    unread: str
    rules: str
    stored: str
    commands: tuple[CommandOutput, ...]

    @property
    def starts(self) -> bool:
        """
        Whether the rules are loaded at boot.
        """
        return self.enabled in {"enabled", "static", "alias"}

    @property
    def filters(self) -> bool:
        """
        Whether what arrives passes any filter at all, besides those of other programs.
        """
        return any(_INPUT.search(each) for each in _tables(self.rules).values())

    def problems(self) -> tuple[str, ...]:
        """
        Why these rules do not protect the host, now or after the next start; in words.
        """
        if not self.installed:
            return ("nft is not installed",)
        found = []
        if not self.filters:
            found.append("no chain filters what arrives")
        if not self.starts:
            found.append(f"nftables.service is {self.enabled or 'not there'}")
        if self.wrong:
            found.append(f"{self.file} cannot be loaded: {self.wrong}")
        elif not self.file:
            found.append("nftables.service loads no file")
        return tuple(found) or self.differences()

    def differences(self) -> tuple[str, ...]:
        """
        What is in force only, or comes only with the next start; in words.
        """
        return tuple(
            f"{name}: {line.lstrip('+-').strip()} ({when})"
            for name, line in _changes(_tables(self.rules), _tables(self.stored))
            if (when := {"-": "in force only", "+": "after the next start only"}.get(line[0]))
        )


def _changes(now: dict[str, str], later: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys((*now, *later)):
        old, new = (each.get(name, "").splitlines() for each in (now, later))
        lines = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
        yield from ((name, line) for line in lines if line[1:].strip(" \t{}"))


def _tables(rules: str) -> dict[str, str]:
    """
    Tables that are not another program's, without what comes and goes in sets.
    """
    return {
        found[1]: _SET.sub(_lasting, found[2])
        for found in _TABLE.finditer(rules)
        if not _OTHERS.match(found[1])
    }


def _lasting(found: re.Match[str]) -> str:
    return _ELEMENTS.sub("", found[0]) if _DYNAMIC.search(found[0]) else found[0]


def parse_nftables(output: CommandOutput) -> NftablesFacts:
    """
    What the script in ``probes.nftables`` printed.
    """
    parts = sections(output.stdout)
    said = {name: parts.get(name, "").strip() for name in ("enabled", "file", "wrong", "unread")}
    if "stored" in parts:
        said["unread"] = ""
    return NftablesFacts(
        installed="rules" in parts,
        rules=parts.get("rules", ""),
        stored=parts.get("stored", ""),
        commands=(output.evidence(),),
        **said,
    )
