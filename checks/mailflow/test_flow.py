"""
Mail on its way: submission, port 25, mailboxes (RFC 5321, 6409, 3848).
"""

from mailvet.facts.delivery import DeliveriesFacts, DeliveryFacts
from mailvet.facts.sender_rights import SenderRightsFacts
from mailvet.facts.stored_message import StoredMessageFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("FLOW-01")
def test_submitted_message_arrives(delivery: DeliveryFacts, target: Target) -> Judgement:
    """
    The message is found in time, received with ESMTPSA.
    """
    deadline = target.expect.mail.delivery_deadline
    satisfied = delivery.arrived and "ESMTPSA" in delivery.protocols
    expected = f"arrives within {deadline:g} s, received with ESMTPSA"
    if delivery.postponed:
        return unverified(Cause.BLOCKED, observed=str(delivery), expected=expected)
    return judge(satisfied, observed=str(delivery), expected=expected)


@control("FLOW-02")
def test_strangers_message_arrives(delivery: DeliveryFacts, target: Target) -> Judgement:
    """
    The message is found in time, received with ESMTPS.
    """
    deadline = target.expect.mail.delivery_deadline
    expected = f"taken from outside, arrives within {deadline:g} s, received with ESMTPS"
    observed = f"from {delivery.standpoint}: {delivery}"
    if delivery.personal:
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    satisfied = delivery.arrived and "ESMTPS" in delivery.protocols
    return judge(satisfied, observed=observed, expected=expected)


@control("FLOW-03")
def test_stored_message_reads_alike(stored_message: StoredMessageFacts) -> Judgement:
    """
    What IMAP stored, IMAP and POP3 give back unchanged.
    """
    expected = "the same message through every declared protocol"
    broken = not stored_message.append.positive or bool(stored_message.different)
    if stored_message.unread and not broken:
        return unverified(Cause.BLOCKED, observed=str(stored_message), expected=expected)
    return judge(not broken, observed=str(stored_message), expected=expected)


@control("FLOW-04")
def test_senders_are_restricted(sender_rights: SenderRightsFacts, target: Target) -> Judgement:
    """
    The own address is accepted and another user's is refused.
    """
    if not target.expect.mail.sender_restricted:
        return not_applicable("the profile does not restrict senders (mail.sender_restricted)")
    expected = "the own address accepted, another user's refused"
    if sender_rights.decided:
        satisfied = sender_rights.own_reply.positive and sender_rights.other_refused
        return judge(satisfied, observed=str(sender_rights), expected=expected)
    return unverified(Cause.BLOCKED, observed=str(sender_rights), expected=expected)


@control("FLOW-06")
def test_deleted_messages_are_gone(deliveries: DeliveriesFacts) -> Judgement:
    """
    No message of the audit is found after its owner expunged it.
    """
    expected = "deleted messages are in no mailbox"
    if not any(each.arrived for each in deliveries.deliveries):
        observed = "no message arrived, so none could be deleted"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    observed = f"still there: {', '.join(deliveries.left)}" if deliveries.left else "all are gone"
    return judge(not deliveries.left, observed=observed, expected=expected)
