"""
What checks can ask for: the target, the endpoint, and every kind of fact.
"""

from collections.abc import Callable
from typing import Any

import pytest

from mailvet.context import FactSpec
from mailvet.errors import ProbeError
from mailvet.model import Cause, Endpoint, Target, not_applicable
from mailvet.plugin.keys import AUDIT, JUDGEMENT
from mailvet.plugin.outcome import NOT_GIVEN
from mailvet.plugin.registry import SPECS
from mailvet.plugin.subject import Subject
from mailvet.store import NotGatheredError


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Subject:
    """
    The control, target and endpoint that an item is about.
    """
    found: Subject = request.param
    return found


@pytest.fixture
def target(subject: Subject) -> Target:
    """
    The audited host.
    """
    return subject.target


@pytest.fixture
def endpoint(subject: Subject) -> Endpoint:
    """
    The audited service.
    """
    assert subject.endpoint is not None  # noqa: S101
    return subject.endpoint


def _fact_fixture(spec: FactSpec) -> Callable[..., Any]:
    @pytest.fixture(name=spec.name)
    def fact(subject: Subject, request: pytest.FixtureRequest) -> Any:  # noqa: ANN401
        audit = request.config.stash[AUDIT]
        try:
            return audit.store.get(subject.key(spec.name))
        except NotGatheredError:
            reason = f"the recorded facts hold no {subject.key(spec.name)}"
            raise ProbeError(Cause.BLOCKED, reason) from None
        except ProbeError as exc:
            if subject.target.discover and exc.cause in NOT_GIVEN:
                reason = f"needs an inventory entry for this host: {exc.detail}"
                request.node.stash[JUDGEMENT] = not_applicable(reason)
                pytest.skip(reason)
            raise

    fact.__doc__ = spec.type.__doc__
    return fact


for _spec in SPECS.values():
    globals()[f"fact_{_spec.name}"] = _fact_fixture(_spec)
