"""
Which facts took longest, one waiting for the other: what an audit could not have done sooner.
"""

from collections.abc import Mapping

from mailvet.context import LATER, FactSpec, Stage
from mailvet.model import Chain
from mailvet.record import FactKey, Record

_Wait = tuple[float, tuple[FactKey, ...]]
"""Seconds, and the facts that took them one after the other."""


def longest_chain(
    specs: Mapping[str, FactSpec], records: Mapping[FactKey, Record], wall_s: float
) -> Chain | None:
    """
    The longest chain among *records*; None if nothing was gathered.

    Each stage waits for everything of its target's earlier ones.

    Args:
        specs: All kinds of facts.
        records: What was gathered.
        wall_s: Seconds that gathering it took.
    """
    if not records or not wall_s:
        return None
    memo: dict[FactKey, _Wait] = {}
    ended: dict[str, _Wait] = {}
    for stage in Stage:
        before = dict(ended)
        for key in (key for key in records if specs[key.name].stage is stage):
            chain = _chain(records, key, memo)
            if stage in LATER:
                seconds, keys = before.get(key.target, (0.0, ()))
                chain = (seconds + records[key].own_seconds, (*keys, key))
            ended[key.target] = max(ended.get(key.target, (0.0, ())), chain)
    best = max(ended.values())
    return Chain(tuple(str(key) for key in best[1]), round(best[0], 3), round(wall_s, 3))


def _chain(records: Mapping[FactKey, Record], key: FactKey, memo: dict[FactKey, _Wait]) -> _Wait:
    if key not in memo:
        record = records[key]
        needs = [_chain(records, need, memo) for need in record.needs if need in records]
        longest = max(needs, default=(0.0, ()))
        memo[key] = (longest[0] + record.own_seconds, (*longest[1], key))
    return memo[key]
