"""
What gathering one fact may do, and what it did: whatever leaves for a target asks here first.
"""

import contextlib
import contextvars
import re
import threading
from collections import Counter
from collections.abc import Iterator

from mailvet.acts import (
    OTHER_PORTS,
    Acts,
    BackendConnections,
    Commands,
    Connections,
    FailingLogins,
    Logins,
    MailboxChanges,
    Scope,
    Stored,
    VantageCommands,
)
from mailvet.errors import ProbeError
from mailvet.ledger import Ledger, Residue
from mailvet.model import Account, Cause, Footprint, PortFootprint
from mailvet.outlet import TLS, Outlet
from mailvet.secret import Secret

_CHANGING = re.compile(
    r"(?:^|[;&|({)]|\b(?:then|do|else)\b)\s*"
    r"(rm|rmdir|mv|cp|ln|mkdir|touch|chmod|chown|chgrp|setfacl|install|tee|dd|truncate|mknod|kill|"
    r"pkill|killall|reboot|shutdown|useradd|usermod|userdel|passwd|postsuper|postmap (?!-[qs])|"
    r"postalias|newaliases|postqueue -f|sendmail|postfix (?!check|status)|"
    r"postconf -[e#X]|nft (?!list)|systemd-run|"
    r"systemctl (?:re|st[ao]|kill|mask|unmask|enable|disable|edit)\w*|"
    r"doveadm (?:reload|stop|kick|expunge|save|import|move|copy|purge|force-resync|"
    r"mailbox (?:create|delete|rename|subscribe|unsubscribe)|sieve (?:put|delete|activate)))\b",
    re.MULTILINE,
)
"""Commands that change a host, where a shell would run them."""

_QUOTED = re.compile(r"'[^']*'")
"""Words of a script that are mostly patterns."""

_current: contextvars.ContextVar["Permit | None"] = contextvars.ContextVar("permit", default=None)


def current() -> "Permit | None":
    """
    The permit of whatever runs now; None outside of the gathering of facts.
    """
    return _current.get()


