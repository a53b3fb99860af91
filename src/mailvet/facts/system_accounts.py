"""
The host's own accounts, their passwords' state, and what PAM and Dovecot make of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.mail_account import Passwd, UserLookup, parse_lookups, parse_passwd
from mailvet.facts.pam import PamHost
from mailvet.facts.pam_stack import PamFiles

USABLE = frozenset({"set", "empty"})
"""States of a password with which somebody can log in."""


@dataclass(frozen=True, slots=True)
class NssUser:
    """
    A test account on the host.

    Attributes:
        account: Its name in the inventory.
        name: Name under which it is looked up.
        entry: Its line of passwd(5); None if NSS does not know it.
        has_home: Whether its home directory exists.
    """

    account: str
    name: str
    entry: Passwd | None
    has_home: bool


@dataclass(frozen=True, slots=True)
class SystemAccountFacts:
    """
    Accounts of the host.

    Attributes:
        limit: Uid below which accounts are the system's.
        system: Those accounts.
        passwords: Names and states of passwords (``set``, ``empty``, ``locked``) of the system's
            accounts and of the mail account; never a password.
        mail_home: Where the mail account's home really is; empty if it does not exist.
        users: The test accounts.
        pam: PAM's files.
        pam_host: What PAM's modules look up.
        lookups: What the user database says about system accounts that have a password.
        denied: Names in the files of passdbs that deny.
        pairs: What it says about users with one local part in two domains, two by two.
        domains: Domains of all users that the user database lists.
        foreign: What it says about a test user's local part in two other domains.
        commands: What was run.
    """

    limit: int
    system: tuple[Passwd, ...]
    passwords: tuple[tuple[str, str], ...]
    mail_home: str
    users: tuple[NssUser, ...]
    pam: PamFiles
    pam_host: PamHost
    lookups: tuple[UserLookup, ...] = ()
    denied: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pairs: tuple[tuple[UserLookup, UserLookup], ...] = ()
    domains: tuple[str, ...] = ()
    foreign: tuple[UserLookup, ...] = ()
    commands: tuple[CommandOutput, ...] = field(default=())

    def password(self, name: str) -> str:
        """
        The state of an account's password; empty if the host's shadow file has none.
        """
        return dict(self.passwords).get(name, "")

    @property
    def awake(self) -> tuple[Passwd, ...]:
        """
        System accounts with a password.
        """
        return tuple(each for each in self.system if self.password(each.name) in USABLE)

    def lookup(self, name: str) -> UserLookup | None:
        """
        What the user database says about a system account; None if it was not asked.
        """
        return next((each for each in self.lookups if each.user == name), None)


def parse_system_accounts(
    output: CommandOutput, limit: int, users: Iterable[tuple[str, str]], foreign: Iterable[str]
) -> SystemAccountFacts:
    """
    What the script in ``probes.system_accounts`` printed.
    """
    parts = sections(output.stdout)
    system = parse_passwd(parts.get("system", ""))
    states = (line.split(":") for line in parts.get("passwords", "").splitlines())
    pairs = _numbered(parts, "pair")
    return SystemAccountFacts(
        limit=limit,
        system=system,
        passwords=tuple((row[0], row[1]) for row in states if len(row) == 2),
        mail_home=parts.get("mail home", "").strip(),
        users=tuple(_user(parts, at, *each) for at, each in enumerate(users)),
        pam=PamFiles(_files(parts, "pam ")),
        pam_host=PamHost(
            _number(parts, "uid min", 1000),
            _number(parts, "sys uid max", _number(parts, "uid min", 1000) - 1),
            tuple((name, tuple(text.split())) for name, text in _files(parts, "list ", whole=True)),
        ),
        lookups=_numbered(parts, "lookup"),
        denied=tuple(
            (path, tuple(text.split())) for path, text in _files(parts, "deny ", whole=True)
        ),
        pairs=tuple(zip(pairs[::2], pairs[1::2], strict=False)),
        domains=tuple(parts.get("domains", "").split()),
        foreign=parse_lookups(output.stdout, foreign),
        commands=(_evidence(output, parts),),
    )


def _user(parts: dict[str, str], at: int, account: str, name: str) -> NssUser:
    text = parts.get(f"nss {at}", "")
    entry = next(iter(parse_passwd(text)), None)
    return NssUser(account, name, entry, "home exists" in text.splitlines())


def _numbered(parts: dict[str, str], kind: str) -> tuple[UserLookup, ...]:
    """
    Lookups whose sections are called ``KIND USER``.
    """
    found: list[UserLookup] = []
    for title, text in parts.items():
        if title.startswith(f"{kind} "):
            user = title.removeprefix(f"{kind} ")
            found += parse_lookups(f"@@user 0\n{text}", [user])
    return tuple(found)


def _files(
    parts: dict[str, str], prefix: str, *, whole: bool = False
) -> tuple[tuple[str, str], ...]:
    """
    Names of files, by their path if *whole*, and what stands in them.

    The first of two files with one name wins: /etc before the vendor's folder.
    """
    found: dict[str, str] = {}
    for title, text in parts.items():
        if title.startswith(prefix):
            path = title.removeprefix(prefix)
            found.setdefault(path if whole else path.rpartition("/")[2], text)
    return tuple(found.items())


def _number(parts: dict[str, str], name: str, default: int) -> int:
    text = parts.get(name, "").strip()
    return int(text) if text.isdigit() else default


def _evidence(output: CommandOutput, parts: dict[str, str]) -> CommandOutput:
    """
    All but PAM's files, of which a host has dozens.
    """
    kept = (f"{title}\n{text}" for title, text in parts.items() if not title.startswith("pam "))
    return CommandOutput(output.command, output.status, "".join(kept), output.stderr).evidence()
