"""
Special-use mailboxes: what new users find, and what the configuration provides (RFC 6154).
"""

from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.login import Answer, LoginFacts
from mailvet.facts.special_use import SpecialUseFacts, misconfigured, provided
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("MBOX-01")
def test_capability(login: LoginFacts) -> Judgement:
    """
    SPECIAL-USE is among the capabilities after login.
    """
    expected = "SPECIAL-USE among the capabilities after login"
    if login.plain.answer is not Answer.ACCEPTED:
        observed = f"the login does not work: {login.plain}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    seen = " ".join(name for name, _ in login.capabilities.items)
    return judge("SPECIAL-USE" in login.capabilities, observed=seen, expected=expected)


@control("MBOX-02")
def test_each_use_has_one_mailbox(special_use: SpecialUseFacts, target: Target) -> Judgement:
    """
    One mailbox for each special use, provided by the server itself.
    """
    uses = target.expect.mailboxes.special_use
    expected = f"one mailbox each for {', '.join(uses)}"
    observed = special_use.described(uses)
    single = all(len(special_use.having(use)) == 1 for use in uses)
    doubt = special_use.uncertain(uses)
    if single and doubt:
        return unverified(Cause.BLOCKED, observed=f"{observed}; {doubt}", expected=expected)
    return judge(single, observed=observed, expected=expected)


@control("MBOX-03")
def test_subscribed_by_the_server(special_use: SpecialUseFacts, target: Target) -> Judgement:
    """
    Special-use mailboxes stay in the subscription list after UNSUBSCRIBE.
    """
    uses = target.expect.mailboxes.subscribed
    if not uses:
        return not_applicable("the profile wants no special-use mailbox to be subscribed")
    missing = special_use.unsubscribed(uses)
    observed = f"subscribed: {', '.join(special_use.subscribed) or 'none'}"
    expected = f"mailboxes for {', '.join(uses)} subscribed by the server itself"
    doubt = special_use.uncertain(uses)
    if doubt and not missing:
        return unverified(Cause.BLOCKED, observed=f"{observed}; {doubt}", expected=expected)
    gone = f"; not subscribed: {', '.join(missing)}" if missing else ""
    return judge(not missing, observed=observed + gone, expected=expected)


@control("MBOX-04")
def test_usable_at_once(special_use: SpecialUseFacts, target: Target) -> Judgement:
    """
    Every special-use mailbox can be selected, appended to and expunged.
    """
    uses = target.expect.mailboxes.special_use
    absent = [f"{use}: no such mailbox" for use in uses if not special_use.having(use)]
    broken = [str(each) for each in special_use.trials if not each.worked]
    expected = f"mailboxes for {', '.join(uses)} can be opened, written and tidied"
    observed = "; ".join([*absent, *broken]) or "all of them work"
    doubt = special_use.uncertain(uses)
    if doubt and not absent and not broken:
        return unverified(Cause.BLOCKED, observed=f"{observed}; {doubt}", expected=expected)
    return judge(not absent and not broken, observed=observed, expected=expected)


@control("MBOX-05")
def test_configuration(dovecot: DovecotConfig, target: Target) -> Judgement:
    """
    The inbox namespace provides each special use, subscribed unless declared otherwise.
    """
    expect = target.expect.mailboxes
    wrong = misconfigured(dovecot, expect)
    wanted = ", ".join(f"auto = {expect.auto(use)} for \\{use}" for use in expect.special_use)
    expected = f"in the inbox namespace, {wanted}"
    return judge(not wrong, observed="; ".join(wrong) or wanted, expected=expected)


@control("MBOX-06")
def test_created_and_not_subscribed(
    special_use: SpecialUseFacts, dovecot: DovecotConfig, target: Target
) -> Judgement:
    """
    Mailboxes with auto = create exist, and are not subscribed.
    """
    declared = dovecot.personal(target.expect.mailboxes.created)
    names = declared or provided(dovecot, "create")
    if not names:
        return not_applicable("no mailbox is to be created without a subscription")
    wrong, doubt = special_use.not_created(names), special_use.doubt(names)
    expected = f"{', '.join(names)} exist, and new users are not subscribed to them"
    if doubt:
        return unverified(Cause.BLOCKED, observed="; ".join((*wrong, doubt)), expected=expected)
    return judge(not wrong, observed="; ".join(wrong) or "so it is", expected=expected)


@control("MBOX-07")
def test_not_created(
    special_use: SpecialUseFacts, dovecot: DovecotConfig, target: Target
) -> Judgement:
    """
    Mailboxes with auto = no do not exist until somebody creates them.
    """
    declared = dovecot.personal(target.expect.mailboxes.not_created)
    names = declared or provided(dovecot, "no")
    if not names:
        return not_applicable("no mailbox is named that is not to be created")
    found, doubt = special_use.unasked(names), special_use.doubt(names)
    expected = f"{', '.join(names)} do not exist for a new user"
    if doubt or not special_use.folders:
        observed = doubt or "the server lists no mailbox at all"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not found, observed=f"exist: {', '.join(found) or 'none'}", expected=expected)
