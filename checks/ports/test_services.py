"""
The declared services answer, and nothing else does.
"""

from mailvet.facts.ports import undeclared
from mailvet.facts.reach import ExposureFacts, ReachabilityFacts, ReachFacts
from mailvet.model import Cause, Endpoint, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("PORT-01")
def test_host_answers(reachability: ReachabilityFacts) -> Judgement:
    """
    One declared service at least accepts connections.
    """
    services = reachability.services
    return judge(
        any(answers for _, _, answers in services),
        observed="; ".join(f"{name} ({port}) {_answers(ok)}" for name, port, ok in services),
        expected="at least one declared service accepts connections",
    )


@control("PORT-02")
def test_service_greets(reach: ReachFacts, endpoint: Endpoint) -> Judgement:
    """
    Every address of the host greets on the declared port with the declared protocol.
    """
    expected = f"port {endpoint.port} greets with {endpoint.protocol} ({endpoint.security})"
    if endpoint.optional and not reach.answers:
        return not_applicable(f"{endpoint.name} is not declared, and does not answer: {reach}")
    if reach.busy:
        return unverified(Cause.BLOCKED, observed=f"{reach}", expected=expected)
    return judge(reach.greeted, observed=f"{reach}", expected=expected)


@control("PORT-03")
def test_undeclared_ports_closed(exposure: ExposureFacts, target: Target) -> Judgement:
    """
    No undeclared mail port accepts a connection from outside.
    """
    if target.discover:
        return not_applicable("no inventory declares which services this host should have")
    seen = "; ".join(f"{each.port} {each.detail}" for each in exposure.open)
    tried = ", ".join(str(each.port) for each in exposure.ports)
    by = f"seen from {exposure.place}, where port {exposure.controls[0]} answers"
    ports = ", ".join(str(each) for each in undeclared(target))
    return judge(
        not exposure.open,
        observed=f"{seen or f'{tried}: none answers'} ({by})",
        expected=f"no connection to the ports {ports}",
    )


def _answers(ok: bool) -> str:
    return "accepts connections" if ok else "does not"
