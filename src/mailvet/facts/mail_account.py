"""
The account that owns all mail, the mail root, and what the user database makes of the mail users.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput, sections
from mailvet.model import Target

NO_SHELL = frozenset({"nologin", "false"})

NOT_FOUND = 67
"""Exit status of ``doveadm user`` for a user that no database knows (EX_NOUSER)."""


@dataclass(frozen=True, slots=True)
class Passwd:
    """
    A line of passwd(5), the password left out.
    """

    name: str
    uid: int
    gid: int
    home: str
    shell: str


@dataclass(frozen=True, slots=True)
class UserLookup:
    """
    What ``doveadm user`` says about a user.

    Attributes:
        user: The login name.
        status: Exit status: 0 found, 67 unknown.
        fields: Names and values.
    """

    user: str
    status: int
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """
        A field; empty if it is missing.
        """
        return dict(self.fields).get(name, "")

    @property
    def home(self) -> str:
        """
        The home, with one slash at its end; empty if there is none.
        """
        home = self.get("home").rstrip("/")
        return f"{home}/" if home else ""

    def below(self, roots: tuple[str, ...]) -> bool:
        """
        Whether the home or, where homes are kept apart from mail, the mail is below one of *roots*.
        """
        mail = self.get("mail").partition(":")[2].partition(":")[0].rstrip("/") + "/"
        return any(each not in roots and each.startswith(roots) for each in (self.home, mail))

    def __str__(self) -> str:
        if self.status != 0:
            reason = "unknown" if self.status == NOT_FOUND else f"error {self.status}"
            return f"{self.user}: {reason}"
        shown = " ".join(f"{name}={self.get(name)}" for name in ("uid", "gid", "home"))
        return f"{self.user}: {shown}"


@dataclass(frozen=True, slots=True)
class MailAccountFacts:
    """
    Who owns all mail, and where it is.

    Attributes:
        name: Name of the mail account, as the profile has it.
        accounts: Lines of passwd(5) of that account, of the servers' own accounts, and of whoever
            shares the mail account's uid.
        group: Name of the mail account's primary group; empty if it has none.
        mail_root: Folder below which mail is kept; empty if that is not to be told.
        root: That folder; None if it does not exist.
        users: What the user database says about the test accounts.
        unknown: What it says about a user that cannot exist.
        commands: What was run.
    """

    name: str
    accounts: tuple[Passwd, ...]
    group: str
    mail_root: str
    root: FileStat | None
    users: tuple[UserLookup, ...]
    unknown: UserLookup
    commands: tuple[CommandOutput, ...] = field(default=())

    def account(self, name: str = "") -> Passwd | None:
        """
        An account by name, by default the mail account; None if it does not exist.
        """
        wanted = name or self.name
        return next((each for each in self.accounts if each.name == wanted), None)

    @property
    def mail_uids(self) -> frozenset[int]:
        """
        The uids under which mail is stored.
        """
        uids = {int(each.get("uid")) for each in self.users if each.get("uid").isdigit()}
        account = self.account()
        return frozenset(uids or ({account.uid} if account else set()))

    @property
    def service_users(self) -> tuple[str, ...]:
        """
        Accounts other than the mail account under which mail is stored, too.
        """
        return tuple(
            each.name
            for each in self.accounts
            if each.name != self.name and each.uid in self.mail_uids
        )

    def wrong_users(self) -> tuple[str, ...]:
        """
        Users that the user database does not map to the mail account and a home of their own.
        """
        account = self.account()
        ids = (str(account.uid), str(account.gid)) if account else ("", "")
        found = []
        homes: dict[str, str] = {}
        for each in self.users:
            if each.status != 0 or (each.get("uid"), each.get("gid")) != ids:
                found.append(str(each))
            elif not each.below(self._roots):
                found.append(f"{each} is not below {self.mail_root}")
            elif not each.home or each.home in self._roots:
                found.append(f"{each} has no home of its own")
            elif each.home in homes:
                found.append(f"{each} is also the home of {homes[each.home]}")
            homes[each.home] = each.user
        if self.unknown.status != NOT_FOUND:
            found.append(f"a user that does not exist: {self.unknown}")
        return tuple(found)

    @property
    def _roots(self) -> tuple[str, ...]:
        """
        The mail root as it is written and as it is, for homes that do not exist yet.
        """
        real = self.root.real_path if self.root else self.mail_root
        return tuple(f"{each.rstrip('/')}/" for each in (self.mail_root, real) if each)


def mail_root(target: Target, dovecot: DovecotConfig) -> str:
    """
    The folder above all mail: declared, or what precedes the first variable in the configuration.
    """
    if target.expect.dovecot.mail_root:
        return target.expect.dovecot.mail_root
    location = dovecot.setting("mail_location").partition(":")[2]
    candidates = [location.partition(":")[0]]
    for database in dovecot.userdbs:
        for name, value in database:
            if name in {"override_fields", "args", "default_fields"}:
                candidates += [
                    word.partition("=")[2] for word in value.split() if word.startswith("home=")
                ]
    for path in candidates:
        static, variable, _ = path.partition("%")
        if static.startswith("/") and variable:
            return static.rpartition("/")[0] + "/"
    return ""


def parse_passwd(text: str) -> tuple[Passwd, ...]:
    """
    Lines of passwd(5), each once.
    """
    found: dict[str, Passwd] = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= 7 and fields[2].isdigit() and fields[3].isdigit():
            found.setdefault(
                fields[0], Passwd(fields[0], int(fields[2]), int(fields[3]), fields[5], fields[6])
            )
    return tuple(found.values())


def parse_lookups(output: str, users: Iterable[str]) -> tuple[UserLookup, ...]:
    """
    What ``doveadm user`` printed for each of *users*, in the sections ``user NUMBER``.
    """
    parts = sections(output)
    found = []
    for number, user in enumerate(users):
        lines = parts.get(f"user {number}", "").splitlines()
        status = next((line for line in lines if line.startswith("exit ")), "exit 1")
        rows = (line.split("\t", 1) for line in lines if "\t" in line)
        fields = tuple((row[0].strip(), row[1].strip()) for row in rows)
        found.append(UserLookup(user, int(status.split()[1]), fields))
    return tuple(found)
