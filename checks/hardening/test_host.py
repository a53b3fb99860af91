"""
The queue and the accounts, out of the reach of others (guide 2.10.1), and room for the queue.
"""

from mailvet.facts.hardening import HardeningFacts
from mailvet.facts.limits import space_needed
from mailvet.facts.postfix import PostfixConfig
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("HARD-01")
def test_queue_is_not_on_nfs(hardening: HardeningFacts) -> Judgement:
    """
    No directory of the queue comes over NFS, unless with Kerberos.
    """
    expected = "no directory of the queue comes over NFS without Kerberos"
    wrong = ", ".join(str(each) for each in hardening.on_nfs)
    if hardening.unknown and not wrong:
        observed = f"the file system of {hardening.queue or 'the queue'} cannot be told"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    kinds = sorted({each.mounted or each.file_system for each in hardening.folders})
    observed = wrong or f"{hardening.queue}: {', '.join(kinds)}"
    return judge(not wrong, observed=observed, expected=expected)


@control("HARD-02")
def test_queue_is_not_exported(hardening: HardeningFacts) -> Judgement:
    """
    No export contains the queue or a part of it.
    """
    expected = "no NFS export contains the queue"
    if not hardening.queue:
        observed = "the queue directory does not exist"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    wrong = ", ".join(hardening.exported)
    observed = f"exported: {wrong}" if wrong else f"{len(hardening.exports)} exports without it"
    return judge(not wrong, observed=observed, expected=expected)


@control("HARD-03")
def test_no_shells(hardening: HardeningFacts, target: Target) -> Judgement:
    """
    Only declared accounts have a shell.
    """
    allowed = target.expect.hardening.shell_users
    expected = f"no shell for mail users and people other than {', '.join(allowed) or 'nobody'}"
    if not hardening.listed:
        observed = "getent lists no accounts"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    wrong = hardening.with_shell(allowed)
    observed = (
        f"with a shell: {', '.join(wrong)}" if wrong else f"{len(hardening.accounts)} without"
    )
    return judge(not wrong, observed=observed, expected=expected)


@control("HARD-10")
def test_queue_has_room(hardening: HardeningFacts, postfix: PostfixConfig) -> Judgement:
    """
    More is free now than Postfix demands.
    """
    needed = space_needed(postfix)
    expected = "more free space than queue_minfree, and than 1.5 messages of the largest size"
    if needed is None or hardening.free is None:
        observed = "messages may have any size" if needed is None else "stat -f does not tell"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    observed = f"{hardening.free:,} octets are free, {needed:,.0f} are needed"
    return judge(hardening.free > needed, observed=observed, expected=expected)
