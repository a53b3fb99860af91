"""
Which of the host's own accounts could log in to the mail services, and what stops the others.
"""

from dataclasses import dataclass

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mail_account import NOT_FOUND, UserLookup
from mailvet.facts.pam import Person, outcomes
from mailvet.facts.passdb import Database, databases, pam_services
from mailvet.facts.system_accounts import USABLE, SystemAccountFacts

EITHER = frozenset({True, False})


@dataclass(frozen=True, slots=True)
class SystemLogins:
    """
    The host's own accounts, those left out that cannot log in whatever their password.

    Attributes:
        entering: Accounts that log in with the password that they have.
        unclear: Accounts of which that cannot be told.
        asleep: Accounts that nothing stops but that they have no password.
    """

    entering: tuple[str, ...]
    unclear: tuple[str, ...]
    asleep: tuple[str, ...]

    @property
    def doubt(self) -> str:
        """
        What cannot be told; empty if nothing.
        """
        names = ", ".join(self.unclear)
        return f"it depends on what was not read whether these get in: {names}" if names else ""


def system_logins(
    dovecot: DovecotConfig, facts: SystemAccountFacts, *, submission: bool
) -> SystemLogins:
    """
    What becomes of each of them.

    Postfix asks for the password alone, so with *submission* Dovecot's limits of uids stop nobody.
    """
    entering: list[str] = []
    unclear: list[str] = []
    asleep: list[str] = []
    if not facts.system:
        unclear.append("root")
    for each in facts.system:
        pretended = Person(each.name, each.uid, right=True)
        if _listed(facts, each.name) or True not in _ways(dovecot, facts, pretended):
            continue
        has_password = facts.password(each.name) in USABLE
        real = _ways(dovecot, facts, Person(each.name, each.uid, right=has_password))
        if True not in real:
            asleep.append(each.name)
        elif real == EITHER:
            unclear.append(each.name)
        elif submission or not _stopped(dovecot, facts.lookup(each.name)):
            entering.append(each.name)
    return SystemLogins(tuple(entering), tuple(unclear), tuple(asleep))


def stranger(dovecot: DovecotConfig, facts: SystemAccountFacts) -> str:
    """
    Why the same reasoning lets no test account in, as the host should; empty if it does.
    """
    people = [each.entry for each in facts.users if each.entry and each.entry.uid >= facts.limit]
    admitted = any(
        True in _ways(dovecot, facts, Person(each.name, each.uid, right=True)) for each in people
    )
    return "" if admitted else "PAM's files, as they are read, let in no user either"


def unusable_services(dovecot: DovecotConfig, facts: SystemAccountFacts) -> tuple[str, ...]:
    """
    PAM services of Dovecot that do not exist, take any password, or no password at all.
    """
    user = next((each.entry for each in facts.users if each.entry), None)
    name, uid = (user.name, user.uid) if user else ("somebody", max(facts.limit, 60000))
    found = []
    for service in pam_services(dovecot):
        stack = facts.pam.stack(service, "auth")
        right, wrong = (
            outcomes(stack, "auth", Person(name, uid, right=each), facts.pam_host)
            for each in (True, False)
        )
        if not facts.pam.exists(service):
            found.append(f"{service}: no such file")
        elif True in wrong:
            found.append(f"{service}: a wrong password is taken")
        elif True not in right:
            found.append(f"{service}: no password is ever taken")
    return tuple(found)


def _ways(dovecot: DovecotConfig, facts: SystemAccountFacts, person: Person) -> frozenset[bool]:
    """
    Whether one of the password databases lets *person* in; both if that is open.
    """
    found = [
        _asked(dovecot, facts, person, each)
        for each in databases(dovecot, "passdb")
        if not each.denies
    ]
    if frozenset({True}) in found:
        return frozenset({True})
    return EITHER if any(True in each for each in found) else frozenset({False})


def _asked(
    dovecot: DovecotConfig, facts: SystemAccountFacts, person: Person, database: Database
) -> frozenset[bool]:
    if database.permissive:
        said = frozenset({True})
    elif database.local:
        said = frozenset({person.right})
    elif database.driver == "pam":
        each_service = [_pam(facts, person, name) for name in pam_services(dovecot)]
        open_ = frozenset({True}) in each_service
        said = frozenset({True}) if open_ else frozenset().union(*each_service)
    else:
        said = EITHER
    # A filter of names, or another database that denies, may come in between.
    hindered = bool(database.get("username_filter")) or _unread(dovecot, facts)
    return said | {False} if hindered else said


def _pam(facts: SystemAccountFacts, person: Person, service: str) -> frozenset[bool]:
    """
    PAM's answer: it is asked for the password first, and then whether the account may be used.
    """
    password, account = (
        outcomes(facts.pam.stack(service, kind), kind, person, facts.pam_host)
        for kind in ("auth", "account")
    )
    return frozenset(first and second for first in password for second in account)


def _listed(facts: SystemAccountFacts, name: str) -> bool:
    return any(name in names for _, names in facts.denied)


def _unread(dovecot: DovecotConfig, facts: SystemAccountFacts) -> bool:
    """
    Whether there is a database that denies whose list could not be read.
    """
    denying = [each for each in databases(dovecot, "passdb") if each.denies]
    return len(denying) > len(facts.denied)


def _stopped(dovecot: DovecotConfig, lookup: UserLookup | None) -> bool:
    """
    Whether Dovecot itself would open no mailbox for this account.
    """
    if lookup is None:
        return False
    if lookup.status == NOT_FOUND:
        return True
    uid = lookup.get("uid")
    return uid.isdigit() and not within_limits(dovecot, "uid", int(uid))


def within_limits(dovecot: DovecotConfig, kind: str, number: int) -> bool:
    """
    Whether Dovecot opens mailboxes under this uid or gid.
    """
    first, last = (dovecot.setting(f"{end}_valid_{kind}") for end in ("first", "last"))
    above = int(first) if first.isdigit() else 0
    below = int(last) if last.isdigit() else 0
    return above <= number and (below == 0 or number <= below)
