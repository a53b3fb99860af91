"""
Which configuration runs: when the servers last read it, and when its files were last changed.

A server that is told to reload replaces one of its processes: Postfix its queue manager, Dovecot
its log process, and that only if the new configuration is sound. So the age of this process says
when the configuration was last read, whatever became of the logs.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections
from mailvet.model import Cause, Judgement, judge, unverified

TOLERANCE = 0.05
"""Seconds by which the age of a process and the date of a file may disagree."""

MOST_BETWEEN = 0.5
"""Seconds between two looks at the clocks, above which the age of a process is not known."""

_RENEWED = {"postfix": frozenset({"qmgr", "nqmgr"}), "dovecot": frozenset({"log"})}
"""The process that a reload replaces, by server."""

_NO_TABLES = frozenset(
    {"master", "qmgr", "nqmgr", "pickup", "tlsmgr", "anvil", "scache", "showq", "flush", "bounce"}
)
"""Postfix's processes that look nothing up in tables."""


@dataclass(frozen=True, slots=True)
class Process:
    """
    A running process.

    Attributes:
        pid: Its number.
        name: Its name.
        started: When it was started, in seconds of the Unix epoch.
    """

    pid: int
    name: str
    started: float


@dataclass(frozen=True, slots=True)
class Daemon:
    """
    A server that runs.

    Attributes:
        name: ``dovecot`` or ``postfix``.
        started: When its master process was started.
        arguments: The command line of its master process.
        processes: The processes that this one started.
    """

    name: str
    started: float
    arguments: tuple[str, ...]
    processes: tuple[Process, ...]

    @property
    def loaded(self) -> float | None:
        """
        When it last read its configuration; None if the process that tells is missing.
        """
        times = [each.started for each in self.processes if each.name in _RENEWED[self.name]]
        return max(times, default=None)

    @property
    def configuration(self) -> str:
        """
        The file or folder that its command line names with ``-c``; empty if it names none.
        """
        words = iter(self.arguments[1:])
        for word in words:
            if word == "-c":
                return next(words, "")
            if word.startswith("-c") and len(word) > 2:
                return word[2:]
        return ""

    @property
    def oldest_reader(self) -> Process | None:
        """
        The oldest of Postfix's processes that looks something up in tables.
        """
        readers = [each for each in self.processes if each.name not in _NO_TABLES]
        return min(readers, key=lambda each: each.started, default=None)


@dataclass(frozen=True, slots=True)
class FileTime:
    """
    When a file was last changed; of a symbolic link and what it leads to, the later one counts.

    Attributes:
        path: The file.
        modified: When its content was changed, as far as its date can be believed.
        changed: When its content, owner, mode or name was changed; nobody can set this back.
    """

    path: str
    modified: float
    changed: float


