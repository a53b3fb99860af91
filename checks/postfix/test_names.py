"""
Postfix knows what the host and the mail domain are called, and says so on the wire.
"""

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.local_post import LocalPostFacts
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.postfix_host import PostfixHostFacts
from mailvet.facts.server_names import names_on_the_wire
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("PFX-05")
def test_host_name(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    The setting myhostname is the declared, fully qualified name.
    """
    found = postfix.setting("myhostname")
    qualified = "." in found and not found.lower().startswith("localhost") and "<" not in found
    return judge(
        qualified and found.lower().rstrip(".") == target.hostname.lower().rstrip("."),
        observed=f"myhostname = {found}",
        expected=f"myhostname = {target.hostname}",
    )


@control("PFX-06")
def test_name_on_the_wire(
    session: SessionFacts, delivery: DeliveryFacts, target: Target
) -> Judgement:
    """
    Greeting, EHLO reply and the trace of a delivered message give the same declared name.
    """
    names = names_on_the_wire(session, delivery)
    allowed = {target.hostname.lower(), target.name.lower()}
    expected = f"{target.hostname} in the greeting, in the EHLO reply and in Received"
    given = {name.lower() for _, name in names if name is not None}
    observed = "; ".join(f"{place}: {name or 'no name'}" for place, name in names)
    if given <= allowed and len(given) <= 1 and any(name is None for _, name in names):
        return unverified(Cause.BLOCKED, observed=f"{observed} ({delivery})", expected=expected)
    return judge(given <= allowed and len(given) == 1, observed=observed, expected=expected)


@control("PFX-07")
def test_domain(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    The setting mydomain is the declared mail domain.
    """
    wanted = target.expect.mail.domain
    if not wanted:
        return not_applicable("the profile declares no mail domain (mail.domain)")
    found = postfix.setting("mydomain")
    return judge(
        found.lower() == wanted.lower(),
        observed=f"mydomain = {found}",
        expected=f"mydomain = {wanted}",
    )


@control("PFX-08")
def test_origin(postfix: PostfixConfig, postfix_host: PostfixHostFacts) -> Judgement:
    """
    What myorigin comes to, be it in a file, is mydomain.
    """
    written, domain = postfix.setting("myorigin"), postfix.setting("mydomain")
    inside = f", and there {postfix_host.origin or 'nothing'}" if written.startswith("/") else ""
    return judge(
        bool(domain) and postfix_host.origin.lower() == domain.lower(),
        observed=f"myorigin = {written}{inside}",
        expected=f"myorigin = $mydomain, which is {domain}",
    )


@control("PFX-09")
def test_local_mail_gets_the_domain(
    local_post: LocalPostFacts, postfix: PostfixConfig
) -> Judgement:
    """
    A message from a bare user name arrives with the mail domain behind it.
    """
    domain = postfix.setting("mydomain").lower()
    expected = f"{local_post.sender}@{domain} in From and Return-Path"
    if not local_post.arrived:
        return unverified(Cause.BLOCKED, observed=str(local_post), expected=expected)
    return judge(
        all(each == domain for each in local_post.domains),
        observed=str(local_post),
        expected=expected,
    )
