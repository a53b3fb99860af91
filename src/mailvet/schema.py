"""
TOML tables to dataclasses, with errors that name the file, the key and the nearest known key.
"""

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from mailvet.errors import ConfigurationError

T = TypeVar("T")


def load_toml(path: Path) -> dict[str, Any]:
    """
    The tables of a TOML file.

    Raises:
        ConfigurationError: It cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigurationError(f"{path}: cannot be read: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{path}: is not valid TOML: {exc}") from exc


def convert(table: Mapping[str, Any], into: type[T], *, source: Path, at: str = "") -> T:
    """
    Reads *table* as the dataclass *into*.

    Args:
        table: What stands in the file.
        into: The dataclass that says which keys there are and of which types.
        source: The file, for error messages.
        at: Dotted path of *table* in the file, for error messages.

    Raises:
        ConfigurationError: A key is unknown or missing, or a value has the wrong type.
    """
    _refuse_unknown(table, into, source, at)
    return _typed(table, into, source, at)


def _typed(value: object, kind: type[T], source: Path, at: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as exc:
        raise ConfigurationError(f"{source}: {_in_words(str(exc), at)}") from exc


def _refuse_unknown(value: object, kind: Any, source: Path, at: str) -> None:  # noqa: ANN401
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        hints = typing.get_type_hints(cast("type", kind))
        for key, inner in value.items():
            if key not in hints:
                raise ConfigurationError(f"{source}: {unknown(key, tuple(hints), 'key', at)}")
            _refuse_unknown(inner, hints[key], source, f"{at}.{key}" if at else key)
        return
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        for option in arguments:
            _refuse_unknown(value, option, source, at)
    elif origin is tuple and isinstance(value, list) and arguments:
        for number, inner in enumerate(value, start=1):
            _refuse_unknown(inner, arguments[0], source, f"{at}[{number}]")
    elif origin is not None and issubclass(origin, Mapping) and isinstance(value, Mapping):
        for key, inner in value.items():
            if issubclass(arguments[0], Enum) and key not in set(arguments[0]):
                known = tuple(str(each) for each in arguments[0])
                raise ConfigurationError(f"{source}: {unknown(key, known, 'key', at)}")
            below = f"{at}.{key}" if at else key
            _refuse_unknown(inner, arguments[1], source, below)
            # msgspec's own messages do not say under which key of a mapping the trouble is.
            _typed(inner, arguments[1], source, below)


def unknown(word: str, known: tuple[str, ...], what: str, at: str = "") -> str:
    """
    The sentence that refuses *word* and offers the nearest known one.
    """
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
    place = f" in [{at}]" if at else ""
    return f"unknown {what} {word!r}{place}; {hint}"


def _in_words(message: str, at: str) -> str:
    """
    msgspec's message with the path in TOML's way of writing.
    """
    found = re.match(r"(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?$", message)
    assert found is not None  # noqa: S101
    words, path = found[1], (found[2] or "")
    words = words.replace("Object missing required field", "the key is missing:")
    place = ".".join(part for part in (at, path) if part)
    return f"{place}: {words}" if place else words
