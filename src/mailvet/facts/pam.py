"""
Whom a stack of PAM modules lets in, worked out without running it.

Running it would need the password, count failures, and do whatever its modules do. Most modules
that matter decide by the account alone, and libpam's way to put their answers together is known.
Where a module is not known here, every answer that it may give is followed.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass

from mailvet.facts.pam_stack import BROKEN, SUBSTACK, Step

SUCCESS, FAILURE, IGNORE, UNKNOWN_USER = "success", "auth_err", "ignore", "user_unknown"

_VERIFIERS = frozenset(
    f"pam_{name}" for name in ("sss", "ldap", "krb5", "winbind", "radius", "mysql", "pgsql", "nis")
)
"""Modules that ask elsewhere whether the password is right."""

_SILENT = ("env", "faildelay", "nologin", "warn", "echo", "keyinit", "cap", "umask", "motd")

_FIXED: dict[str, frozenset[str]] = {
    **{f"pam_{name}": frozenset({IGNORE}) for name in _SILENT},
    SUBSTACK: frozenset({IGNORE}),
    BROKEN: frozenset({FAILURE}),
    "pam_deny": frozenset({FAILURE}),
    "pam_permit": frozenset({SUCCESS}),
    # Dovecot asks PAM as root.
    "pam_rootok": frozenset({SUCCESS}),
}
"""Modules that always say the same; the silent ones unless the host is about to be shut down."""

_USUALLY_FINE = frozenset({"pam_faillock", "pam_tally2", "pam_lastlog", "pam_limits"})

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "ge": operator.ge,
    ">": operator.gt,
    "gt": operator.gt,
    "<=": operator.le,
    "le": operator.le,
    "<": operator.lt,
    "lt": operator.lt,
    "eq": operator.eq,
    "=": operator.eq,
    "ne": operator.ne,
    "!=": operator.ne,
}

_QUIET = frozenset({"debug", "quiet", "quiet_fail", "quiet_success", "audit"})


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody who logs in.

    Attributes:
        name: Name of the account.
        uid: Its uid.
        right: Whether the password is right: the account has one, and it is sent.
        local: Whether the account stands in /etc/passwd.
    """

    name: str
    uid: int
    right: bool
    local: bool = True


@dataclass(frozen=True, slots=True)
class PamHost:
    """
    What modules look up on the host.

    Attributes:
        uid_min: ``UID_MIN`` of login.defs.
        sys_uid_max: ``SYS_UID_MAX`` of login.defs.
        lists: Files that pam_listfile reads, and the lines in them.
    """

    uid_min: int = 1000
    sys_uid_max: int = 999
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()


def outcomes(stack: tuple[Step, ...], kind: str, person: Person, host: PamHost) -> frozenset[bool]:
    """
    How running *stack* can end for *person*: let in, refused, or either.
    """
    found: set[bool] = set()
    seen: set[tuple[int, bool | None]] = set()
    pending: list[tuple[int, bool | None]] = [(0, None)]
    while pending:
        state = pending.pop()
        if state in seen:
            continue
        seen.add(state)
        place, so_far = state
        if place >= len(stack):
            found.add(so_far is True)
            continue
        given = answers(stack[place], kind, person, host)
        pending += [_next(stack, place, so_far, value) for value in given]
    return frozenset(found)


def _next(
    stack: tuple[Step, ...], place: int, so_far: bool | None, value: str
) -> tuple[int, bool | None]:
    """
    Where libpam goes on after *value*, and what it thinks then: True, False or nothing yet.
    """
    action = stack[place].action(value)
    if action.isdigit() and int(action) > 0:
        return _jump(stack, place, int(action), so_far)
    if action in {"ok", "done", "0"}:
        if so_far is not False and value != IGNORE:
            so_far = value == SUCCESS
        leave = action == "done" and so_far is not False
    elif action in {"bad", "die"}:
        so_far, leave = False, action == "die"
    else:
        return place + 1, None if action == "reset" else so_far
    return (_after(stack, place) if leave else place + 1), so_far


def _after(stack: tuple[Step, ...], place: int) -> int:
    """
    The end of the stack, or of the substack in which *place* is.
    """
    level = stack[place].level
    if level == 0:
        return len(stack)
    return next(
        (after for after in range(place + 1, len(stack)) if stack[after].level < level), len(stack)
    )


def _jump(
    stack: tuple[Step, ...], place: int, count: int, so_far: bool | None
) -> tuple[int, bool | None]:
    level = stack[place].level
    after = place + 1
    while count and after < len(stack) and stack[after].level >= level:
        after += 1
        while after < len(stack) and stack[after].level > level:
            after += 1
        count -= 1
    return after, False if count else so_far


def answers(step: Step, kind: str, person: Person, host: PamHost) -> frozenset[str]:
    """
    What a module may answer; several values if that is not known.
    """
    fixed = _FIXED.get(step.module)
    if fixed is not None:
        return fixed
    if step.module in _USUALLY_FINE:
        refusing = "authfail" in step.arguments
        return frozenset({FAILURE} if refusing else {SUCCESS, IGNORE})
    if step.module == "pam_unix":
        return frozenset({SUCCESS if kind == "account" or person.right else FAILURE})
    if step.module in _VERIFIERS:
        return _elsewhere(kind, person)
    said = _by_account(step, person, host)
    if said is not None:
        return frozenset({SUCCESS if said else FAILURE})
    return frozenset({SUCCESS, FAILURE, IGNORE} if person.right else {FAILURE, IGNORE})


def _elsewhere(kind: str, person: Person) -> frozenset[str]:
    if kind == "account":
        return frozenset({SUCCESS, UNKNOWN_USER})
    return frozenset({SUCCESS, FAILURE, UNKNOWN_USER} if person.right else {FAILURE, UNKNOWN_USER})


def _by_account(step: Step, person: Person, host: PamHost) -> bool | None:
    """
    The answer of a module that looks at the account alone; None if it cannot be told.
    """
    if step.module == "pam_localuser":
        return person.local
    if step.module == "pam_usertype":
        system = person.uid in {65534, 65535} or person.uid <= host.sys_uid_max
        return system if "issystem" in step.arguments else not system
    if step.module == "pam_succeed_if":
        return _succeed_if(step.arguments, person)
    if step.module == "pam_listfile":
        return _listfile(step.arguments, person, host)
    return None


def _succeed_if(arguments: tuple[str, ...], person: Person) -> bool | None:
    words = [each for each in arguments if each not in _QUIET]
    if not words or len(words) % 3:
        return None
    triples = zip(words[::3], words[1::3], words[2::3], strict=True)
    said = [_condition(person, *each) for each in triples]
    if False in said:
        return False
    return None if None in said else True


def _condition(person: Person, field: str, comparison: str, value: str) -> bool | None:
    if field == "uid" and comparison in _COMPARISONS and value.isdigit():
        return _COMPARISONS[comparison](person.uid, int(value))
    if field == "user" and comparison in {"=", "!="}:
        return (person.name == value) is (comparison == "=")
    if field == "user" and comparison in {"in", "notin"}:
        return (person.name in value.split(":")) is (comparison == "in")
    return None


def _listfile(arguments: tuple[str, ...], person: Person, host: PamHost) -> bool | None:
    options = dict(each.partition("=")[::2] for each in arguments)
    listed = dict(host.lists).get(options.get("file", ""))
    if options.get("item") != "user" or "apply" in options or listed is None:
        return None
    return (person.name in listed) is (options.get("sense") == "allow")
