"""
What a mail server calls itself: in its greeting, its EHLO reply and the trace that it leaves.
"""

import re

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.session import SessionFacts

_BY = re.compile(r"\bby\s+([^\s;()]+)")

Named = tuple[str, str | None]
"""A place, and the name there: empty if there is none, None if nobody could look."""


def names_on_the_wire(session: SessionFacts, delivery: DeliveryFacts) -> tuple[Named, ...]:
    """
    The server's name in each place (RFC 5321 §4.2, §4.1.1.1, §4.4).
    """
    welcomed = session.greeting is not None and session.greeting.positive
    greeting = _first_word(session.greeting.text) if session.greeting and welcomed else None
    hello = _first_word(session.hello) if session.hello else None
    return (
        ("greeting", greeting),
        ("EHLO reply", hello),
        ("Received", _first_hop(delivery) if delivery.arrived else None),
    )


def _first_hop(delivery: DeliveryFacts) -> str:
    """
    Who took the message from us: later hops, such as content filters, have names of their own.
    """
    found = _BY.search(delivery.received[-1]) if delivery.received else None
    return found[1].rstrip(".") if found else ""


def _first_word(text: str) -> str:
    return next(iter(text.split()), "").rstrip(".")
