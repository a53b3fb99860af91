"""
What makes Dovecot run Sieve scripts, and the scripts that run for all users.
"""

import re
from dataclasses import dataclass

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import ON, DovecotConfig
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.postfix import PostfixConfig

_SCRIPT_SETTING = re.compile(
    r"sieve_(?:before|after|global|default|discard)\d*|sieve_global_(?:dir|path)"
)
_SCRIPT_TYPES = frozenset({"before", "after", "global", "default", "discard"})
_DELIVER = re.compile(r"/(?:dovecot-lda|deliver)\b")
_TRANSPORTS = ("mailbox_transport", "local_transport", "virtual_transport", "default_transport")


@dataclass(frozen=True, slots=True)
class Way:
    """
    A protocol over which Dovecot takes mail.

    Attributes:
        protocol: ``lmtp`` or ``lda``.
        plugins: Plug-ins that are loaded for it.
    """

    protocol: str
    plugins: tuple[str, ...]

    def __str__(self) -> str:
        return f"protocol {self.protocol}: mail_plugins = {' '.join(self.plugins) or '(empty)'}"


@dataclass(frozen=True, slots=True)
class Location:
    """
    A place from which scripts are run for all users.

    Attributes:
        setting: The setting that names it.
        path: A file or a folder.
    """

    setting: str
    path: str


@dataclass(frozen=True, slots=True)
class GlobalScript:
    """
    A script in such a place, or the place itself if it is not there.

    Attributes:
        path: Where it is.
        found: Whether it is there.
        readable: Whether the mail account may read it; None if that could not be tried.
        compiled: Whether there is a binary that is not older, or the mail account may write one.
        error: Why it does not compile; empty if it does; None if that could not be tried.
    """

    path: str
    found: bool
    readable: bool | None = None
    compiled: bool = False
    error: str | None = None

    @property
    def problem(self) -> str:
        """
        What is wrong with it; empty if nothing is.
        """
        if not self.found:
            return f"{self.path} does not exist"
        if self.readable is False:
            return f"{self.path}: the mail account cannot read it"
        if self.error:
            return f"{self.path} does not compile: {self.error}"
        if not self.compiled:
            return f"{self.path} has no up-to-date binary, and the mail account cannot write one"
        return ""

    @property
    def unseen(self) -> str:
        """
        What is not known about it; empty if all is.
        """
        if self.readable is None:
            return f"{self.path}: the mail account does not exist, so nobody can read for it"
        return f"{self.path}: sievec is not installed" if self.error is None else ""


@dataclass(frozen=True, slots=True)
class SieveSetup:
    """
    What runs scripts, and which of them for all users.

    Attributes:
        ways: The protocols over which Dovecot takes mail.
        locations: Places of scripts for all users.
        per_user: Settings that lead to another place for each user, or to no file at all.
        scripts: The scripts in those places.
        commands: What was run.
    """

    ways: tuple[Way, ...]
    locations: tuple[Location, ...]
    per_user: tuple[str, ...]
    scripts: tuple[GlobalScript, ...]
    commands: tuple[CommandOutput, ...] = ()

    @property
    def without_plugin(self) -> tuple[Way, ...]:
        """
        The ways on which no script is run.
        """
        return tuple(each for each in self.ways if "sieve" not in each.plugins)

    @property
    def problems(self) -> tuple[str, ...]:
        """
        What is wrong with the scripts.
        """
        return tuple(each.problem for each in self.scripts if each.problem)

    @property
    def unseen(self) -> str:
        """
        What is not known about the scripts.
        """
        return "; ".join(each.unseen for each in self.scripts if each.found and each.unseen)

    @property
    def elsewhere(self) -> str:
        """
        What is configured and not looked at, in words.
        """
        return f"; not looked at: {', '.join(self.per_user)}" if self.per_user else ""

    def __str__(self) -> str:
        if not self.scripts:
            return f"no script in {', '.join(each.path for each in self.locations)}"
        return ", ".join(each.path for each in self.scripts)


def plugins(dovecot: DovecotConfig, protocol: str) -> tuple[str, ...]:
    """
    The mail plug-ins of *protocol*: one list in Dovecot 2.3, switches that add up in 2.4.
    """
    own = dovecot.root.path("protocol", protocol)
    listed = dovecot.setting("mail_plugins", protocol).split()
    switches = [each for part in (dovecot.root, own) if part for each in part.of("mail_plugins")]
    listed += [name for each in switches for name, value in each.settings if value.lower() in ON]
    return tuple(dict.fromkeys(listed))


def ways(dovecot: DovecotConfig, postfix: PostfixConfig | None) -> tuple[Way, ...]:
    """
    LMTP if it is switched on, dovecot-lda if Postfix runs it or nothing else is there.
    """
    names = ["lmtp"] if "lmtp" in dovecot.protocols else []
    if not names or (postfix and _runs_lda(postfix)):
        names.append("lda")
    return tuple(Way(each, plugins(dovecot, each)) for each in names)


def _runs_lda(postfix: PostfixConfig) -> bool:
    transports = {postfix.setting(each).partition(":")[0] for each in _TRANSPORTS}
    commands = [each.command for each in postfix.services if each.name in transports]
    return any(_DELIVER.search(each) for each in (postfix.setting("mailbox_command"), *commands))


def locations(dovecot: DovecotConfig) -> tuple[tuple[Location, ...], tuple[str, ...]]:
    """
    The places of scripts for all users, and the settings that name no such place.
    """
    named: list[tuple[str, str]] = []
    for plugin in dovecot.root.of("plugin"):
        named += [each for each in plugin.settings if _SCRIPT_SETTING.fullmatch(each[0])]
    named += [_of_section(each) for each in dovecot.root.of("sieve_script")]
    found: list[Location] = []
    others: list[str] = []
    for setting, value in named:
        path = value.removeprefix("file:").partition(";")[0]
        if path.startswith("/") and "%" not in path:
            found.append(Location(setting, path))
        elif path:
            others.append(f"{setting} = {value}")
    return tuple(found), tuple(others)


def _of_section(section: Section) -> tuple[str, str]:
    """
    A script of Dovecot 2.4, where each has a section; personal ones are left out.
    """
    kind = section.get("type") or section.get("sieve_script_type") or "personal"
    path = section.get("path") or section.get("sieve_script_path") or ""
    return f"sieve_script {section.name}", path if kind in _SCRIPT_TYPES else ""


def parse_scripts(output: CommandOutput) -> tuple[GlobalScript, ...]:
    """
    What the script in ``probes.sieve_setup`` printed.
    """
    found: dict[str, GlobalScript] = {}
    for heading, error in sections(output.stdout).items():
        words = heading.split("\t")
        if len(words) == 5:
            _, path, *answers = words
            found.setdefault(path, _script(path, answers, error.strip().splitlines()))
    return tuple(found.values())


def _script(path: str, answers: list[str], error: list[str]) -> GlobalScript:
    readable, compiled, status = answers
    if readable == "missing":
        return GlobalScript(path, found=False)
    wrong = None if status == "unknown" else "" if status == "0" else next(iter(error), "an error")
    return GlobalScript(
        path,
        found=True,
        readable=None if readable == "unknown" else readable == "yes",
        compiled=compiled == "yes",
        error=wrong,
    )
