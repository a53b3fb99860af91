"""
What a mutant changes in the facts of a compliant host.
"""

from collections.abc import Iterator
from typing import Any

Json = Any
Change = tuple[list[str | int], Json]
"""
Where, and what stands there now.

The way leads through keys and indices; in a list, the last step may be a slice such as ``2:4``.
"""


def difference(old: Json, new: Json) -> list[Change]:
    """
    The changes that make *new* out of *old*.
    """
    return list(_changes(old, new, []))


def changed(old: Json, changes: list[Change]) -> Json:
    """
    *old* with *changes* made to it.
    """
    for path, value in changes:
        old = _replaced(old, path, value)
    return old


def _changes(old: Json, new: Json, path: list[str | int]) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in old:
            yield from _changes(old[key], new[key], [*path, key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, both in enumerate(zip(old, new, strict=True)):
            yield from _changes(*both, [*path, index])
    elif isinstance(old, list) and isinstance(new, list):
        start = _alike(old, new)
        end = _alike(old[start:][::-1], new[start:][::-1])
        yield [*path, f"{start}:{len(old) - end}"], new[start : len(new) - end]
    elif old != new:
        yield path, new


def _alike(old: list[Json], new: list[Json]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def _replaced(old: Json, path: list[str | int], value: Json) -> Json:
    if not path:
        return value
    step, *rest = path
    if isinstance(old, list) and isinstance(step, str):
        start, _, end = step.partition(":")
        return [*old[: int(start)], *value, *old[int(end) :]]
    copy: Json = dict(old) if isinstance(old, dict) else list(old)
    copy[step] = _replaced(old[step], rest, value)
    return copy
