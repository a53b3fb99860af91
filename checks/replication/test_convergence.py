"""
Changes on the audited server reach its partner in time (guide 1.4).
"""

from mailvet.facts.convergence import MAILBOX, ConvergenceFacts, Operation
from mailvet.model import Cause, Judgement, judge, not_applicable, unverified
from mailvet.plugin import control


@control("REPL-21")
def test_stored_messages_travel(convergence: ConvergenceFacts) -> Judgement:
    """
    A message that is stored through IMAP here is on the partner in time, with the same UID.
    """
    return _travelled(convergence, Operation.APPEND)


@control("REPL-22")
def test_flags_travel(convergence: ConvergenceFacts) -> Judgement:
    """
    A flag and a keyword that are set here are on the partner in time.
    """
    return _travelled(convergence, Operation.FLAGS)


@control("REPL-23")
def test_expunges_travel(convergence: ConvergenceFacts) -> Judgement:
    """
    A message that is expunged here is gone from the partner in time, and stays gone.
    """
    return _travelled(convergence, Operation.EXPUNGE)


@control("REPL-24")
def test_mailboxes_travel(convergence: ConvergenceFacts) -> Judgement:
    """
    A mailbox that is made, subscribed, renamed, deleted here is so on the partner in time.
    """
    return _travelled(convergence, *MAILBOX)


@control("REPL-25")
def test_scripts_travel(convergence: ConvergenceFacts) -> Judgement:
    """
    A Sieve script that is stored here is on the partner in time.
    """
    if convergence.why_unused(Operation.SCRIPT).endswith("is declared"):
        return not_applicable(convergence.why_unused(Operation.SCRIPT))
    return _travelled(convergence, Operation.SCRIPT)


@control("REPL-26")
def test_deliveries_travel(convergence: ConvergenceFacts) -> Judgement:
    """
    A message that comes by LMTP here is on the partner in time.
    """
    return _travelled(convergence, Operation.DELIVERY)


@control("REPL-27")
def test_changes_are_merged(convergence: ConvergenceFacts) -> Judgement:
    """
    Messages that are stored on both servers at once are on both in time, each once.
    """
    return _travelled(convergence, Operation.BOTH)


@control("REPL-29")
def test_no_failed_requests(convergence: ConvergenceFacts) -> Judgement:
    """
    After changes the replicator has no failed requests, and none that wait.
    """
    expected = "no failed requests, and nothing queued after the changes have travelled"
    status = convergence.status
    if status is None or status.exit_status or not status.counters:
        observed = "the replicator does not say anything"
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    shown = "; ".join(f"{name}: {number}" for name, number in status.counters)
    return judge(not status.pending, observed=shown, expected=expected)


@control("REPL-30")
def test_user_was_synchronised(convergence: ConvergenceFacts) -> Judgement:
    """
    The replicator knows the user whose mail was changed, and the last sync went well.
    """
    recent = max(60, int(2 * convergence.limit))
    expected = f"a row for the user, its last sync went well within the last {recent} s"
    if convergence.status is None or convergence.status.exit_status:
        observed = "the replicator does not say anything"
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    user = convergence.status.user
    if user is None:
        return judge(False, observed="the replicator does not know the user", expected=expected)
    age = "never" if user.success is None else f"{user.success} s ago"
    observed = f"{user.user}: {age}{', the last one failed' if user.failed else ''}"
    good = user.success is not None and user.success <= recent and not user.failed
    return judge(good, observed=observed, expected=expected)


def _travelled(convergence: ConvergenceFacts, *operations: Operation) -> Judgement:
    way = f"from {convergence.near} to {convergence.far}"
    expected = f"on {convergence.far} within {convergence.limit:g} s, as it is here"
    observed = f"{way}: {convergence.words(*operations) or 'nothing was tried'}"
    if convergence.missed(*operations):
        return judge(False, observed=observed, expected=expected)
    why = convergence.why_unused(*operations)
    if why or not convergence.of(*operations):
        observed = f"{observed}; {why}" if why else observed
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(True, observed=observed, expected=expected)
