"""
The LMTP socket: whether it exists, who may open it, and who can.
"""

from mailvet.facts.lmtp import LmtpFacts
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("LMTP-01")
def test_socket_exists(lmtp: LmtpFacts, target: Target) -> Judgement:
    """
    ``protocols`` contains lmtp, and a socket stands where the configuration has one.
    """
    where = target.expect.dovecot.lmtp_socket or "the path of the LMTP service's unix_listener"
    return judge(
        lmtp.enabled and lmtp.present,
        observed=f"protocols = {lmtp.protocols}; {lmtp.where}",
        expected=f"protocols contains lmtp; a socket at {where}",
    )


@control("LMTP-02")
def test_socket_mode(lmtp: LmtpFacts, target: Target) -> Judgement:
    """
    Owner, group and mode are the expected ones, and those that are configured.
    """
    expect = target.expect.dovecot
    modes = " or ".join(expect.lmtp_socket_modes)
    expected = f"owner {expect.lmtp_socket_owner} (or its group, with mode 660), mode {modes}"
    if not lmtp.present:
        return unverified(Cause.BLOCKED, observed=lmtp.where, expected=expected)
    deviation = lmtp.mode_deviation(expect)
    reach = f" ({deviation}; {lmtp.effective_reach})" if deviation else ""
    observed = f"{lmtp.where}{reach}"
    return judge(not deviation, observed=observed, expected=expected)


@control("LMTP-03")
def test_socket_closed_to_strangers(lmtp: LmtpFacts) -> Judgement:
    """
    No account that has nothing to do with mail can connect to any of the sockets.
    """
    tried = ", ".join(dict.fromkeys(each.account for each in lmtp.strangers)) or "nobody"
    expected = "permission denied for every account but the mail server's"
    if lmtp.intruders:
        observed = "; ".join(f"{each.account} opens {each.path}" for each in lmtp.intruders)
        return judge(False, observed=observed, expected=expected)
    if lmtp.silence or not lmtp.shut_out:
        observed = lmtp.silence or "; ".join(f"{each}" for each in lmtp.strangers)
        return unverified(lmtp.silence_cause, observed=observed, expected=expected)
    return judge(True, observed=f"refused: {tried}; {lmtp.where}", expected=expected)


@control("LMTP-04")
def test_socket_open_to_postfix(lmtp: LmtpFacts) -> Judgement:
    """
    The account of Postfix's LMTP client connects and is greeted.
    """
    expected = "connect and LHLO answered 250, as the account that Postfix delivers with"
    if lmtp.mta is None or lmtp.mta.untold:
        observed = f"{lmtp.mta}" if lmtp.mta and not lmtp.silence else lmtp.silence
        return unverified(lmtp.silence_cause, observed=observed, expected=expected)
    if lmtp.silence and lmtp.mta.opened:
        return unverified(Cause.BLOCKED, observed=lmtp.silence, expected=expected)
    return judge(lmtp.mta.greeted, observed=f"{lmtp.mta}", expected=expected)
