"""
Rules of benchmarks that a mail server cannot follow to the letter, and what it does instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.interfaces import InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.packages import PackageFacts
from mailvet.facts.relay import Outcome, RelayFacts, SubmissionRelayFacts, those, worst
from mailvet.facts.smtpd import restrictions
from mailvet.facts.units import UnitFacts
from mailvet.model import Benchmark, Cause, Endpoint, Standing

MAIL_PORTS = frozenset({25, 465, 587})
_CLIENTS = "smtpd_client_restrictions"
_TO_THE_LETTER = ("permit_mynetworks", "reject")


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A rule, and what stands against it.

    Attributes:
        control: Id of the control that judges it.
        name: Benchmark, version and number.
        demand: What it demands.
        harm: What following it does to a mail server.
        purpose: What it is meant to achieve.
    """

    control: str
    name: str
    demand: str
    harm: str
    purpose: str


CLIENTS = Rule(
    "BENCH-01",
    "DISA STIG for RHEL 9 V2R9, RHEL-09-252050",
    "Postfix refuses every client that is not in mynetworks (smtpd_client_restrictions)",
    "other mail servers could not deliver, and users could not submit from elsewhere",
    "nobody relays through the host without permission",
)
ACCESS = Rule(
    "BENCH-02",
    "CIS Red Hat Enterprise Linux 9 v2.0.0, 2.1.8",
    "no server for reading mail is in use: its package is absent, or its units are off",
    "users could not read their mail",
    "no service is open that nobody needs",
)
LOCAL = Rule(
    "BENCH-03",
    "CIS Red Hat Enterprise Linux 9 v2.0.0, 2.1.21",
    "the mail transfer agent listens on the loopback interface only",
    "neither other mail servers nor users could reach it",
    "no service is open that nobody needs, and nobody relays through the host",
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    What was seen of a compensating control.

    Attributes:
        lines: What shows that it holds.
        lacking: Why it does not, or why that is not known, each with its cause.
        refused: Legitimate mail that was refused for good.
    """

    lines: tuple[str, ...] = ()
    lacking: tuple[tuple[Cause, str], ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BenchmarkFacts:
    """
    The rules that concern the target.

    Attributes:
        rules: The rules with what was seen.
    """

    rules: tuple[Benchmark, ...]

    def rule(self, control: str) -> Benchmark | None:
        """
        The rule that *control* judges; None if it does not concern the target.
        """
        return next((each for each in self.rules if each.control == control), None)


@dataclass(frozen=True, slots=True)
class Case:
    """
    A rule on one host.

    Attributes:
        rule: The rule.
        target: Key of the host.
        role: Why the host cannot follow it, in words; empty if nothing is declared against it.
        setting: What the host has.
        followed: Whether that is what the rule demands.
    """

    rule: Rule
    target: str
    role: str
    setting: str
    followed: bool

    def settled(self, seen: Measurement) -> Benchmark:
        """
        How the host stands to the rule, as far as that was seen.
        """
        if self.followed and not self.role:
            return self._told(Standing.FOLLOWED, (self.setting,))
        if self.followed and seen.refused:
            return self._told(Standing.STOPS_MAIL, seen.refused)
        if self.followed:
            why = seen.lacking[0] if seen.lacking else (Cause.BLOCKED, _NOT_YET)
            return self._told(Standing.UNPROVEN, (why[1],), why[0])
        if not self.role:
            return self._told(Standing.UNFOUNDED, ("no declared service needs that",))
        if seen.lacking or not seen.lines:
            why = seen.lacking[0] if seen.lacking else (Cause.BLOCKED, "nothing was measured")
            return self._told(Standing.UNPROVEN, tuple(text for _, text in seen.lacking), why[0])
        return self._told(Standing.COMPENSATED, seen.lines)

    def _told(
        self, standing: Standing, measured: tuple[str, ...], cause: Cause | None = None
    ) -> Benchmark:
        waiver = self._waiver(measured) if standing is Standing.COMPENSATED else ""
        rule = self.rule
        return Benchmark(
            self.target,
            rule.control,
            rule.name,
            rule.demand,
            self.setting,
            standing,
            measured,
            cause,
            waiver,
        )

    def _waiver(self, measured: tuple[str, ...]) -> str:
        rule = self.rule
        return (
            f"{rule.name} is not followed to the letter on {self.target}.\n"
            f"It demands: {rule.demand}.\n"
            f"Reason: {self.role}; if the rule were followed, {rule.harm}.\n"
            f"Its purpose, that {rule.purpose}, is met by other means, which were measured:\n"
            + "\n".join(f"- {each}" for each in measured)
            + f"\nFound on the host: {self.setting}."
        )


_NOT_YET = "the host is configured so, yet its ports take mail: it was not reloaded"


def literal(value: str) -> bool:
    """
    Whether ``smtpd_client_restrictions`` is what RHEL-09-252050 wants, and nothing else.
    """
    return restrictions(value, {}) == _TO_THE_LETTER


def client_setting(value: str) -> str:
    """
    The parameter as it is in main.cf.
    """
    return f"{_CLIENTS} = {value or '(empty)'}"


def access_setting(units: UnitFacts, packages: PackageFacts) -> tuple[str, bool]:
    """
    What is installed and switched on of Dovecot, and whether that is nothing.
    """
    installed = [name for name, _ in packages.installed if name.startswith("dovecot")]
    shown = [units.unit("dovecot.service"), units.unit("dovecot.socket")]
    on = any(each.active or each.enabled for each in shown)
    words = "; ".join(str(each) for each in shown if each.load_state != "not-found")
    absent = bool(packages.manager) and not installed
    off = units.systemd and not on
    names = ", ".join(installed) or "no package of Dovecot"
    return f"{names}; {words or 'no unit of Dovecot'}", absent or off


def local_setting(interfaces: InterfaceFacts) -> tuple[str, bool]:
    """
    Where Postfix is to listen, and whether only the host itself gets there.
    """
    reached = {
        address
        for each in interfaces.services
        if each.port in MAIL_PORTS
        for address in each.addresses
    }
    local = all(each == "::1" or each.startswith("127.") for each in reached)
    return f"inet_interfaces = {interfaces.value}", local


def relay_measured(endpoint: Endpoint, facts: RelayFacts) -> Measurement:
    """
    Whether strangers cannot relay through a port that takes mail for local recipients.
    """
    place = f"port {endpoint.port}, from {facts.standpoint}"
    refused = [
        f"{place}: a local recipient is refused: {each.control}"
        for each in facts.plain
        if each.control and each.control.status.startswith("5") and each.control.status != "530"
    ]
    outcome = worst(facts.plain)
    words = f"{place}: {those(facts.plain, outcome)}".replace("plain: ", "")
    if outcome is Outcome.DENIED:
        return Measurement((words,), refused=tuple(refused[:1]))
    return Measurement((), ((Cause.BLOCKED, words),), tuple(refused[:1]))


def submission_measured(endpoint: Endpoint, facts: SubmissionRelayFacts) -> Measurement:
    """
    Whether nobody sends through a submission port without a login.
    """
    place = f"port {endpoint.port}, from {facts.standpoint}"
    local = facts.local
    refused = local is not None and local.reply.status.startswith("5")
    lost = (f"{place}, after login: {local}",) if refused else ()
    if facts.accepted or facts.unclear:
        words = "; ".join(map(str, facts.accepted or facts.unclear))
        return Measurement((), ((Cause.BLOCKED, f"{place}, without a login: {words}"),), lost)
    if not facts.open_after_login:
        return Measurement((), ((facts.cause, f"{place}: {facts.after_login()}"),), lost)
    if not facts.strangers:
        return Measurement((), ((Cause.BLOCKED, f"{place}: nothing was tried without a login"),))
    refusals = f"{len(facts.strangers)} attempts to send without a login are refused"
    return Measurement((f"{place}: {refusals}, the first: {facts.strangers[0]}",))


def listening_measured(
    listeners: ListenerFacts, server: str, wanted: frozenset[int], allowed: frozenset[int]
) -> Measurement:
    """
    Whether a server serves the network on its declared ports and on no others.
    """
    held = listeners.ports(server, loopback=False)
    words = f"{server} serves the network on {_ports(held)}"
    if not held and listeners.nameless:
        return Measurement((), ((Cause.PRIVILEGE, "the host does not tell who holds its sockets"),))
    if wanted <= held <= allowed:
        return Measurement((f"{words}, which is what its role declares, and on no other port",))
    return Measurement((), ((Cause.BLOCKED, f"{words}; declared: {_ports(wanted)}"),))


def closed_measured(
    endpoints: Iterable[Endpoint], services: tuple[tuple[str, int, bool], ...]
) -> Measurement:
    """
    Which of the declared services nobody answers.
    """
    open_ones = {name for name, _, answers in services if answers}
    closed = [each for each in endpoints if each.name not in open_ones]
    return Measurement(refused=tuple(f"port {each.port} does not answer" for each in closed))


def together(parts: Iterable[Measurement]) -> Measurement:
    """
    Several measurements that only count as one.
    """
    known = list(parts)
    return Measurement(
        tuple(line for each in known for line in each.lines),
        tuple(why for each in known for why in each.lacking),
        tuple(line for each in known for line in each.refused),
    )


def _ports(ports: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(ports))) or "no port"
