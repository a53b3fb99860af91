"""
A message that was handed in on a host, and arrived.
"""

from mailvet.facts.local_post import LocalPostFacts

POSTED = LocalPostFacts(
    sender="alice",
    taken=True,
    said="",
    arrived=True,
    seconds=0.5,
    origin="alice@example.com",
    return_path="<alice@example.com>",
    left=(),
    commands=(),
    transcript=(),
)