@dataclass(frozen=True, slots=True)
class RunningFacts:
    """
    Servers and files of one host, seen at one moment.

    Attributes:
        now: The moment.
        daemons: The servers that run.
        files: The files that their configuration consists of.
        groups: What belongs together, by name: ``dovecot``, its ``folders`` of which all files are
            read, ``postfix`` for what its master process reads, ``lists`` for what others read.
        main: The file with which Dovecot's configuration begins.
        commands: What was run.
    """

    now: float
    daemons: tuple[Daemon, ...]
    files: tuple[FileTime, ...]
    groups: Mapping[str, tuple[str, ...]]
    main: str
    commands: tuple[CommandOutput, ...]

    def daemon(self, name: str) -> Daemon | None:
        """
        The server of this name, if it runs.
        """
        return next((each for each in self.daemons if each.name == name), None)

    def dovecot(self) -> "Freshness":
        """
        Whether Dovecot runs with what its files say.
        """
        daemon = self.daemon("dovecot")
        if daemon is None or daemon.loaded is None:
            return Freshness(unknown="no process tells when Dovecot read its configuration")
        if daemon.configuration not in {"", self.main}:
            return Freshness((f"it was started with -c {daemon.configuration}, not {self.main}",))
        found = self._compared("dovecot", daemon.loaded, "Dovecot loaded them")
        emptied = self._edited(daemon.loaded, "folders")
        if emptied and not found.stale and not found.unknown:
            seen = f"files were added to or removed from {', '.join(emptied)} after Dovecot loaded"
            return Freshness(unknown=seen)
        return found

    def postfix(self) -> "Freshness":
        """
        Whether Postfix's processes run with what its files say.
        """
        daemon = self.daemon("postfix")
        if daemon is None or daemon.loaded is None:
            return Freshness(unknown="no process tells when Postfix read its configuration")
        found = self._compared("postfix", daemon.loaded, "Postfix loaded them")
        reader = daemon.oldest_reader
        if found.stale or found.unknown or reader is None or not self.groups.get("lists"):
            return found
        lists = self._compared("lists", reader.started, f"{reader.name} read them")
        return Freshness(lists.stale, lists.unknown, f"{found.seen}; {lists.seen}")

    def _compared(self, group: str, moment: float, since: str) -> "Freshness":
        ago = f"{since} {_span(self.now - moment)} ago"
        stale = tuple(f"{path} was changed after {ago}" for path in self._edited(moment, group))
        touched = ", ".join(self._touched(moment, group))
        unknown = f"{touched}: owner, mode or an old copy came after {ago}" if touched else ""
        return Freshness(stale, unknown, f"{len(self.groups.get(group, ()))} files; {ago}")

    def _edited(self, moment: float, group: str) -> tuple[str, ...]:
        """
        Those files of *group* whose content is newer than *moment*.
        """
        times = self._times(group)
        return tuple(each.path for each in times if each.modified > moment + TOLERANCE)

    def _touched(self, moment: float, group: str) -> tuple[str, ...]:
        """
        Those files of *group* whose date is older than *moment*, but which were changed after it.

        A copy that keeps its date looks like that, and a change of owner or mode as well.
        """
        return tuple(
            each.path
            for each in self._times(group)
            if each.modified <= moment + TOLERANCE < each.changed
        )

    def _times(self, group: str) -> list[FileTime]:
        wanted = set(self.groups.get(group, ()))
        return [each for each in self.files if each.path in wanted]


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    Whether a server runs with what its files say.

    Attributes:
        stale: Why it does not.
        unknown: Why that cannot be said; empty if it can.
        seen: What was compared.
    """

    stale: tuple[str, ...] = ()
    unknown: str = ""
    seen: str = ""

    def judgement(self, expected: str) -> Judgement:
        """
        What that comes to.
        """
        if self.unknown and not self.stale:
            return unverified(Cause.BLOCKED, observed=self.unknown, expected=expected)
        observed = "; ".join(self.stale) or self.seen
        return judge(not self.stale, observed=observed, expected=expected)


def _span(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} seconds"


def parse_running(
    output: CommandOutput, groups: Mapping[str, Iterable[str]], main: str
) -> RunningFacts:
    """
    What the script in ``probes.running`` printed.
    """
    parts = sections(output.stdout)
    now, booted, ticks = _clock(parts.get("clock", ""))
    daemons = [
        _daemon(name, parts.get(name, ""), booted, ticks)
        for name in ("dovecot", "postfix")
        if ticks
    ]
    return RunningFacts(
        now,
        tuple(each for each in daemons if each),
        _files(parts.get("files", "")),
        {name: tuple(paths) for name, paths in groups.items()},
        main,
        (output.evidence(),),
    )


def _clock(text: str) -> tuple[float, float, float]:
    """
    The time, the time of the boot, and ticks in a second; zeros if the host is too busy to tell.

    Each line but the last has the seconds since the boot before and after the time was asked. On a
    busy host much lies between them, so the closest ones are believed.
    """
    *tries, last = [[_decimal(word) for word in row.split()] for row in text.splitlines()] or [[]]
    spans = [(each[2] - each[0], each[1], each[0]) for each in tries if len(each) == 3]
    span, now, before = min(spans, default=(math.inf, 0.0, 0.0))
    if span > MOST_BETWEEN or len(last) != 1:
        return (0.0, 0.0, 0.0)
    return (now, now - before, last[0])


def _daemon(name: str, text: str, booted: float, ticks: float) -> Daemon | None:
    rows = text.splitlines()
    arguments = next((row[2:] for row in rows if row.startswith("a ")), "")
    processes: dict[str, list[Process]] = {"m": [], "p": []}
    for row in rows:
        found = re.fullmatch(r"([mp]) (\d+) (\d+) (.+)", row)
        if found:
            started = booted + int(found[3]) / ticks
            processes[found[1]].append(Process(int(found[2]), found[4].strip(), started))
    if not processes["m"]:
        return None
    master = processes["m"][0]
    return Daemon(name, master.started, tuple(arguments.split()), tuple(processes["p"]))


def _files(text: str) -> tuple[FileTime, ...]:
    """
    Lines of modification, change and path; two for a symbolic link: of itself and of its end.
    """
    found: dict[str, FileTime] = {}
    for row in text.splitlines():
        words = row.split(" ", 2)
        if len(words) != 3:
            continue
        modified, changed, path = _decimal(words[0]), _decimal(words[1]), words[2]
        # A date in the future is a date that somebody set.
        time = FileTime(path, min(modified, changed), changed)
        old = found.get(path, time)
        found[path] = FileTime(
            path, max(old.modified, time.modified), max(old.changed, time.changed)
        )
    return tuple(found.values())


def _decimal(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,15}(\.\d{1,12})?", text) else 0.0
