"""
What every kind of fact declares about its acts.
"""

from collections.abc import Iterator

import pytest

from mailvet.acts import Commands, Connections, FailingLogins, Logins, Scope, Stored
from mailvet.context import FactSpec
from mailvet.model import Endpoint, Shell, Target, Vantage
from mailvet.plugin.registry import SPECS
from tests.fakes.context import make_account, make_target
from tests.fakes.stubs import SERVICES

ENDPOINTS = tuple(
    Endpoint(name, protocol, 1000 + number, security)
    for number, (name, protocol, security) in enumerate(SERVICES)
)
FULL = make_target(
    ENDPOINTS,
    accounts={
        name: make_account(name, fresh=name == "fresh") for name in ("alice", "bob", "fresh")
    },
    shell=Shell("ssh://root@mail1"),
    vantages={Vantage.OUTSIDE: Shell("ssh://outside"), Vantage.INSIDE: Shell("ssh://inside")},
)
BARE = make_target(ENDPOINTS, accounts={})


def scopes(spec: FactSpec, target: Target) -> Iterator[Scope]:
    """
    Everything that a kind of fact is gathered for.
    """
    if not spec.per_endpoint:
        yield Scope(target)
        return
    for endpoint in target.endpoints:
        yield Scope(target, endpoint)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
@pytest.mark.parametrize("target", [FULL, BARE], ids=["full", "bare"])
def test_acts_are_known_from_the_declaration_alone(spec: FactSpec, target: Target) -> None:
    """
    With accounts and vantages or without, and every number is a bound.
    """
    for scope in scopes(spec, target):
        for act in spec.acts(scope):
            if isinstance(act, Connections | Commands | Logins | FailingLogins | Stored):
                assert act.most >= 0
            if isinstance(act, Connections):
                assert act.port in {0, *(each.port for each in ENDPOINTS)} or not act.verbs


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_needs_are_kinds_of_facts_that_come_no_later(spec: FactSpec) -> None:
    """
    The plan of a run is made by following them.
    """
    assert set(spec.needs) <= set(SPECS)
    assert all(SPECS[name].stage <= spec.stage for name in spec.needs)


def test_without_accounts_nothing_logs_in_and_nothing_is_stored() -> None:
    """
    What needs a password cannot be planned without one.
    """
    acts = [
        act for spec in SPECS.values() for scope in scopes(spec, BARE) for act in spec.acts(scope)
    ]
    assert not [act for act in acts if isinstance(act, Logins | Stored)]


def test_submission_plans_an_envelope_behind_a_failing_login() -> None:
    """
    The verbs are those of the protocol, session and all.
    """
    (port,) = [each.port for each in ENDPOINTS if each.name == "submission"]
    acts = SPECS["failing_logins"].acts(Scope(FULL))
    verbs = {
        verb
        for act in acts
        if isinstance(act, Connections) and act.port == port
        for verb in act.verbs
    }
    assert verbs == {"EHLO", "STARTTLS", "QUIT", "AUTH", "MAIL", "RCPT", "RSET"}


def test_failing_logins_stay_within_what_the_profile_allows() -> None:
    """
    expect.login.failing_logins bounds what is made with test accounts.
    """
    (most,) = [
        act.most
        for act in SPECS["failing_logins"].acts(Scope(FULL))
        if isinstance(act, FailingLogins)
    ]
    assert most <= FULL.expect.login.failing_logins
