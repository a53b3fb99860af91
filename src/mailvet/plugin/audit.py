"""
One run of the audit: its targets, its facts, its findings, its end.
"""

import asyncio
import datetime as dt
import platform
import secrets
from collections.abc import Iterator, Mapping
from importlib import metadata

import pytest

import mailvet
from mailvet.acts import Scope
from mailvet.catalogue import Catalogue, load_catalogue
from mailvet.errors import ConfigurationError, ProbeError
from mailvet.inventory import Inventory, find_inventory
from mailvet.ledger import Ledger, Residue
from mailvet.model import Endpoint, Finding, NotRun, Report, Run, Target, TargetSummary, Verdict
from mailvet.plan import CLEAN_UP, HostPlan, host_plans
from mailvet.plugin.options import Options
from mailvet.plugin.registry import SPECS
from mailvet.plugin.sides import benchmarks, comparisons, convergences, tls_ports
from mailvet.probes.cleanup import acts_of_clean_up, clean_up
from mailvet.profile import ProfileReader
from mailvet.schema import unknown
from mailvet.state import ledger_path
from mailvet.store import FactKey, FactStore, NotGatheredError

LIBRARIES = (
    "pytest",
    "pytest-testinfra",
    "IMAPClient",
    "aiosmtplib",
    "dnspython",
    "pyOpenSSL",
    "cryptography",
)

NOT_COLLECTED = "its check was not collected: a part of checks/ was named on the command line"

Planned = tuple[str, str, str]
"""Target, control, and endpoint (empty for controls on the whole target)."""

Plan = Mapping[FactKey, tuple[Target, Endpoint | None]]


