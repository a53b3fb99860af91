"""
Where the mail of a test account is kept.
"""

import dataclasses

import pytest

from mailvet.acts import Connections, Scope
from mailvet.errors import ProbeError
from mailvet.model import Cause, Endpoint, Protocol, Security
from mailvet.probes.home import at_home, home_of
from mailvet.probes.messages import compose
from tests.fakes.context import make_account, make_context, make_target

IMAPS = Endpoint("imaps", Protocol.IMAP, 993, Security.IMPLICIT_TLS)
ALICE = make_account("alice")
THERE = make_target((IMAPS,), key="mail1", accounts={"a": dataclasses.replace(ALICE, name="a")})
MX = make_target(key="mx1", accounts={"alice": ALICE}, mailboxes=THERE)


def test_mail_is_kept_here_unless_the_inventory_says_otherwise() -> None:
    """
    The account is the target's own then.
    """
    context = make_context(25)
    home = home_of(context, ALICE)
    assert (home.context, home.account) == (context, ALICE)


def test_the_other_host_has_an_account_of_the_same_user() -> None:
    """
    Whatever the inventory calls it; what is left there is written down there.
    """
    there = make_context(993, target=THERE)
    context = make_context(25, target=MX, visit=lambda name: there if name == "mailboxes" else None)
    home = home_of(context, ALICE)
    assert (home.context, home.account.name) == (there, "a")
    message = compose(context, "m", sender=ALICE.address, recipient=ALICE.address)
    home.announce(message)
    assert [each.account for each in there.ledger.outstanding("mail1")] == ["a"]
    home.settle(message)
    assert there.ledger.outstanding("mail1") == ()


def test_a_user_whom_the_other_host_lacks_is_a_gap_in_the_inventory() -> None:
    """
    Nobody's mail is opened instead.
    """
    there = make_context(993, target=make_target(key="mail1", accounts={}))
    context = make_context(25, target=MX, visit=lambda _: there)
    with pytest.raises(ProbeError, match=r"hosts\.mail1\.accounts") as caught:
        home_of(context, ALICE)
    assert caught.value.cause is Cause.CREDENTIALS


def test_acts_are_planned_on_the_host_that_keeps_the_mail() -> None:
    """
    On one of the two, never on both.
    """
    alone = make_target((IMAPS,), accounts={"alice": ALICE})
    for target, here, elsewhere in ((alone, True, False), (MX, False, True)):
        scope = Scope(target)
        for there, wanted in ((False, here), (True, elsewhere)):
            acts = at_home(scope, ALICE, (), there=there)
            assert any(isinstance(each, Connections) for each in acts) is wanted
