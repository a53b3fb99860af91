"""
The plan of a run, for people and for programs.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from mailvet.acts import (
    OTHER_PORTS,
    BackendConnections,
    Commands,
    FailingLogins,
    MailboxChanges,
    Stored,
    VantageCommands,
)
from mailvet.model import Shell
from mailvet.plan import HostPlan, PortPlan
from mailvet.report.text import one_line
from mailvet.report.words import count

SCHEMA = "mailvet-plan/1"
"""Changes only when a program that reads the file would have to change."""

_PASSWORD = re.compile(r"(://[^/@:]*):[^/@]*@")


def render_plan(plans: Iterable[HostPlan], *, width: int) -> str:
    """
    The plans in lines of at most *width* columns.
    """
    return "\n".join(line for plan in plans for line in _host(plan, width)) + "\n"


def _host(plan: HostPlan, width: int) -> Iterator[str]:
    target = plan.target
    yield f"{target.key} ({target.address}): what this run would do at most; nothing was done"
    sections = (
        ("Connections", _connections(plan, width)),
        (_head_of_backend(plan), _backend(plan, width)),
        (_head_of_commands(plan), _commands(plan, width)),
        (_head_of_vantages(plan), _vantages(plan, width)),
        ("Logins with the right password", _logins(plan, width)),
        ("Logins that are meant to fail", _failing(plan, width)),
        ("Messages, and other changes to mailboxes", _messages(plan, width)),
    )
    for head, lines in sections:
        shown = list(lines)
        yield ""
        yield from _wrapped(head, "", width)
        yield from shown or ["  none"]
    yield ""


def _connections(plan: HostPlan, width: int) -> Iterator[str]:
    total = sum(each.most for each in plan.ports)
    through = sum(each.through for each in plan.ports)
    if total:
        names = f", of these {through} through {_vantage_names(plan)}" if through else ""
        yield from _wrapped(f"{total} in all{names}", "  ", width)
    quiet = [each for each in plan.ports if not each.verbs]
    for port in plan.ports:
        if port.verbs:
            yield from _port(port, width)
    known = [str(each.port) for each in quiet if each.port != OTHER_PORTS]
    if known:
        most = max(each.most for each in quiet if each.port != OTHER_PORTS)
        words = f"undeclared, up to {most} each, greeting or TLS only: {', '.join(known)}"
        yield from _wrapped(words, "  ", width)
    for port in quiet:
        if port.port == OTHER_PORTS:
            words = (
                f"other ports that the mail servers hold, up to {port.most}, greeting or TLS only"
            )
            yield from _wrapped(words, "  ", width)


def _port(port: PortPlan, width: int) -> Iterator[str]:
    through = f" ({port.through} through a vantage)" if port.through else ""
    yield f"  port {port.port} {port.security}: {port.most}{through}"
    yield from _wrapped(", ".join(port.verbs), "      ", width)


def _head_of_backend(plan: HostPlan) -> str:
    shell = plan.target.shell
    through = f", through {_place(shell)}" if shell else ""
    return (
        "Connections from the host to the database or directory that its Dovecot names"
        f"{through} ({plan.total(BackendConnections)})"
    )


def _backend(plan: HostPlan, width: int) -> Iterator[str]:
    for step, act in plan.of(BackendConnections):
        login = ", with Dovecot's own account" if act.login else ""
        asked = ", ".join(act.requests)
        words = f"{step.name}, {act.most}: to the {act.backend}{login}: {asked}"
        yield from _wrapped(words, "  ", width)


def _head_of_commands(plan: HostPlan) -> str:
    shell = plan.target.shell
    if shell is None:
        return "Scripts on the host"
    return f"Scripts on the host, as root over {_place(shell)} ({plan.total(Commands)})"


def _commands(plan: HostPlan, width: int) -> Iterator[str]:
    for step, act in plan.of(Commands):
        changes = f"; {act.changes}" if act.changes else ""
        seen = "" if act.reads == "nothing" else act.reads
        words = f"{step.name}, {act.most}: {seen}{changes}".replace(": ; ", ": ")
        yield from _wrapped(words, "  ", width)


def _head_of_vantages(plan: HostPlan) -> str:
    places = ", ".join(_place(each) for each in plan.target.vantages.values())
    return f"Commands on vantages ({places})" if places else "Commands on vantages"


def _vantages(plan: HostPlan, width: int) -> Iterator[str]:
    for step, act in plan.of(VantageCommands):
        yield from _wrapped(f"{step.name}, {act.most} each: {act.reads}", "  ", width)


def _logins(plan: HostPlan, width: int) -> Iterator[str]:
    for account, most in plan.logins.items():
        user = plan.target.accounts[account].user
        name = account if user == account else f"{account} ({user})"
        yield from _wrapped(f"{name}: {most}", "  ", width)


def _failing(plan: HostPlan, width: int) -> Iterator[str]:
    total = plan.total(FailingLogins)
    if total:
        yield f"  {total} in all"
    for step, act in plan.of(FailingLogins):
        yield from _wrapped(f"{step.name}, {act.most}: {act.who}", "  ", width)


def _messages(plan: HostPlan, width: int) -> Iterator[str]:
    for step, act in plan.of(Stored):
        sender = act.sender or "the null sender"
        words = (
            f"{step.name}, {act.most}: from {sender} to {act.recipient}, {act.way}; {act.removed}"
        )
        yield from _wrapped(words, "  ", width)
    for step, change in plan.of(MailboxChanges):
        yield from _wrapped(f"{step.name}: {change.account}: {change.changes}", "  ", width)


def _vantage_names(plan: HostPlan) -> str:
    return " or ".join(str(each) for each in plan.target.vantages)


def _place(shell: Shell) -> str:
    return _PASSWORD.sub(r"\1:***@", shell.connection)


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        one_line(text),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}    ",
        break_on_hyphens=False,
    )


def plan_as_json(plans: Iterable[HostPlan]) -> str:
    """
    The plans as JSON, by host, with everything that each fact may do.
    """
    document = {"schema": SCHEMA, "hosts": [_as_dict(each) for each in plans]}
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _as_dict(plan: HostPlan) -> dict[str, Any]:
    target = plan.target
    return {
        "key": target.key,
        "address": target.address,
        "shell": _place(target.shell) if target.shell else None,
        "vantages": {str(name): _place(each) for name, each in target.vantages.items()},
        "ports": [msgspec.to_builtins(each) for each in plan.ports],
        "backend_connections": plan.total(BackendConnections),
        "scripts": plan.total(Commands),
        "messages": plan.total(Stored),
        "logins": plan.logins,
        "failing_logins": plan.total(FailingLogins),
        "facts": [
            {
                "fact": step.fact,
                "endpoint": step.endpoint,
                "acts": [
                    {"kind": type(act).__name__, **msgspec.to_builtins(act)} for act in step.acts
                ],
            }
            for step in plan.steps
        ],
    }


def summary_line(plans: tuple[HostPlan, ...]) -> str:
    """
    How much all of it is.
    """
    connections = sum(port.most for plan in plans for port in plan.ports)
    scripts = sum(plan.total(Commands) for plan in plans)
    messages = sum(plan.total(Stored) for plan in plans)
    failing = sum(plan.total(FailingLogins) for plan in plans)
    return (
        f"at most: {count(connections, 'connection')}, {count(scripts, 'script')}, "
        f"{count(messages, 'message')}, {count(failing, 'failing login')}"
    )
