"""
Whether two servers that replicate fit together (guide 1.4).
"""

from mailvet.facts.both_serve import BothServe
from mailvet.facts.pair import PairFacts
from mailvet.model import Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("REPL-11")
def test_same_backend(pair: PairFacts) -> Judgement:
    """
    Both ask the same kind of database or directory in the same way.
    """
    expected = "the same drivers and the same queries on both servers"
    if pair.other is None:
        return unverified(pair.why_alone_cause, observed=pair.why_alone, expected=expected)
    same = f"{', '.join(pair.own.passdbs)}; {', '.join(pair.own.userdbs)}"
    observed = "; ".join(pair.differences) or f"on both: {same}"
    return judge(not pair.differences, observed=observed, expected=expected)


@control("REPL-12")
def test_same_users(pair: PairFacts) -> Judgement:
    """
    Both list the same users.
    """
    expected = "doveadm user '*' says the same on both servers"
    if pair.other is None or pair.same_users is None:
        observed = pair.why_alone or "a server lists no users"
        return unverified(pair.why_alone_cause, observed=observed, expected=expected)
    numbers = f"{pair.own.users} users here, {pair.other.users} on {pair.other.host}"
    words = "the same" if pair.same_users else "not the same"
    return judge(pair.same_users, observed=f"{numbers}, {words}", expected=expected)


@control("REPL-13")
def test_same_password(pair: PairFacts) -> Judgement:
    """
    doveadm_password is the same on both, and set.
    """
    expected = "one doveadm_password on both servers"
    if pair.other is None or pair.same_password is None:
        return unverified(pair.why_alone_cause, observed=pair.why_alone, expected=expected)
    if not pair.own.password_length and not pair.other.password_length:
        return judge(False, observed="neither server has a password", expected=expected)
    observed = "the same on both" if pair.same_password else "two different ones"
    return judge(pair.same_password, observed=observed, expected=expected)


@control("REPL-14")
def test_partners_name_each_other(pair: PairFacts) -> Judgement:
    """
    mail_replica of each server leads to the other, on a port where that listens.
    """
    expected = "mail_replica = tcps:PARTNER:PORT on both servers, each naming the other"
    own = ", ".join(each.value for each in pair.own.replicas)
    if pair.names_partner:
        return judge(False, observed=pair.names_partner, expected=expected)
    if pair.other is None:
        observed = f"{own} here; {pair.why_alone}"
        return unverified(pair.why_alone_cause, observed=observed, expected=expected)
    there = ", ".join(each.value for each in pair.other.replicas) or "nothing"
    observed = pair.is_named or f"{own} here, {there} on {pair.other.host}"
    return judge(not pair.is_named, observed=observed, expected=expected)


@control("REPL-15")
def test_two_and_no_more(pair: PairFacts) -> Judgement:
    """
    Neither server names more than one partner.
    """
    expected = "one mail_replica on each server"
    sides = [each for each in (pair.own, pair.other) if each is not None]
    seen = "; ".join(f"{e.host}: {', '.join(r.value for r in e.replicas) or 'none'}" for e in sides)
    if any(len(each.replicas) != 1 for each in sides):
        return judge(False, observed=seen, expected=expected)
    if pair.other is None:
        observed = f"{seen}; {pair.why_alone}"
        return unverified(pair.why_alone_cause, observed=observed, expected=expected)
    return judge(True, observed=seen, expected=expected)


@control("REPL-16")
def test_way_encrypted(pair: PairFacts, target: Target) -> Judgement:
    """
    Both servers replicate over TLS, with verified certificates.
    """
    expected = "tcps:, a listener with ssl = yes, and ssl_client_ca_file, on both servers"
    if target.expect.replication.private_link:
        return not_applicable("the profile declares that the way between them is theirs alone")
    if pair.clear_ways:
        return judge(False, observed="; ".join(pair.clear_ways), expected=expected)
    if pair.other is None or not pair.own.replicas:
        observed = pair.why_alone or "no partner is named"
        return unverified(pair.why_alone_cause, observed=observed, expected=expected)
    ways = ", ".join(each.value for each in (*pair.own.replicas, *pair.other.replicas))
    return judge(True, observed=f"{ways}; listeners with TLS", expected=expected)


@control("REPL-28")
def test_both_serve(both_serve: BothServe) -> Judgement:
    """
    One account logs in to IMAP and POP3 on both servers, and finds the same messages.
    """
    wrong = [f"{each}" for each in both_serve.silent]
    wrong += [f"{name} lists other messages on each server" for name in both_serve.differing]
    return judge(
        not wrong,
        observed="; ".join(wrong) or f"{both_serve}, the same on both",
        expected="every service lets the account in on both servers, and lists the same messages",
    )
