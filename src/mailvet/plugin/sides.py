"""
The parts of the report that are not findings: both sides of each port, TLS beside its policy, the
benchmarks, and how long changes take to a partner.
"""

from collections.abc import Iterable, Iterator

from mailvet.errors import ProbeError
from mailvet.facts.benchmarks import BenchmarkFacts
from mailvet.facts.certificate import CertificateFacts
from mailvet.facts.comparison import ComparisonFacts, Sheet
from mailvet.facts.convergence import ConvergenceFacts
from mailvet.facts.tls_enumeration import TlsEnumeration
from mailvet.facts.tls_policy import tls_properties
from mailvet.model import Benchmark, Comparison, Convergence, Target, TlsPort, TlsProperty
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


def tls_ports(store: FactStore, targets: Iterable[Target]) -> Iterator[TlsPort]:
    """
    What each port accepts beside what the policy of its host allows, where there is one.
    """
    for target in targets:
        policy = target.expect.tls.policy
        for endpoint in target.endpoints if policy.name else ():
            properties: tuple[TlsProperty, ...] = ()
            try:
                seen: TlsEnumeration = store.get(
                    FactKey(target.key, "tls_enumeration", endpoint.name)
                )
                shown: CertificateFacts = store.get(
                    FactKey(target.key, "certificate", endpoint.name)
                )
            except ProbeError as exc:
                unseen = exc.detail
            except NotGatheredError:
                continue
            else:
                properties, unseen = tls_properties(policy, seen, shown), "; ".join(seen.open)
            yield TlsPort(target.key, endpoint.name, endpoint.port, policy.name, properties, unseen)


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
