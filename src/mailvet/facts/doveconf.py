"""
The text that doveconf prints, as a tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENING = re.compile(r'^(\w[\w-]*)(?:\s+("(?:[^"\\]|\\.)*"|.*?))?\s*\{$')


@dataclass(frozen=True, slots=True)
class Section:
    """
    A section of Dovecot's configuration: ``service lmtp { … }``.

    Attributes:
        kind: Its first word; empty for the whole configuration.
        name: Its second word; empty if it has none, as ``passdb`` has not.
        settings: Names and values in it.
        sections: Sections in it.
    """

    kind: str
    name: str
    settings: tuple[tuple[str, str], ...] = ()
    sections: tuple["Section", ...] = ()

    def get(self, name: str) -> str | None:
        """
        The value of a setting in this very section; None if it does not stand there.
        """
        return next((value for key, value in self.settings if key == name), None)

    def of(self, kind: str, name: str | None = None) -> tuple["Section", ...]:
        """
        The sections in it of this kind, and of this name if one is given.
        """
        return tuple(
            each for each in self.sections if each.kind == kind and name in {None, each.name}
        )

    def path(self, *steps: str) -> "Section | None":
        """
        The section that is reached by alternating kinds and names; None if there is none.
        """
        here: Section | None = self
        for kind, name in zip(steps[::2], steps[1::2], strict=True):
            here = next(iter(here.of(kind, name)), None) if here else None
        return here

    def walk(self) -> Iterator["Section"]:
        """
        This section and all sections below it.
        """
        yield self
        for each in self.sections:
            yield from each.walk()


def parse_doveconf(text: str) -> Section:
    """
    The output of ``doveconf -n`` or ``doveconf -a``.
    """
    lines = iter(text.splitlines())
    return _section("", "", lines)


def _section(kind: str, name: str, lines: Iterator[str]) -> Section:
    settings: list[tuple[str, str]] = []
    inner: list[Section] = []
    for raw in lines:
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line == "}":
            break
        opening = _OPENING.match(line)
        if opening and "=" not in line.partition("{")[0].partition('"')[0]:
            inner.append(_section(opening[1], _unquoted(opening[2] or ""), lines))
            continue
        key, equals, value = line.partition("=")
        if equals:
            settings.append((key.strip(), _unquoted(value.strip())))
    return Section(kind, name, tuple(settings), tuple(inner))


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