class Audit:
    """
    The state of one run.

    Args:
        config: pytest's configuration; its root folder holds ``checks`` and ``profiles``.

    Raises:
        ConfigurationError: The inventory, a profile or the command line is wrong.
        CatalogueError: The words of the controls are wrong.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.options = Options.of(config)
        self.nonce = f"mv{secrets.token_hex(6)}"
        self.started = dt.datetime.now(dt.UTC)
        self.catalogue: Catalogue = load_catalogue(config.rootpath / "checks")
        profiles = ProfileReader(config.rootpath / "profiles")
        inventory = Inventory(
            find_inventory(self.options.inventory, config.rootpath),
            profiles,
            offline=self.options.plan,
        )
        self.targets = inventory.targets(self.options.hosts)
        for target in self.targets:
            _refuse_strangers(target, self.catalogue)
        self.everybody = (*self.targets, *_unnamed_neighbours(self.targets))
        self._arguments = tuple(str(each) for each in config.invocation_params.args)
        self._ledgers = {
            target.key: Ledger(None if self.options.facts else ledger_path(target))
            for target in self.everybody
        }
        self.store = FactStore(
            SPECS,
            nonce=self.nonce,
            timeouts=self.options.timeouts,
            ledgers=lambda target: self._ledgers[target.key],
        )
        self.findings: list[Finding] = []
        self.selected: set[Planned] = set()
        self.deselected: set[Planned] = set()
        self.refused: dict[tuple[str, str], str] = {}
        self.interrupted = False
        self.leftovers: list[Residue] = []

    @property
    def report_name(self) -> str:
        """
        Name of the run's report folder.
        """
        hosts = self.targets[0].key
        if len(self.targets) > 1:
            hosts += f"-and-{len(self.targets) - 1}-more"
        safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in hosts)
        return f"{self.started:%Y%m%dT%H%M%SZ}-{safe}"

    def gather(self, plan: Plan) -> None:
        """
        Gathers the planned facts, or reads them; cleans up before and after.

        Raises:
            KeyboardInterrupt: The user interrupted; what was gathered until then is kept.
        """
        if self.options.facts:
            self.store.load(self.options.facts, self.targets)
            return
        # One event loop for both: the limits of a target belong to the loop that met them first.
        with asyncio.Runner() as runner:
            try:
                runner.run(self._gather(plan))
            finally:
                runner.run(self._clean_up())
                if self.options.save_facts:
                    self.store.save(self.options.save_facts, self.targets)

    def foresee(self, plan: Plan) -> tuple[HostPlan, ...]:
        """
        What gathering the planned facts may do to each target.
        """
        clean_ups = {each.key: acts_of_clean_up(Scope(each)) for each in self.everybody}
        return host_plans(SPECS, plan, self.everybody, clean_ups)

    async def _gather(self, plan: Plan) -> None:
        await self._clean_up()
        await self.store.gather(plan)

    async def _clean_up(self) -> None:
        dirty = [each for each in self.everybody if self._ledgers[each.key].outstanding(each.key)]
        left = await asyncio.gather(*(self._clean_up_one(each) for each in dirty))
        self.leftovers = [residue for part in left for residue in part]

    async def _clean_up_one(self, target: Target) -> tuple[Residue, ...]:
        with self.store.errand(target, CLEAN_UP, acts_of_clean_up(Scope(target))) as context:
            return await clean_up(context)

    def finding(self, finding: Finding) -> None:
        """
        Takes a finding into the report.
        """
        self.findings.append(finding)

    def report(self) -> Report:
        """
        Everything that the renderers need, as of now.
        """
        return Report(
            self._run(),
            self.catalogue.areas,
            tuple(self.findings),
            tuple(self._not_run()),
            tuple(comparisons(self.store, self.targets)),
            tuple(benchmarks(self.store, self.targets)),
            activity=self.store.footprints(),
            convergences=tuple(convergences(self.store, self.targets)),
            tls=tuple(tls_ports(self.store, self.targets)),
        )

    def _not_run(self) -> Iterator[NotRun]:
        judged = {(each.target, each.control, each.endpoint) for each in self.findings}
        for target in self.targets:
            for control in self.catalogue.controls:
                key = (target.key, control)
                planned = {each for each in self.selected | self.deselected if each[:2] == key}
                if not planned:
                    yield NotRun(control, target.key, self.refused.get(key, NOT_COLLECTED))
                for reason, group in (
                    ("the run was interrupted before", self.selected),
                    ("left out on the command line (-k, -m or --deselect)", self.deselected),
                ):
                    missing = planned & group - judged
                    if missing:
                        yield NotRun(control, target.key, reason + _where(missing, planned))

    def _run(self) -> Run:
        reasons = []
        if self.interrupted:
            reasons.append("the run was interrupted")
        keys = {(t.key, c) for t in self.targets for c in self.catalogue.controls}
        seen = {each[:2] for each in self.selected}
        if self.deselected or keys - seen - set(self.refused):
            reasons.append("controls were left out on the command line")
        return Run(
            id=self.nonce,
            started=self.started,
            ended=dt.datetime.now(dt.UTC),
            complete=not reasons,
            incomplete_reason="; ".join(reasons),
            arguments=self._arguments,
            versions=_versions(),
            targets=tuple(self._summary(target) for target in self.targets),
            chain=self.store.longest_chain(),
            gate=self._gate(complete=not reasons),
        )

    def _gate(self, *, complete: bool) -> str:
        if not self.options.gate:
            return ""
        good = {Verdict.PASS, Verdict.WAIVED, Verdict.NOT_APPLICABLE}
        ready = complete and all(finding.verdict in good for finding in self.findings)
        return "passed" if ready and not self.leftovers else "refused"

    def _summary(self, target: Target) -> TargetSummary:
        try:
            facts = self.store.get(FactKey(target.key, "standpoints"))
            vantage = "; ".join(str(each) for each in facts.standpoints)
        except (ProbeError, NotGatheredError):
            vantage = "not determined"
        return TargetSummary(
            target.key, target.address, target.name, target.profiles, target.digest, vantage
        )


def _unnamed_neighbours(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """
    Hosts that are not audited, but that a target replicates with, or leaves its mail to.
    """
    named = {each.key for each in targets}
    others = (other for each in targets for other in (each.partner, each.mailboxes))
    return tuple({each.key: each for each in others if each and each.key not in named}.values())


def _where(missing: set[Planned], planned: set[Planned]) -> str:
    """
    The services that are missing, if it is not all of them.
    """
    if missing == planned:
        return ""
    return f" on {', '.join(sorted(endpoint for _, _, endpoint in missing))}"


def _refuse_strangers(target: Target, catalogue: Catalogue) -> None:
    """
    A misspelt id in a profile must not look like an accepted deviation.
    """
    known = tuple(catalogue.controls)
    names = tuple(endpoint.name for endpoint in target.endpoints)
    for waiver in target.waivers:
        if waiver.control not in known:
            words = unknown(waiver.control, known, "control", "waivers")
            raise ConfigurationError(f"{waiver.source}: {words}")
        if waiver.endpoint and waiver.endpoint not in names:
            words = unknown(waiver.endpoint, names, "endpoint", f"waivers of {waiver.control}")
            raise ConfigurationError(f"{waiver.source}: {words}")
    for control in target.severities:
        if control not in known:
            words = unknown(control, known, "control", "severity")
            raise ConfigurationError(f"profiles of {target.key}: {words}")


def _versions() -> dict[str, str]:
    found = {"mailvet": mailvet.__version__, "Python": platform.python_version()}
    found.update({name: metadata.version(name) for name in LIBRARIES})
    return found
