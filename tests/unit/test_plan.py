"""
What waits for what.
"""

from mailvet.acts import nothing
from mailvet.context import FactSpec, ProbeContext
from mailvet.plan import dependents


async def _probe(_: ProbeContext) -> int:
    return 0


def test_a_fact_is_as_urgent_as_many_others_wait_for_it() -> None:
    """
    Those count as well that wait for one that waits, and each once.
    """
    needs = {"deep": (), "middle": ("deep",), "left": ("middle",), "top": ("middle", "deep")}
    specs = {
        name: FactSpec(name, _probe, int, acts=nothing, needs=each) for name, each in needs.items()
    }
    assert dependents(specs) == {"deep": 3, "middle": 2, "left": 0, "top": 0}
