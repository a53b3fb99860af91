"""
What becomes of mail on a host that receives none, and who can hand it in.
"""

from mailvet.facts.local_post import LocalPostFacts
from mailvet.facts.null_client import HandoverFacts, RelayAnswerFacts
from mailvet.facts.reach import ExposureFacts
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("NULL-03")
def test_relay_answers(relay_answer: RelayAnswerFacts) -> Judgement:
    """
    Every relay greets the host.
    """
    observed = "; ".join(map(str, relay_answer.answers))
    expected = "220 from every relay that relayhost names"
    return judge(
        all(each.answers for each in relay_answer.answers), observed=observed, expected=expected
    )


@control("NULL-05")
def test_ports_closed(closed_ports: ExposureFacts) -> Judgement:
    """
    The SMTP ports are closed to a place from which the host can be reached.
    """
    seen = "; ".join(f"{each.port} {each.detail}" for each in closed_ports.ports)
    by = f"seen from {closed_ports.place}, where port {closed_ports.controls[0]} answers"
    return judge(
        not closed_ports.open, observed=f"{seen} ({by})", expected="no connection to 25, 465, 587"
    )


@control("NULL-08")
def test_local_mail_is_refused(handover: HandoverFacts) -> Judgement:
    """
    Mail to the host itself is refused for good, and nobody but error(8) gets it.
    """
    expected = f"{handover.local} is undeliverable, as local_transport = error says"
    found = handover.of(handover.local)
    if found is None:
        return unverified(Cause.BLOCKED, observed=handover.silence, expected=expected)
    refused = not found.deliverable and found.program == "error" and found.dsn.startswith("5")
    return judge(refused, observed=str(found), expected=expected)


@control("NULL-10")
def test_relay_takes_mail(handover: HandoverFacts, target: Target) -> Judgement:
    """
    The declared relay would take mail, and names without a domain get the declared one.
    """
    origin, relays = target.expect.null_client.origin, target.expect.null_client.relays
    names = f"; names without a domain get {origin}" if origin else ""
    way = " or ".join(relays) or "the relay"
    expected = f"{handover.remote} is deliverable through {way}{names}"
    found = handover.of(handover.remote)
    if found is None:
        return unverified(Cause.BLOCKED, observed=handover.silence, expected=expected)
    observed = f"{found}; {handover.bare} becomes {handover.completed or 'unknown'}"
    if found.undecided or (origin and not handover.completed):
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    right = handover.completed_with(origin) and found.deliverable and found.went_to(relays)
    return judge(right, observed=observed, expected=expected)


@control("NULL-11")
def test_mail_arrives(local_post: LocalPostFacts, target: Target) -> Judgement:
    """
    A message that is handed in on the host is found in the mailbox.
    """
    seconds = target.expect.mail.delivery_deadline
    expected = f"in the mailbox within {seconds:g} s"
    return judge(local_post.arrived, observed=str(local_post), expected=expected)
