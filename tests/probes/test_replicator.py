"""
Waiting until two servers that replicate have nothing left to do.
"""

import asyncio

import pytest

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import CommandOutput
from mailvet.model import Cause
from mailvet.probes import replicator
from mailvet.probes.replicator import at_rest
from tests.fakes.context import make_account, make_context, make_target

ALICE = make_account("alice")


class Hosts:
    """
    Takes scripts, and notes for which host they were.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.silent = False

    async def run(self, context: ProbeContext, script: str, **_: object) -> CommandOutput:
        """Takes a script."""
        self.asked.append((context.target.key, script))
        if self.silent:
            raise ProbeError(Cause.PRIVILEGE, "no shell there")
        return CommandOutput("doveadm", 0, "", "")


@pytest.fixture(name="hosts")
def hosts_that_answer(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Two hosts that do as they are told."""
    hosts = Hosts()

    async def unknown(_: ProbeContext) -> None:
        raise ProbeError(Cause.PRIVILEGE, "the configuration cannot be read")

    monkeypatch.setattr(replicator, "run", hosts.run)
    monkeypatch.setattr(replicator, "probe_dovecot", unknown)
    monkeypatch.setattr(replicator, "REST", 0.0)
    return hosts


def pair(*users: str) -> ProbeContext:
    """The near one of two hosts, the far one of which knows *users*."""
    accounts = {each: make_account(each) for each in users}
    far = make_context(993, target=make_target(key="mail2", accounts=accounts))
    near = make_target(key="mail1", accounts={"alice": ALICE})
    return make_context(993, target=near, visit=lambda name: far if name == "partner" else None)


@pytest.mark.parametrize("silent", [False, True])
def test_both_servers_are_waited_for_and_the_target_last(hosts: Hosts, silent: bool) -> None:
    """
    What the partner still sends arrives at the target, also where neither can be asked.
    """
    hosts.silent = silent
    asyncio.run(at_rest(pair("alice"), ALICE))
    assert [key for key, _ in hosts.asked] == ["mail2", "mail1"]
    assert all(f"user={ALICE.user}" in script for _, script in hosts.asked)


def test_nobody_is_waited_for_where_the_mail_is_the_targets_own(hosts: Hosts) -> None:
    """
    Without a partner, or with one that does not know the user.
    """
    asyncio.run(at_rest(make_context(993), ALICE))
    asyncio.run(at_rest(pair("bob"), ALICE))
    assert hosts.asked == []
