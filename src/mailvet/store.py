"""
The fact store: gathers every planned fact at once, and remembers facts and failures alike.
"""

import asyncio
import contextlib
import dataclasses
import functools
import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mailvet.acts import Acts, Scope
from mailvet.chain import longest_chain
from mailvet.clock import paused
from mailvet.context import DEADLINE, LATER, FactSpec, Lane, ProbeContext, Stage
from mailvet.errors import ConfigurationError, ProbeError
from mailvet.ledger import Ledger
from mailvet.model import Cause, Chain, Endpoint, Footprint, Target
from mailvet.permit import Permit, WatchedLedger
from mailvet.plan import dependents, with_needs
from mailvet.record import FactKey, Record
from mailvet.transcript import Line

__all__ = ["FactKey", "FactStore", "NotGatheredError", "Timeouts"]

FORMAT = "mailvet-facts/1"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    How long probes wait, in seconds.
    """

    connect: float
    reply: float
    login: float
    deadline: float = DEADLINE


class NotGatheredError(Exception):
    """
    A fact was never gathered: the run was interrupted before.
    """


class FactStore:
    """
    Facts of all targets.

    Args:
        specs: All kinds of facts.
        nonce: Marks everything that the run creates.
        timeouts: How long probes wait.
        ledgers: Gives the clean-up ledger of a target.
    """

    def __init__(
        self,
        specs: Mapping[str, FactSpec],
        *,
        nonce: str,
        timeouts: Timeouts,
        ledgers: Callable[[Target], Ledger],
    ) -> None:
        self._specs = specs
        self._urgency = dependents(specs)
        self._nonce = nonce
        self._timeouts = timeouts
        self._ledgers = ledgers
        self._records: dict[FactKey, Record] = {}
        self._tasks: dict[FactKey, asyncio.Task[Record]] = {}
        self._lanes: dict[str, Lane] = {}
        self._planned: Mapping[FactKey, Scope] = {}
        self._others: list[Permit] = []
        self._calm: dict[tuple[str, Stage], asyncio.Event] = {}
        self.wall_s = 0.0

    def get(self, key: FactKey) -> Any:  # noqa: ANN401
        """
        A gathered fact.

        Raises:
            ProbeError: It could not be gathered.
            NotGatheredError: Nobody tried, or the run was interrupted.
        """
        record = self._records.get(key)
        if record is None:
            raise NotGatheredError(str(key))
        if record.error is not None:
            raise record.error
        return record.value

    def has(self, key: FactKey) -> bool:
        """
        Whether a fact or its failure is known.
        """
        return key in self._records

    def seconds(self, key: FactKey) -> float:
        """
        How long a fact took by itself, in seconds.
        """
        record = self._records.get(key)
        return record.own_seconds if record else 0.0

    @contextlib.contextmanager
    def errand(self, target: Target, name: str, acts: Acts) -> Iterator[ProbeContext]:
        """
        A context for code that acts on *target* outside of any fact, for example the clean-up.
        """
        permit = Permit(name, Scope(target), acts)
        self._others.append(permit)
        with permit.in_force():
            yield self._context(permit, Record(), None, None)

    def footprints(self) -> tuple[Footprint, ...]:
        """
        What was done for every fact and errand that did anything.
        """
        found = [each.footprint for each in self._records.values() if each.footprint is not None]
        found += [each.footprint() for each in self._others]
        return tuple(sorted((each for each in found if not each.idle), key=Footprint.key))

    async def gather(self, plan: Mapping[FactKey, tuple[Target, Endpoint | None]]) -> None:
        """
        Gathers all planned facts together; failures are remembered, not raised.

        A later stage of a target starts when everything of its earlier ones is done, and of those
        of hosts whose probes visit it.
        """
        start = time.monotonic()
        self._planned = with_needs(self._specs, plan)
        try:
            targets = {target.key: target for target, _ in plan.values()}
            for key in targets:
                self._calm |= {(key, stage): asyncio.Event() for stage in LATER}
            tasks = [
                self._task(target, self._specs[key.name], endpoint)
                for key, (target, endpoint) in plan.items()
            ]
            watchers = [
                asyncio.create_task(self._calm_down(_with_visitors(targets, key), key, stage))
                for key, stage in self._calm
            ]
            await asyncio.gather(*tasks, *watchers)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()
            self.wall_s = time.monotonic() - start

    async def _calm_down(self, hosts: frozenset[str], target: str, stage: Stage) -> None:
        early: list[asyncio.Task[Record]] = []
        while waiting := [
            task
            for key, task in self._tasks.items()
            if key.target in hosts and self._specs[key.name].stage < stage and task not in early
        ]:
            early.extend(waiting)
            await asyncio.gather(*waiting)
        self._calm[target, stage].set()

    def _task(
        self, target: Target, spec: FactSpec, endpoint: Endpoint | None
    ) -> asyncio.Task[Record]:
        key = FactKey(target.key, spec.name, endpoint.name if endpoint else "")
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._gather_one(key, target, spec, endpoint))
        return self._tasks[key]

    async def _gather_one(
        self, key: FactKey, target: Target, spec: FactSpec, endpoint: Endpoint | None
    ) -> Record:
        if spec.stage in LATER:
            await self._calm[target.key, spec.stage].wait()
        record = Record()
        scope = Scope(target, endpoint)
        permit = Permit(spec.name, scope, spec.acts(scope))
        start = time.monotonic()
        deadline = self._timeouts.deadline * spec.patience
        try:
            async with asyncio.timeout(deadline) as clock:
                with permit.in_force():
                    record.value = await spec.probe(self._context(permit, record, clock, spec))
        except TimeoutError:
            detail = f"given up after {deadline:g} s"
            record.error = ProbeError(Cause.TIMEOUT, detail)
        except ProbeError as exc:
            record.error = exc
        except Exception as exc:  # noqa: BLE001  # a bug in one probe must not cost the report
            record.error = ProbeError(Cause.TOOL, _bug(key, exc))
        record.error = permit.refusal or record.visit_refusal or record.error
        record.footprint = permit.footprint()
        record.seconds = time.monotonic() - start
        self._records[key] = record
        return record

    def _context(
        self,
        permit: Permit,
        record: Record,
        clock: asyncio.Timeout | None,
        asking: FactSpec | None,
    ) -> ProbeContext:
        target = permit.scope.target

        async def recall(name: str, other: Endpoint | None) -> Any:  # noqa: ANN401
            spec = self._specs[name]
            self._refuse_unplanned(permit, asking, FactKey(target.key, name, _name(other, spec)))
            task = self._task(target, spec, other if spec.per_endpoint else None)
            start = time.monotonic()
            with paused(clock):
                found = await asyncio.shield(task)
            record.waited += time.monotonic() - start
            record.needs.append(FactKey(target.key, name, _name(other, spec)))
            if found.error is not None:
                raise found.error
            return found.value

        return ProbeContext(
            target=target,
            endpoint=permit.scope.endpoint,
            nonce=self._nonce,
            lane=self._lane(target),
            ledger=WatchedLedger(self._ledgers(target), permit),
            permit=permit,
            recall=recall,
            visit=self._ways_to_neighbours(target, record, asking),
            unhurried=functools.partial(paused, clock),
            urgency=self._urgency[asking.name] if asking else 0,
            connect_timeout=self._timeouts.connect,
            reply_timeout=self._timeouts.reply,
            login_timeout=self._timeouts.login,
        )

    def _lane(self, target: Target) -> Lane:
        """
        The limits of *target*; some it has in common with the host that it replicates with.
        """
        if target.key not in self._lanes:
            partner = self._lanes.get(target.partner.key) if target.partner else None
            common = partner or Lane()
            accounts, parting = common.accounts, common.parting
            self._lanes[target.key] = Lane(accounts=accounts, parting=parting)
            if target.partner and partner is None:
                self._lanes[target.partner.key] = Lane(accounts=accounts, parting=parting)
        return self._lanes[target.key]

    def _ways_to_neighbours(
        self, target: Target, record: Record, spec: FactSpec | None
    ) -> Callable[[str], ProbeContext | None]:
        """
        Lets a probe see neighbours of its target, under a permit of its own for each host.
        """
        permits = {
            name: Permit(spec.name, Scope(neighbour), acts(Scope(target)))
            for name, neighbour, acts in (spec.visits(target) if spec else ())
            if spec
        }

        def visit(name: str) -> ProbeContext | None:
            permit = permits.get(name)
            if permit is None:
                return None
            if permit not in self._others:
                self._others.append(permit)
                record.visits.append(permit)
            return self._context(permit, record, None, None)

        return visit

    def _refuse_unplanned(self, permit: Permit, asking: FactSpec | None, key: FactKey) -> None:
        """
        Lets a probe ask for its needs only: the plan of a run is made by following them.
        """
        if asking is None or key.name not in asking.needs or key not in self._planned:
            raise permit.refuse(f"ask for {key}", "needs")
        if self._specs[key.name].stage > asking.stage:
            raise RuntimeError(f"{key.name} waits for everything else, so nothing may wait for it")

    def longest_chain(self) -> Chain | None:
        """
        The facts that, one waiting for the other, took longest; None if nothing was gathered.
        """
        return longest_chain(self._specs, self._records, self.wall_s)

    def save(self, folder: Path, targets: Iterable[Target]) -> None:
        """
        Writes the facts of each target to a JSON file of its own.

        Raises:
            ConfigurationError: The folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for target in targets:
                document = {"format": FORMAT, "target": target.key, "facts": self._dump(target)}
                path = folder / _file_name(target.key)
                path.write_text(json.dumps(document, indent=1), encoding="utf-8")
        except OSError as exc:
            raise ConfigurationError(f"--save-facts {folder}: {exc.strerror}") from exc

    def _dump(self, target: Target) -> list[dict[str, Any]]:
        return [
            {
                "name": key.name,
                "endpoint": key.endpoint,
                "seconds": round(record.own_seconds, 3),
                "value": msgspec.to_builtins(record.value),
                "error": _dump_error(record.error),
            }
            for key, record in sorted(self._records.items())
            if key.target == target.key
        ]

    def load(self, folder: Path, targets: Iterable[Target]) -> None:
        """
        Reads what ``save`` wrote, so that nothing is gathered.

        Raises:
            ConfigurationError: A file is missing, or was written by another version.
        """
        for target in targets:
            path = folder / _file_name(target.key)
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
                if document["format"] != FORMAT:
                    raise ConfigurationError(f"{path}: written by another version of mailvet")
                for entry in document["facts"]:
                    self._restore(target, entry)
            except OSError as exc:
                raise ConfigurationError(f"--facts: {path}: {exc.strerror}") from exc
            except (ValueError, KeyError, TypeError) as exc:
                raise ConfigurationError(f"--facts: {path}: not a file of facts: {exc}") from exc

    def _restore(self, target: Target, entry: Mapping[str, Any]) -> None:
        spec = self._specs.get(entry["name"])
        if spec is None:
            return
        record = Record(seconds=entry["seconds"])
        if entry["error"] is None:
            record.value = msgspec.convert(entry["value"], spec.type)
        else:
            stored = entry["error"]
            lines = msgspec.convert(stored["transcript"], tuple[Line, ...])
            record.error = ProbeError(Cause(stored["cause"]), stored["detail"], lines)
        self._records[FactKey(target.key, entry["name"], entry["endpoint"])] = record


def _name(endpoint: Endpoint | None, spec: FactSpec) -> str:
    return endpoint.name if endpoint and spec.per_endpoint else ""


def _with_visitors(targets: Mapping[str, Target], key: str) -> frozenset[str]:
    """
    A target, and those whose probes visit it.
    """
    found = {
        name
        for name, each in targets.items()
        for neighbour in (each.partner, each.mailboxes)
        if neighbour is not None and neighbour.key == key
    }
    return frozenset({key, *found})


def _dump_error(error: ProbeError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    transcript = [dataclasses.asdict(line) for line in error.transcript]
    return {"cause": str(error.cause), "detail": error.detail, "transcript": transcript}


def _file_name(target: str) -> str:
    safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in target)
    if safe != target:
        safe += "-" + hashlib.sha256(target.encode()).hexdigest()[:8]
    return f"{safe}.json"


def _bug(key: FactKey, exc: Exception) -> str:
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"mailvet itself failed while gathering {key}: {type(exc).__name__}: {exc} ({place})"
