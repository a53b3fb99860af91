"""
Postfix's limits against denial of service (guide 2.10.2).
"""

from mailvet.facts.connection_rate import ConnectionRate
from mailvet.facts.limits import (
    SPACE_FACTOR,
    LimitExceptions,
    at_most,
    excess,
    number,
    seconds,
    shown,
    smaller_mailboxes,
    unbounded_services,
)
from mailvet.facts.networks import NetworkFacts
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.size_limit import SizeFacts, service_of
from mailvet.model import Cause, Endpoint, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("HARD-04")
def test_connection_rate(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    smtpd_client_connection_rate_limit is set.
    """
    most = target.expect.hardening.connection_rate
    return _limited(postfix, "smtpd_client_connection_rate_limit", most)


@control("HARD-05")
def test_rate_time_unit(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    anvil_rate_time_unit is the declared one.
    """
    unit = target.expect.hardening.rate_time_unit
    value = postfix.setting("anvil_rate_time_unit")
    observed = f"anvil_rate_time_unit = {value}"
    return judge(seconds(value) == unit, observed=observed, expected=f"{unit} seconds")


@control("HARD-06")
def test_exceptions(
    limit_exceptions: LimitExceptions, networks: NetworkFacts, target: Target
) -> Judgement:
    """
    Only trusted and declared networks are exempt.
    """
    expected = "exempt are mynetworks and what the profile declares (hardening.exempt)"
    beyond = limit_exceptions.beyond(networks, target.expect.hardening.exempt)
    opaque = (*limit_exceptions.opaque, *(networks.opaque if beyond else ()))
    if opaque:
        observed = f"cannot be looked into: {', '.join(opaque)}"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    observed = f"beyond: {', '.join(beyond)}" if beyond else f"exempt: {limit_exceptions}"
    return judge(not beyond, observed=observed, expected=expected)


@control("HARD-07")
def test_message_rate(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    smtpd_client_message_rate_limit is set.
    """
    most = target.expect.hardening.message_rate
    return _limited(postfix, "smtpd_client_message_rate_limit", most)


@control("HARD-08")
def test_process_limit(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    default_process_limit is set, and no SMTP server is without a limit.
    """
    most = target.expect.hardening.process_limit
    general = excess(postfix, "default_process_limit", most)
    wrong = (*general, *unbounded_services(postfix, most))
    observed = "; ".join(dict.fromkeys(wrong)) or shown(postfix, "default_process_limit")
    expected = f"{at_most(most)}; no SMTP server in master.cf with 0 or more than that"
    return judge(not wrong, observed=observed, expected=expected)


@control("HARD-09")
def test_queue_minfree(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    queue_minfree covers one and a half messages; 0 lets Postfix demand that by itself.
    """
    floor = number(postfix.setting("queue_minfree"))
    size = number(postfix.setting("message_size_limit"))
    least = target.expect.hardening.queue_minfree
    enough = floor is not None and bool(size) and (not floor or floor >= SPACE_FACTOR * (size or 0))
    return judge(
        enough and (floor or 0) >= least,
        observed=f"queue_minfree = {floor}, message_size_limit = {size}",
        expected=f"{f'at least {least}' if least else '0'}, or 1.5 x message_size_limit, not 0",
    )


@control("HARD-11")
def test_header_limit(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    header_size_limit is set.
    """
    most = target.expect.hardening.header_limit
    return _limited(postfix, "header_size_limit", most)


@control("HARD-12")
def test_message_size(postfix: PostfixConfig, target: Target) -> Judgement:
    """
    message_size_limit is set, and mailboxes take a message of that size.
    """
    most = target.expect.hardening.message_size
    wrong = (*excess(postfix, "message_size_limit", most), *smaller_mailboxes(postfix))
    observed = "; ".join(wrong) or shown(postfix, "message_size_limit")
    expected = f"{at_most(most)}; no mailbox limit below it"
    return judge(not wrong, observed=observed, expected=expected)


@control("HARD-13")
def test_size_is_announced(
    size_limit: SizeFacts, postfix: PostfixConfig, endpoint: Endpoint
) -> Judgement:
    """
    EHLO names message_size_limit, and MAIL with one octet more is refused.
    """
    limit = postfix.setting("message_size_limit", service_of(postfix, endpoint))
    expected = f"SIZE {limit}, and 552 for one octet more"
    observed = str(size_limit)
    if size_limit.announced != limit or not number(limit):
        return judge(satisfied=False, observed=observed, expected=expected)
    if size_limit.enforced is None:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(size_limit.enforced, observed=observed, expected=expected)


@control("HARD-14")
def test_connection_rate_holds(connection_rate: ConnectionRate) -> Judgement:
    """
    Who connects more often is told to come again later.
    """
    limit, unit = connection_rate.limit, connection_rate.unit
    if not connection_rate.greetings:
        return not_applicable(f"a limit of {limit} is not tried (1 to 60 are)")
    observed, expected = str(connection_rate), f"421 after {limit} connections in {unit} s"
    if not connection_rate.refusal and not connection_rate.in_time:
        return unverified(Cause.TIMEOUT, observed=observed, expected=expected)
    if connection_rate.refusal and not connection_rate.counted:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(connection_rate.counted, observed=observed, expected=expected)


def _limited(postfix: PostfixConfig, name: str, most: int) -> Judgement:
    wrong = excess(postfix, name, most)
    observed = "; ".join(wrong) or shown(postfix, name)
    return judge(not wrong, observed=observed, expected=at_most(most))
