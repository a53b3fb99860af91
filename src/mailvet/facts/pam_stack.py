"""
The stack of modules that PAM runs for a service, as pam.conf(5) says it is put together.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_DEPTH = 32
"""Includes within includes that libpam follows."""

_LINE = re.compile(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)", re.I)

_CONTROLS = {
    "required": "success=ok new_authtok_reqd=ok ignore=ignore default=bad",
    "requisite": "success=ok new_authtok_reqd=ok ignore=ignore default=die",
    "sufficient": "success=done new_authtok_reqd=done default=ignore",
    "optional": "success=ok new_authtok_reqd=ok default=ignore",
}

BROKEN = "(a file that is missing)"
"""Stands for an include that leads nowhere: libpam refuses everybody then."""

SUBSTACK = "(substack)"
"""Marks where a substack begins."""


@dataclass(frozen=True, slots=True)
class Step:
    """
    One module of a stack.

    Attributes:
        module: Name without folder and suffix: ``pam_unix``.
        arguments: Its arguments.
        actions: What follows from each return value, with ``default``.
        level: 0 in the service's own stack, more within substacks.
    """

    module: str
    arguments: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]
    level: int = 0

    def action(self, value: str) -> str:
        """
        ``ok``, ``done``, ``bad``, ``die``, ``ignore``, ``reset`` or a number of modules to skip.
        """
        table = dict(self.actions)
        return table.get(value) or table.get("default") or "ignore"

    def __str__(self) -> str:
        return " ".join((self.module, *self.arguments))


@dataclass(frozen=True, slots=True)
class PamFiles:
    """
    The files in ``/etc/pam.d``.

    Attributes:
        files: Names of services and what stands in their files.
    """

    files: tuple[tuple[str, str], ...]

    def exists(self, service: str) -> bool:
        """
        Whether *service* has a file of its own.
        """
        return service in dict(self.files)

    def stack(self, service: str, kind: str) -> tuple[Step, ...]:
        """
        The modules of one *kind* (``auth``, ``account``), those of ``other`` where it has none.
        """
        files = dict(self.files)
        own = tuple(_steps(files, service, kind, 0, 0)) if service in files else ()
        return own or tuple(_steps(files, "other", kind, 0, 0))


def _steps(
    files: Mapping[str, str], service: str, kind: str, level: int, depth: int
) -> Iterator[Step]:
    name = service.rpartition("/")[2]
    if name not in files or depth > MAX_DEPTH:
        yield Step(BROKEN, (), (("default", "die"),), level)
        return
    for line in _lines(files[name]):
        if line.startswith("@include"):
            yield from _steps(files, line.split(None, 1)[-1], kind, level, depth + 1)
            continue
        parts = _LINE.match(line)
        if parts is None or parts[1].lower() != kind:
            continue
        control, module, arguments = parts[2].lower(), parts[3], parts[4]
        if control == "include":
            yield from _steps(files, module, kind, level, depth + 1)
        elif control == "substack":
            yield Step(SUBSTACK, (), (("default", "ignore"),), level)
            yield from _steps(files, module, kind, level + 1, depth + 1)
        else:
            bare = module.rpartition("/")[2].removesuffix(".so")
            yield Step(bare, tuple(arguments.split()), _actions(control), level)


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.partition("#")[0].strip()
        if stripped:
            yield stripped


def _actions(control: str) -> tuple[tuple[str, str], ...]:
    words = _CONTROLS.get(control, control.strip("[]")).split()
    pairs = (word.partition("=") for word in words)
    return tuple((value, action) for value, equals, action in pairs if equals)
