"""
The commands that repair a failing host, with what was found on it filled in.
"""

import re
from collections.abc import Iterator
from typing import Any

from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.firewall import FirewallFacts
from mailvet.facts.mail_account import MailAccountFacts
from mailvet.facts.postfix import PostfixConfig
from mailvet.model import Commands, Endpoint, Target
from mailvet.plugin.subject import Subject
from mailvet.remedy import fill, fixes_for, folder, mailboxes, values_of
from mailvet.store import FactKey, FactStore, NotGatheredError

_WORD = re.compile(r"[\w./:\[\]-]+", re.ASCII)

_SERVICE_NAMES = {
    25: ("smtp",),
    465: ("submissions", "smtps", "ssmtp", "urd"),
    587: ("submission",),
}
"""What /etc/services calls the ports of Postfix; releases differ about 465."""

_VERSION_FACTS = {
    "dovecot": ("dovecot", "dovecot_check"),
    "postfix": ("postfix", "postfix_check"),
}


def fix_of(subject: Subject, store: FactStore) -> tuple[Commands, ...]:
    """
    The commands that repair the host, for the versions that it was found to have.
    """
    if not subject.control.fix:
        return ()
    versions = {server: _version(store, subject, server) for server in _VERSION_FACTS}
    values = values_of(subject.target, subject.endpoint)
    values.update(_found(store, subject))
    return tuple(
        Commands(
            fix.server,
            fill(fix.run, values).strip(),
            fix.since,
            fix.before,
            versions.get(fix.server, ""),
        )
        for fix in fixes_for(subject.control, subject.endpoint, versions)
    )


def _fact(store: FactStore, subject: Subject, name: str) -> Any:  # noqa: ANN401
    try:
        return store.get(FactKey(subject.target.key, name))
    except (ProbeError, NotGatheredError):
        return None


def _version(store: FactStore, subject: Subject, server: str) -> str:
    facts = (_fact(store, subject, name) for name in _VERSION_FACTS[server])
    return next((each.version for each in facts if each and each.version), "")


def _found(store: FactStore, subject: Subject) -> Iterator[tuple[str, str]]:
    """
    Placeholders and what was found for them; it goes into a command, so it must be one word.
    """
    service = _master_service(_fact(store, subject, "postfix"), subject.endpoint)
    account: MailAccountFacts | None = _fact(store, subject, "mail_account")
    firewall: FirewallFacts | None = _fact(store, subject, "firewall")
    words = {
        "service": service,
        "dovecot.mail_root": folder(account.mail_root) if account else "",
        "firewall.zone": firewall.mail_zones[0] if firewall and firewall.mail_zones else "",
    }
    yield from ((name, word) for name, word in words.items() if _WORD.fullmatch(word))
    dovecot: DovecotConfig | None = _fact(store, subject, "dovecot")
    if dovecot is not None:
        yield "mailboxes.namespace", _special_use(dovecot, subject.target)


def _master_service(postfix: PostfixConfig | None, endpoint: Endpoint | None) -> str:
    """
    What master.cf calls the service on the endpoint's port; empty if that is not known.
    """
    if postfix is None or endpoint is None:
        return ""
    inet = (service.name for service in postfix.services if service.type == "inet")
    names = {*_SERVICE_NAMES.get(endpoint.port, ()), str(endpoint.port)}
    return next((name for name in inet if name.rpartition(":")[2] in names), "")


def _special_use(dovecot: DovecotConfig, target: Target) -> str:
    """
    The special-use mailboxes under the names that they have, which need not be English.
    """
    home = dovecot.home
    if home is None:
        return mailboxes(target.expect.mailboxes, {}, "inbox")
    names = {
        use.lstrip("\\"): mailbox.name
        for mailbox in reversed(home.of("mailbox"))
        for use in (mailbox.get("special_use") or "").split()
        if "\n" not in mailbox.name
    }
    return mailboxes(target.expect.mailboxes, names, home.name or "inbox")
