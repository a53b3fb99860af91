"""
Requirements in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mailvet.model.verdict import Activity, Severity


@dataclass(frozen=True, slots=True)
class Area:
    """
    A subject under which controls are grouped.
    """

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Fix:
    """
    Commands that make a failing control pass, run as root on the host.

    Attributes:
        server: Whose configuration it changes: ``postfix``, ``dovecot`` or ``host``.
        run: The commands, as a shell takes them.
        since: First version of the server for which it is right; empty means all.
        before: First version for which it is no longer right; empty means all.
        endpoints: Patterns over ``protocol/security``; empty means those of the server.
    """

    server: str
    run: str
    since: str = ""
    before: str = ""
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """
    A requirement, in words; the check that decides it carries its id only.

    Attributes:
        id: ``AREA-NN``, never reused.
        area: Key of its area.
        title: What is so when it passes, at most 80 characters.
        statement: The requirement.
        severity: How much a failure matters unless the profile says otherwise.
        consequence: What happens to users when it fails.
        activity: What deciding it does to the host.
        requires: Roles that the profile must declare; otherwise it is not applicable.
        excludes: Roles of hosts that it is not about; with one of them it is not applicable.
        endpoints: Patterns over ``protocol/security``; empty means once per target.
        guide: Sections of the guide.
        statements: Ids of the guide's statements that it decides.
        references: Standards, clause included.
        remedy: What to do, by ``postfix``, ``dovecot``, ``host`` and ``verify``.
        fix: What to do as commands, one for each server and version that needs its own.
        proof: Where its failing case is shown: ``mutant``, or ``recorded`` with the reason.
        negative: True if it passes on a refusal, a denial or an absence; such a pass is worth
            nothing unless the server showed in the same breath that it was talking.
    """

    id: str
    area: str
    title: str
    statement: str
    severity: Severity
    consequence: str
    activity: Activity
    requires: tuple[str, ...]
    endpoints: tuple[str, ...]
    guide: tuple[str, ...]
    statements: tuple[str, ...]
    references: tuple[str, ...]
    remedy: Mapping[str, str]
    fix: tuple[Fix, ...] = ()
    proof: str = "mutant"
    negative: bool = False
    excludes: tuple[str, ...] = ()
