"""
Whom Postfix asks for passwords, and who else can ask there.
"""

from mailvet.facts.auth_exposure import AuthExposureFacts
from mailvet.facts.sasl_service import SaslFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control

NO_AUTH = "no SMTP service offers AUTH"


@control("SASL-01")
def test_dovecot_is_asked(sasl: SaslFacts, target: Target) -> Judgement:
    """
    Every service is told to ask Dovecot, Postfix can, and there is a Dovecot to answer.
    """
    if target.expect.login.sasl != "dovecot" or not sasl.services:
        return not_applicable(NO_AUTH if not sasl.services else "the profile declares another SASL")
    expected = "smtpd_sasl_type = dovecot, known to postconf -a; Dovecot on the host or over TCP"
    others = [each for each in sasl.services if each.kind != "dovecot"]
    there = bool(sasl.dovecot) or any(each.tcp and each.speaks for each in sasl.sockets)
    kinds = ", ".join(f"{each.key}: {each.kind or '(empty)'}" for each in sasl.services)
    known = f"postconf -a: {' '.join(sasl.supported) or 'nothing'}"
    observed = f"{kinds}; {known}; Dovecot {sasl.dovecot or 'is not installed'}"
    satisfied = not others and "dovecot" in sasl.supported and there
    return judge(satisfied, observed=observed, expected=expected)


@control("SASL-02")
def test_path_leads_to_dovecot(sasl: SaslFacts, target: Target) -> Judgement:
    """
    What each service opens answers in Dovecot's authentication protocol.
    """
    if target.expect.login.sasl != "dovecot" or not sasl.of_dovecot:
        return not_applicable("no SMTP service asks Dovecot for passwords")
    expected = "smtpd_sasl_path is a socket, or inet:host:port, at which Dovecot answers Postfix"
    if sasl.untold:
        return unverified(sasl.untold, observed=sasl.answers, expected=expected)
    observed = "; ".join(sasl.misled) or sasl.answers
    return judge(not sasl.misled, observed=observed, expected=expected)


@control("SASL-03")
def test_socket_mode(sasl: SaslFacts, target: Target) -> Judgement:
    """
    Owner, group and mode let Postfix in and nobody else; who is kept out by a directory is said.
    """
    if target.expect.login.sasl != "dovecot" or not sasl.unix:
        return not_applicable("Postfix asks Dovecot for passwords over no UNIX socket")
    modes = " or ".join(target.expect.dovecot.auth_socket_modes)
    expected = f"a socket of {sasl.mail_owner} or its group, mode {modes}"
    found = [(each, each.deviation(target.expect.dovecot, sasl.mail_owner)) for each in sasl.unix]
    observed = "; ".join(f"{each.on_disk}{f' ({why})' if why else ''}" for each, why in found)
    return judge(not any(why for _, why in found), observed=observed, expected=expected)


@control("SASL-04")
def test_socket_closed_to_strangers(sasl: SaslFacts, target: Target) -> Judgement:
    """
    No account that has nothing to do with mail can connect where Postfix asks for passwords.
    """
    if target.expect.login.sasl != "dovecot" or not sasl.unix:
        return not_applicable("Postfix asks Dovecot for passwords over no UNIX socket")
    expected = "permission denied for every account but the mail server's"
    talks = [talk for each in sasl.unix for talk in each.strangers]
    opened = [talk for each in sasl.unix for talk in each.intruders]
    observed = "; ".join(f"{talk.account} {talk.failure or 'opens'} {talk.path}" for talk in talks)
    if opened:
        return judge(False, observed=observed, expected=expected)
    if not all(each.speaks for each in sasl.unix) or not all(each.denied for each in talks):
        observed = f"{sasl.answers}; {observed}"
        return unverified(sasl.untold or Cause.BLOCKED, observed=observed, expected=expected)
    return judge(bool(talks), observed=observed, expected=expected)


@control("SASL-05")
def test_tcp_listener_closed(auth_exposure: AuthExposureFacts) -> Judgement:
    """
    Where Dovecot can be asked over TCP, nobody but Postfix's host gets there.
    """
    facts = auth_exposure
    if not facts.listeners:
        return not_applicable("Dovecot's authentication service has no TCP listener")
    expected = "no connection from anywhere but Postfix's host"
    if facts.open:
        return judge(False, observed="; ".join(facts.open), expected=expected)
    if facts.blind or (facts.ports and not facts.places):
        observed = f"from {', '.join(facts.blind)} no declared port answers either"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=str(facts), expected=expected)
