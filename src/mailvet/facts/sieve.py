"""
Sieve scripts of a test account, over ManageSieve (RFC 5804), and what they did to mail (RFC 5228).
"""

import json
import re
from dataclasses import dataclass

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.replies import Reply
from mailvet.transcript import Line

_LISTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s+(ACTIVE))?\s*$', re.DOTALL | re.IGNORECASE)


PREFIX = "mailvet-"
"""What the names of all scripts begin with that an audit stores."""


def quoted(text: str) -> str:
    """
    *text* as a quoted string of ManageSieve and of Sieve.
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class ScriptList:
    """
    The scripts of an account.

    Attributes:
        names: All of them.
        active: The active one; empty if there is none.
    """

    names: tuple[str, ...] = ()
    active: str = ""

    def dumps(self) -> str:
        """
        As one line, for the clean-up ledger.
        """
        return json.dumps([self.active, *self.names])

    @classmethod
    def loads(cls, text: str) -> "ScriptList":
        """
        What ``dumps`` wrote; nothing at all if it is damaged.
        """
        try:
            active, *names = (str(each) for each in json.loads(text))
        except (ValueError, TypeError):
            return cls()
        return cls(tuple(names), active)

    def moved_into(self, now: "ScriptList", own: tuple[str, ...]) -> str:
        """
        What must be active again, told from the scripts that are there *now*; empty for none.

        Pigeonhole keeps no second active script: a file that was put into the place of the active
        script by hand is not listed, and becomes a script when another one is activated.
        """
        strangers = [each for each in now.names if each not in self.names and each not in own]
        return self.active or next(iter(_not_of_audits(strangers)), "")

    def rivals(self, own: tuple[str, ...]) -> tuple[str, ...]:
        """
        Scripts that other audits have stored here, but for our *own*.
        """
        return tuple(each for each in self.names if each.startswith(PREFIX) and each not in own)


def _not_of_audits(names: list[str]) -> list[str]:
    return [each for each in names if not each.startswith(PREFIX)]


def parse_scripts(lines: tuple[str, ...]) -> ScriptList:
    """
    The lines of an answer to LISTSCRIPTS.
    """
    names: list[str] = []
    active = ""
    for line in lines:
        found = _LISTED.match(line)
        if found:
            name = re.sub(r"\\(.)", r"\1", found[1])
            names.append(name)
            active = name if found[2] else active
    return ScriptList(tuple(names), active)


def same_script(stored: str, lines: tuple[str, ...]) -> bool:
    """
    Whether the answer to GETSCRIPT, whose first string it is, is the script that was *stored*.
    """
    found = _LISTED.match(lines[0]) if lines else None
    shown = re.sub(r"\\(.)", r"\1", found[1]) if found else ""
    return shown.split() == stored.split()


@dataclass(frozen=True, slots=True)
class Step:
    """
    One command and what became of it.

    Attributes:
        command: Its name, and what it was about (``PUTSCRIPT``, ``DELETESCRIPT``).
        reply: The reply; None if the server hung up instead.
        worked: Whether it did what it is for.
    """

    command: str
    reply: Reply | None
    worked: bool

    def __str__(self) -> str:
        return f"{self.command}: {self.reply or 'the server hung up'}"


@dataclass(frozen=True, slots=True)
class Filtered:
    """
    A message that an account with an active script got.

    Attributes:
        delivery: What became of it.
        folders: Every folder in which it was found.
    """

    delivery: DeliveryFacts
    folders: tuple[str, ...]

    def __str__(self) -> str:
        if not self.delivery.accepted or not self.folders:
            return str(self.delivery)
        return f"in {' and '.join(self.folders)}"


@dataclass(frozen=True, slots=True)
class SieveFacts:
    """
    A script in the hands of the server, from its upload to its removal.

    Attributes:
        account: Name of the account that it belongs to.
        script: Its name.
        folder: The folder into which it files.
        steps: What its owner did with it, in order.
        broken: What the server said to a script with a syntax error.
        broken_stored: Whether that script is listed nevertheless.
        neighbour: Name of another account that looked for the script; empty if none did.
        neighbour_saw: All scripts that this account is shown; None if it could not look.
        neighbour_got: What the server said when it asked for the script by name.
        matching: The message that the script files.
        other: The message that it leaves alone.
        unsent: Why no message was sent; empty if both were.
        transcript: All that was said.
        rival: The script that somebody else activated in the meantime; empty if nobody did.
    """

    account: str
    script: str
    folder: str
    steps: tuple[Step, ...]
    broken: tuple[Step, ...]
    broken_stored: bool
    neighbour: str
    neighbour_saw: tuple[str, ...] | None
    neighbour_got: Reply | None
    matching: Filtered | None
    other: Filtered | None
    unsent: str
    transcript: tuple[Line, ...]
    rival: str = ""

    @property
    def failed(self) -> tuple[Step, ...]:
        """
        The steps that did not work.
        """
        return tuple(each for each in self.steps if not each.worked)

    @property
    def stored(self) -> bool:
        """
        Whether the server took the script.
        """
        return any(each.command == "PUTSCRIPT" and each.worked for each in self.steps)

    @property
    def active(self) -> bool:
        """
        Whether the script was stored and shown as the active one.
        """
        return any(each.command == "LISTSCRIPTS" and each.worked for each in self.steps)

    @property
    def not_validated(self) -> tuple[Step, ...]:
        """
        The commands with which a script with a syntax error was accepted.
        """
        return tuple(each for each in self.broken if each.reply is not None and each.reply.positive)

    @property
    def validated(self) -> bool:
        """
        Whether the broken script was refused by a server that took the right one.
        """
        answers = [each.reply for each in self.broken]
        refused = all(each is not None and each.status == "NO" for each in answers)
        return bool(answers) and refused and self.stored and not self.broken_stored

    @property
    def leaked(self) -> bool:
        """
        Whether another user was shown the script, or given it.
        """
        given = self.neighbour_got is not None and self.neighbour_got.positive
        return given or self.script in (self.neighbour_saw or ())

    @property
    def hidden(self) -> bool:
        """
        Whether another user looked for the script, while its owner had it, and was told no.
        """
        got = self.neighbour_got
        refused = got is not None and got.status == "NO"
        return self.active and self.neighbour_saw is not None and refused and not self.leaked

    @property
    def neighbour_view(self) -> str:
        """
        What another user is shown, in words.
        """
        if self.neighbour_saw is None:
            return "no list of scripts"
        seen = ", ".join(self.neighbour_saw) or "no script"
        return f"{seen}; GETSCRIPT {self.script}: {self.neighbour_got}"

    @property
    def kept(self) -> bool:
        """
        Whether the other message is in the INBOX, and nowhere else.
        """
        return self.other is not None and [each.upper() for each in self.other.folders] == ["INBOX"]

    @property
    def filed(self) -> bool:
        """
        Whether the matching message is where the script puts it, and nowhere else.
        """
        return self.matching is not None and self.matching.folders == (self.folder,)

    @property
    def unjudged(self) -> str:
        """
        Why the messages say nothing about filtering; empty if they do.
        """
        if self.rival:
            return f"meanwhile {self.rival} was the active script, of another audit or of the owner"
        if not self.active:
            return "no script could be activated"
        if self.unsent or self.matching is None or self.other is None:
            return self.unsent or "no message was sent"
        refused = [each for each in (self.matching, self.other) if not each.delivery.accepted]
        return "; ".join(str(each) for each in refused)
