"""
The fact store: everything at once, everything remembered, failing logins last.
"""

import asyncio
import contextlib
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailvet.acts import nothing, talks
from mailvet.context import FactSpec, ProbeContext, Stage
from mailvet.errors import ConfigurationError, ProbeError
from mailvet.ledger import Ledger
from mailvet.model import Cause, Endpoint, Expectations, Protocol, Security, Target
from mailvet.store import FactKey, FactStore, NotGatheredError, Timeouts

IMAP = Endpoint("imap", Protocol.IMAP, 143, Security.STARTTLS)
TARGET = Target("mail1", "198.51.100.1", "mail1", (), "", frozenset(), (IMAP,), Expectations())


@dataclass(frozen=True, slots=True)
class Number:
    """
    A fact.
    """

    value: int


def make_store(*specs: FactSpec, deadline: float = 5.0) -> FactStore:
    """
    A store with *specs*.
    """
    return FactStore(
        {spec.name: spec for spec in specs},
        nonce="mvtest",
        timeouts=Timeouts(1, 1, 1, deadline),
        ledgers=lambda _: Ledger(None),
    )


def gather(store: FactStore, *names: str) -> None:
    """
    Gathers facts of the target.
    """
    asyncio.run(store.gather({FactKey("mail1", name): (TARGET, None) for name in names}))


def key(name: str) -> FactKey:
    """
    The key of a fact of the target.
    """
    return FactKey("mail1", name)


def test_a_fact_that_several_need_is_gathered_once() -> None:
    """
    Dependencies are memoised, failures included.
    """
    calls: list[str] = []

    async def base(_: ProbeContext) -> Number:
        calls.append("base")
        return Number(1)

    async def above(context: ProbeContext) -> Number:
        return Number((await context.fact("base")).value + 1)

    store = make_store(
        FactSpec("base", base, Number, acts=nothing),
        FactSpec("one", above, Number, acts=nothing, needs=("base",)),
        FactSpec("two", above, Number, acts=nothing, needs=("base",)),
    )
    gather(store, "one", "two")
    assert calls == ["base"]
    assert store.get(key("one")) == Number(2)
    chain = store.longest_chain()
    assert chain is not None
    assert chain.facts[0] == "base"


def test_a_failure_is_remembered_and_passed_on_with_its_cause() -> None:
    """
    What depends on a failed fact fails alike.
    """

    async def broken(_: ProbeContext) -> Number:
        raise ProbeError(Cause.UNREACHABLE, "refused")

    async def above(context: ProbeContext) -> Number:
        found: Number = await context.fact("broken")
        return found

    store = make_store(
        FactSpec("broken", broken, Number, acts=nothing),
        FactSpec("above", above, Number, acts=nothing, needs=("broken",)),
    )
    gather(store, "above")
    with pytest.raises(ProbeError) as caught:
        store.get(key("above"))
    assert caught.value.cause is Cause.UNREACHABLE


def test_a_bug_in_a_probe_costs_that_fact_only() -> None:
    """
    An unexpected exception becomes unverified (tool), and names the place.
    """

    async def bug(_: ProbeContext) -> Number:
        return Number({}["missing"])

    async def fine(_: ProbeContext) -> Number:
        return Number(1)

    store = make_store(
        FactSpec("bug", bug, Number, acts=nothing), FactSpec("fine", fine, Number, acts=nothing)
    )
    gather(store, "bug", "fine")
    assert store.get(key("fine")) == Number(1)
    with pytest.raises(ProbeError, match=r"KeyError.*test_store\.py") as caught:
        store.get(key("bug"))
    assert caught.value.cause is Cause.TOOL


def test_a_probe_that_hangs_is_given_up() -> None:
    """
    The deadline is absolute.
    """

    async def hang(_: ProbeContext) -> Number:
        await asyncio.Event().wait()
        return Number(0)

    store = make_store(FactSpec("hang", hang, Number, acts=nothing), deadline=0.05)
    gather(store, "hang")
    with pytest.raises(ProbeError, match="given up") as caught:
        store.get(key("hang"))
    assert caught.value.cause is Cause.TIMEOUT


def test_waiting_for_another_probe_takes_no_time_of_ones_own() -> None:
    """
    Two that want the same account are not given up for what the other one does.
    """
    lock = asyncio.Lock()

    async def slow(context: ProbeContext) -> Number:
        async with context.alone(lock):
            await asyncio.sleep(0.3)
        return Number(1)

    store = make_store(
        *(FactSpec(name, slow, Number, acts=nothing) for name in ("one", "two", "three")),
        deadline=0.5,
    )
    gather(store, "one", "two", "three")
    assert [store.get(key(name)) for name in ("one", "two", "three")] == [Number(1)] * 3


def test_failing_logins_start_when_everything_else_is_done() -> None:
    """
    Servers punish the address that makes them, so they come last.
    """
    order: list[str] = []

    async def late(_: ProbeContext) -> Number:
        order.append("failing")
        return Number(0)

    async def normal(context: ProbeContext) -> Number:
        await context.fact("deep")
        order.append("normal")
        return Number(0)

    async def deep(_: ProbeContext) -> Number:
        for _ in range(5):
            await asyncio.sleep(0)
        return Number(0)

    store = make_store(
        FactSpec("late", late, Number, acts=nothing, stage=Stage.FAILING_LOGINS),
        FactSpec("normal", normal, Number, acts=nothing, needs=("deep",)),
        FactSpec("deep", deep, Number, acts=nothing),
    )
    gather(store, "late", "normal")
    assert order == ["normal", "failing"]


