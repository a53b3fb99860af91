"""
A message that SMTP took: whether it came to the mailbox through the socket, and nowhere else.
"""

from mailvet.facts.lmtp_trace import LmtpTrace
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control


@control("LMTP-09")
def test_delivered_through_socket(lmtp_trace: LmtpTrace) -> Judgement:
    """
    The message is in the mailbox, Dovecot says "with LMTP", and Postfix's log names the socket.
    """
    socket = lmtp_trace.socket or "the LMTP socket"
    expected = f"in the mailbox, Received: … with LMTP, and status=sent with relay=…[{socket}]"
    observed = f"{lmtp_trace}"
    if not lmtp_trace.taken:
        observed = f"SMTP did not take the message: {lmtp_trace.reply}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    if lmtp_trace.arrived and lmtp_trace.by_lmtp and not lmtp_trace.sent:
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    arrived = lmtp_trace.arrived and lmtp_trace.by_lmtp
    return judge(arrived and lmtp_trace.through_socket, observed=observed, expected=expected)


@control("LMTP-11")
def test_no_copy_beside_dovecot(lmtp_trace: LmtpTrace) -> Judgement:
    """
    The message is in no mbox file and no Maildir that Dovecot does not keep.
    """
    expected = "the message in Dovecot's mailbox only, not in /var/mail or the home directory"
    if lmtp_trace.copies or lmtp_trace.past_dovecot:
        written = "; ".join(f"{each}" for each in lmtp_trace.past_dovecot) or "nothing about it"
        observed = f"found in: {', '.join(lmtp_trace.copies) or '-'}; the log says: {written}"
        return judge(False, observed=observed, expected=expected)
    if not lmtp_trace.own_places or not lmtp_trace.final:
        observed = f"{lmtp_trace}" if lmtp_trace.own_places else "Dovecot does not tell its places"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    where = ", ".join(lmtp_trace.searched) or "no other place of the account exists"
    return judge(True, observed=f"searched: {where}", expected=expected)
