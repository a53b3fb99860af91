"""
The parts of the report that are not findings: both sides of each port, the benchmarks, and how
long changes take to a partner.
"""

from collections.abc import Iterable, Iterator

from mailvet.errors import ProbeError
from mailvet.facts.benchmarks import BenchmarkFacts
from mailvet.facts.comparison import ComparisonFacts, Sheet
from mailvet.facts.convergence import ConvergenceFacts
from mailvet.model import Benchmark, Comparison, Convergence, Target
from mailvet.store import FactKey, FactStore, NotGatheredError


def comparisons(store: FactStore, targets: Iterable[Target]) -> Iterator[Comparison]:
    """
    What was compared; where that was not possible, one row that says why.
    """
    for target in targets:
        for endpoint in target.endpoints:
            try:
                facts: ComparisonFacts = store.get(FactKey(target.key, "comparison", endpoint.name))
            except ProbeError as exc:
                if not target.discover:
                    sheet = Sheet(target.key, endpoint)
                    yield sheet.unseen("everything", "not read", exc.cause, exc.detail)
            except NotGatheredError:
                continue
            else:
                yield from facts.rows


def benchmarks(store: FactStore, targets: Iterable[Target]) -> Iterator[Benchmark]:
    """
    The rules that concern each target, as far as they could be judged.
    """
    for target in targets:
        try:
            facts: BenchmarkFacts = store.get(FactKey(target.key, "benchmarks"))
        except (ProbeError, NotGatheredError):
            continue
        yield from facts.rules


def convergences(store: FactStore, targets: Iterable[Target]) -> Iterator[Convergence]:
    """
    The times that were taken between targets and their partners.
    """
    for target in targets:
        try:
            facts: ConvergenceFacts = store.get(FactKey(target.key, "convergence"))
        except (ProbeError, NotGatheredError):
            continue
        yield facts.report()
