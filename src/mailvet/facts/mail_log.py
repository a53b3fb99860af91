"""
What Postfix's daemons complained about in the log since they were last started or reloaded.
"""

import calendar
import datetime as dt
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

DAY = 86400.0

TOOLS = frozenset(
    {
        "sendmail",
        "postalias",
        "postcat",
        "postconf",
        "postdrop",
        "postfix",
        "postfix-script",
        "postkick",
        "postlock",
        "postlog",
        "postmap",
        "postmulti",
        "postqueue",
        "postsuper",
        "posttls-finger",
        "post-install",
    }
)
"""Commands of people, whose mistakes are no fault of the server."""

_DEATH = re.compile(
    r"\S+\[\d+\]: (?:fatal|panic): "
    r"|\S+/master\[\d+\]: warning: .*bad command startup -- throttling"
    r"|\S+/master\[\d+\]: warning: process .* killed by signal"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_OLD = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)")
_EPOCH = re.compile(r"(\d{9,11}\.\d+) ")


@dataclass(frozen=True, slots=True)
class LogSource:
    """
    One place where the log may be.

    Attributes:
        name: A file, or ``journal``.
        begins: When the oldest line was written that was looked at; None if that cannot be seen.
        lines: How many lines of Postfix there are since the server was loaded.
        dropped: Whether lines were suppressed because there were too many.
    """

    name: str
    begins: float | None
    lines: int
    dropped: bool


@dataclass(frozen=True, slots=True)
class MailLogFacts:
    """
    Postfix's log.

    Attributes:
        since: The moment from which on lines count.
        sources: Where lines of Postfix were looked for.
        problems: Lines that tell of a daemon's death, without date and host.
        commands: What was run.
    """

    since: float
    sources: tuple[LogSource, ...]
    problems: tuple[str, ...]
    commands: tuple[CommandOutput, ...]

    @property
    def complete(self) -> LogSource | None:
        """
        A source that has all lines since then.
        """
        for each in self.sources:
            covered = each.begins is not None and each.begins <= self.since + 1
            if each.lines and covered and not each.dropped:
                return each
        return None

    def __str__(self) -> str:
        shown = (
            f"{each.name}: {each.lines} lines of Postfix{', some dropped' if each.dropped else ''}"
            for each in self.sources
        )
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.since))
        return f"since {moment} UTC: {'; '.join(shown) or 'no log was found'}"


def window(loaded: float | None, now: float) -> float:
    """
    The moment from which on lines count: when Postfix was loaded, or a day ago.
    """
    return max(loaded or 0.0, now - DAY)


def parse_mail_log(
    output: CommandOutput, since: float, now: float, names: Iterable[str]
) -> MailLogFacts:
    """
    What the script in ``probes.mail_log`` printed; *names* are the values of syslog_name.
    """
    parts = sections(output.stdout)
    zone = _zone(parts.get("zone", "").strip())
    prefixes = tuple(names)
    sources: list[LogSource] = []
    problems: dict[str, None] = {}
    for key, text in parts.items():
        if not key.startswith("source "):
            continue
        rows = [row.partition(" ") for row in text.splitlines()]
        own = [rest for word, _, rest in rows if word == "line" and _of(rest, prefixes)]
        times = [_moment(each, now, zone) for each in own]
        recent = sum(moment is None or moment >= int(since) for moment in times)
        begins = [_moment(rest, now, zone) for word, _, rest in rows if word == "first"]
        known = [each for each in begins if each is not None]
        dropped = any(word == "dropped" for word, _, _ in rows)
        sources.append(LogSource(key[7:], min(known, default=None), recent, dropped))
        for word, _, rest in rows:
            moment = _moment(rest, now, zone)
            entry = _of(rest, prefixes)
            late = moment is None or moment >= int(since)
            # What another server said is quoted further behind.
            if word == "problem" and late and _DEATH.match(entry):
                problems[entry] = None
    return MailLogFacts(since, tuple(sources), tuple(problems), (output.evidence(),))


def _of(line: str, names: tuple[str, ...]) -> str:
    """
    The entry without date and host if a daemon of Postfix wrote it; else empty.
    """
    for position, word in enumerate(words := line.split()):
        if position > 4:
            break
        found = re.fullmatch(r"([^\[\]:]+)\[\d+\]:", word)
        if found:
            first, _, rest = found[1].partition("/")
            program = found[1].rpartition("/")[2]
            known = bool(rest) and (first in names or found[1].rpartition("/")[0] in names)
            return " ".join(words[position:]) if known and program not in TOOLS else ""
    return ""


def _moment(line: str, now: float, zone: float) -> float | None:
    """
    When a line was written; None if its date cannot be read.
    """
    epoch = _EPOCH.match(line)
    if epoch:
        return float(epoch[1])
    iso = _ISO.match(line)
    if iso:
        try:
            moment = dt.datetime.fromisoformat(iso[0])
        except ValueError:
            return None
        local = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return local.timestamp() - (0.0 if moment.tzinfo else zone)
    old = _OLD.match(line)
    return _this_year(old, now, zone) if old else None


def _this_year(found: re.Match[str], now: float, zone: float) -> float | None:
    """
    A date without a year is the latest one that is not in the future.
    """
    year = time.gmtime(now + zone).tm_year
    for candidate in (year, year - 1):
        try:
            parsed = time.strptime(f"{candidate} {found[0]}", "%Y %b %d %H:%M:%S")
        except ValueError:
            continue
        moment = calendar.timegm(parsed) - zone
        if moment <= now + 60:
            return float(moment)
    return None


def _zone(text: str) -> float:
    """
    Seconds east of Greenwich: ``+0130``.
    """
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)", text)
    if not found:
        return 0.0
    seconds = int(found[2]) * 3600 + int(found[3]) * 60
    return float(-seconds if found[1] == "-" else seconds)