def test_an_outage_waits_for_the_probes_that_visit_the_target() -> None:
    """
    Those of the host whose mailboxes it keeps; the other way round nobody waits.
    """
    order: list[str] = []
    mx = dataclasses.replace(TARGET, key="mx1", mailboxes=TARGET)

    async def slow(context: ProbeContext) -> Number:
        for _ in range(20):
            await asyncio.sleep(0)
        there = context.at_mailboxes().target.key
        order.append(f"{context.target.key} at {there}")
        return Number(1)

    async def outage(context: ProbeContext) -> Number:
        order.append(f"outage of {context.target.key}")
        return Number(2)

    store = make_store(
        FactSpec("slow", slow, Number, acts=nothing, acts_at_mailboxes=nothing),
        FactSpec("outage", outage, Number, acts=nothing, stage=Stage.OUTAGE),
    )
    plan = {FactKey("mx1", "slow"): (mx, None), FactKey("mail1", "outage"): (TARGET, None)}
    asyncio.run(store.gather(plan))
    assert order == ["mx1 at mail1", "outage of mail1"]


def test_nothing_may_wait_for_a_failing_login() -> None:
    """
    It would wait for ever; that is a bug, and said to be one.
    """

    async def late(_: ProbeContext) -> Number:
        return Number(0)

    async def impatient(context: ProbeContext) -> Number:
        found: Number = await context.fact("late")
        return found

    store = make_store(
        FactSpec("late", late, Number, acts=nothing, stage=Stage.FAILING_LOGINS),
        FactSpec("impatient", impatient, Number, acts=nothing, needs=("late",)),
    )
    gather(store, "impatient")
    with pytest.raises(ProbeError) as caught:
        store.get(key("impatient"))
    assert caught.value.cause is Cause.TOOL


def test_facts_and_failures_survive_saving_and_loading(tmp_path: Path) -> None:
    """
    A saved audit gives the same facts and the same causes.
    """

    async def fine(_: ProbeContext) -> Number:
        return Number(7)

    async def broken(_: ProbeContext) -> Number:
        raise ProbeError(Cause.PRIVILEGE, "no shell")

    specs = (
        FactSpec("fine", fine, Number, acts=nothing),
        FactSpec("broken", broken, Number, acts=nothing),
    )
    store = make_store(*specs)
    gather(store, "fine", "broken")
    store.save(tmp_path, [TARGET])
    loaded = make_store(*specs)
    loaded.load(tmp_path, [TARGET])
    assert loaded.get(key("fine")) == Number(7)
    with pytest.raises(ProbeError, match="no shell") as caught:
        loaded.get(key("broken"))
    assert caught.value.cause is Cause.PRIVILEGE


def test_a_fact_that_nobody_gathered_is_told_from_a_failed_one() -> None:
    """
    Interrupted is not unverified.
    """
    with pytest.raises(NotGatheredError):
        make_store().get(key("anything"))


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other", "facts": []}'])
def test_a_file_that_holds_no_facts_is_refused(tmp_path: Path, text: str) -> None:
    """
    One clear line that names the file.
    """
    (tmp_path / "mail1.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"mail1\.json"):
        make_store().load(tmp_path, [TARGET])


def test_a_probe_that_does_more_than_it_declares_fails_though_it_hides_it() -> None:
    """
    A refused act makes the fact unverified (tool), also where the probe swallows the error.
    """

    async def greedy(context: ProbeContext) -> Number:
        with contextlib.suppress(ProbeError):
            context.permit.connection(143)
        return Number(1)

    store = make_store(FactSpec("greedy", greedy, Number, acts=nothing))
    gather(store, "greedy")
    with pytest.raises(ProbeError, match="greedy may not connect to port 143") as caught:
        store.get(key("greedy"))
    assert caught.value.cause is Cause.TOOL


def test_a_probe_asks_for_no_fact_that_it_does_not_declare() -> None:
    """
    The plan of a run would miss what that fact does.
    """

    async def base(_: ProbeContext) -> Number:
        return Number(1)

    async def curious(context: ProbeContext) -> Number:
        found: Number = await context.fact("base")
        return found

    store = make_store(
        FactSpec("base", base, Number, acts=nothing),
        FactSpec("curious", curious, Number, acts=nothing),
    )
    gather(store, "curious")
    with pytest.raises(ProbeError, match="curious may not ask for base"):
        store.get(key("curious"))


def test_what_was_done_is_remembered_by_fact() -> None:
    """
    Facts that did nothing are not named.
    """

    async def talkative(context: ProbeContext) -> Number:
        context.permit.connection(143).passes(b"a CAPABILITY\r\n")
        return Number(1)

    store = make_store(
        FactSpec("talkative", talkative, Number, acts=lambda _: (talks(IMAP, 1),)),
    )
    gather(store, "talkative")
    (footprint,) = store.footprints()
    assert (footprint.fact, footprint.ports[0].verbs) == ("talkative", {"CAPABILITY": 1})
