"""
Every mailbox is opened once before several probes use it.
"""

import asyncio

from mailvet.facts.first_use import FirstUseFacts
from mailvet.model import Protocol, Security
from mailvet.probes.first_use import after_first_use, probe_first_use
from tests.fakes.context import make_context


def test_a_mailbox_that_cannot_be_opened_is_left_to_those_who_judge_it() -> None:
    """
    Nothing listens: no account is opened, and nobody is kept waiting or told of an error.
    """
    context = make_context(1, Protocol.IMAP, Security.IMPLICIT_TLS, timeout=1.0)
    assert asyncio.run(probe_first_use(context)) == FirstUseFacts(())
    asyncio.run(after_first_use(context))