class Permit:
    """
    Holds a fact to its acts.

    What is refused raises, and is remembered: a probe that swallows the error fails nevertheless.

    Args:
        fact: Name of the fact, for errors.
        scope: What it is about.
        acts: What gathering it may do.

    Attributes:
        refusal: The first act that was refused.
    """

    def __init__(self, fact: str, scope: Scope, acts: Acts) -> None:
        self.fact = fact
        self.refusal: ProbeError | None = None
        self.scope = scope
        self._acts = acts
        self._lock = threading.Lock()
        self._secrets: list[tuple[Account, Secret]] = []
        self._direct: Counter[int] = Counter()
        self._through: Counter[int] = Counter()
        self._again: Counter[int] = Counter()
        self._opened: Counter[tuple[str, int]] = Counter()
        self._verbs: dict[int, Counter[str]] = {}
        self._backends: Counter[int] = Counter()
        self._requests: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._logins: Counter[str] = Counter()

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """
        Makes it the permit of everything that is begun meanwhile.
        """
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def knows(self, account: Account, password: Secret) -> None:
        """
        Tells a right password, so that others are counted as failing logins.
        """
        with self._lock:
            self._secrets.append((account, password))

    def connection(self, port: int, *, through: bool = False) -> Outlet:
        """
        Asks for one connection to *port* of the target.

        Raises:
            ProbeError: It is not planned.
        """
        with self._lock:
            acts = self._connections(port)
            somewhere = sum(each.most for each in acts if each.anywhere)
            everywhere = sum(each.most for each in acts)
            group = {port} if acts and acts[0].port != OTHER_PORTS else self._others()
            counted = self._through if through else self._direct
            counted[port] += 1
            via = sum(self._through[each] for each in group | {port})
            total = via + sum(self._direct[each] for each in group | {port})
            if via > somewhere or total > everywhere:
                counted[port] -= 1
                place = " through a vantage" if through else ""
                most = somewhere if through else everywhere
                often = f" more than {most} times" if most else ""
                raise self.refuse(f"connect to port {port}{place}{often}")
        verbs = frozenset(verb for act in acts for verb in act.verbs)
        endpoints = self.scope.target.endpoints
        protocol = next((each.protocol for each in endpoints if each.port == port), None)
        return Outlet(_PortJudge(self, port, verbs), protocol, verbs)

    def retried(self, port: int) -> None:
        """
        Counts the second try of a connection through a vantage; there is one at most for each.
        """
        with self._lock:
            self._again[port] += 1

    def backend(self, host: str, port: int) -> None:
        """
        Asks for one connection from the target to a server of its backend.

        Raises:
            ProbeError: It is not planned.
        """
        most = self._most(BackendConnections)
        self._spend("backend_connections", most, f"connect the target to {host} port {port}")
        with self._lock:
            self._backends[port] += 1

    def request(self, name: str) -> None:
        """
        Asks for a request to the backend, named without its arguments.

        Raises:
            ProbeError: It is not planned.
        """
        acts = (each for each in self._acts if isinstance(each, BackendConnections))
        if not any(name in each.requests for each in acts):
            raise self.refuse(f"ask the backend {name[:40]!r}")
        with self._lock:
            self._requests[name] += 1

    def _connections(self, port: int) -> list[Connections]:
        acts = [each for each in self._acts if isinstance(each, Connections)]
        named = [each for each in acts if each.port == port]
        return named or [each for each in acts if each.port == OTHER_PORTS]

    def _others(self) -> set[int]:
        named = {each.port for each in self._acts if isinstance(each, Connections)}
        return (set(self._direct) | set(self._through)) - named

    def opened(self, host: str, port: int) -> None:
        """
        Is told by the interpreter that a connection is about to be opened, whoever does it.

        Raises:
            ProbeError: Nobody asked for it.
        """
        with self._lock:
            self._opened[host, port] += 1
            if self._opened[host, port] > self._direct[port] + self._backends[port]:
                raise self.refuse(f"connect to {host} port {port} without asking")

    def verb(self, port: int, name: str, verbs: frozenset[str]) -> None:
        """
        Asks for a command on *port*.

        Raises:
            ProbeError: It is not planned.
        """
        if name not in verbs and name != TLS:
            raise self.refuse(f"send {name[:40]!r} to port {port}")
        with self._lock:
            self._verbs.setdefault(port, Counter())[name] += 1

    def credentials(self, user: str, password: str) -> None:
        """
        Asks for a login.

        Raises:
            ProbeError: It is not planned.
        """
        account = self._owner(user, password)
        if account is None:
            self._spend("failing_logins", self._most(FailingLogins), "make a failing login")
            return
        acts = [each for each in self._acts if isinstance(each, Logins)]
        most = sum(each.most for each in acts if each.account == account.name)
        with self._lock:
            if self._logins[account.name] >= most:
                raise self.refuse(f"log {account.name} in more than {most} times")
            self._logins[account.name] += 1

    def _owner(self, user: str, password: str) -> Account | None:
        for account, right in self._secrets:
            names = {account.user, account.address, account.user.partition("@")[0]}
            if password == right.reveal() and user.casefold() in {
                each.casefold() for each in names
            }:
                return account
        return None

    def message(self) -> None:
        """
        Asks for a message to be stored.

        Raises:
            ProbeError: It is not planned.
        """
        self._spend("messages", self._most(Stored), "store a message")

    def command(self, title: str, script: str) -> None:
        """
        Asks for a script on the target.

        Raises:
            ProbeError: It is not planned, or changes more than it says.
        """
        acts = [each for each in self._acts if isinstance(each, Commands)]
        changing = _CHANGING.search(_QUOTED.sub("''", script))
        if changing and not any(each.changes for each in acts):
            raise self.refuse(f"run {changing[1]!r} on the target")
        self._spend("commands", self._most(Commands), f"run {title[:60]!r} on the target")

    def vantage_command(self, title: str) -> None:
        """
        Asks for a command on a vantage.

        Raises:
            ProbeError: It is not planned.
        """
        most = self._most(VantageCommands) * len(self.scope.target.vantages)
        self._spend("vantage_commands", most, f"run {title!r} on a vantage")

    def residue(self, residue: Residue) -> None:
        """
        Asks for something that stays on the target until it is removed.

        Raises:
            ProbeError: It is not planned.
        """
        kind = Stored if residue.kind == "message" else MailboxChanges
        planned = (each for each in self._acts if isinstance(each, kind))
        if not any(each.account == residue.account for each in planned):
            raise self.refuse(f"leave a {residue.kind} with {residue.account}")

    def _most(
        self, kind: type[BackendConnections | Commands | VantageCommands | Stored | FailingLogins]
    ) -> int:
        return sum(each.most for each in self._acts if isinstance(each, kind))

    def _spend(self, what: str, most: int, words: str) -> None:
        with self._lock:
            if self._counts[what] >= most:
                raise self.refuse(f"{words} more than {most} times" if most else words)
            self._counts[what] += 1

    def refuse(self, words: str, where: str = "acts") -> ProbeError:
        """
        The error for an act that is not planned.
        """
        name = f"{self.fact} on {self.scope.endpoint.name}" if self.scope.endpoint else self.fact
        detail = f"{name} may not {words}: its {where} do not say so (mailvet.acts)"
        self.refusal = self.refusal or ProbeError(Cause.TOOL, detail)
        return self.refusal

    def footprint(self) -> Footprint:
        """
        What was done so far.
        """
        with self._lock:
            ports = sorted({*self._direct, *self._through, *self._verbs})
            return Footprint(
                target=self.scope.target.key,
                fact=self.fact,
                endpoint=self.scope.endpoint.name if self.scope.endpoint else "",
                ports=tuple(
                    PortFootprint(
                        port,
                        self._direct[port],
                        self._through[port] + self._again[port],
                        dict(sorted(self._verbs.get(port, Counter()).items())),
                    )
                    for port in ports
                ),
                logins=dict(self._logins),
                backend_requests=dict(sorted(self._requests.items())),
                **self._counts,
            )


class _PortJudge:
    """
    A permit as the outlet of one connection sees it.
    """

    def __init__(self, permit: Permit, port: int, verbs: frozenset[str]) -> None:
        self._permit = permit
        self._port = port
        self._verbs = verbs

    def verb(self, name: str) -> None:
        """A command without its arguments."""
        self._permit.verb(self._port, name, self._verbs)

    def credentials(self, user: str, password: str) -> None:
        """A login with its password."""
        self._permit.credentials(user, password)

    def message(self) -> None:
        """The command that a message to be stored follows."""
        self._permit.message()


class WatchedLedger(Ledger):
    """
    A target's ledger, as far as a permit goes.
    """

    def __init__(self, ledger: Ledger, permit: Permit) -> None:
        self._ledger = ledger
        self._permit = permit

    def announce(self, residue: Residue) -> None:
        """
        Writes *residue* down, if it is planned.
        """
        self._permit.residue(residue)
        self._ledger.announce(residue)

    def settle(self, residue: Residue) -> None:
        """
        Strikes *residue* out.
        """
        self._ledger.settle(residue)

    def outstanding(self, target: str) -> tuple[Residue, ...]:
        """
        What is still to be removed.
        """
        return self._ledger.outstanding(target)
