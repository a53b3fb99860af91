"""
How the audited server is set up to replicate (guide 1.4).
"""

from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.pair import PairFacts
from mailvet.facts.replication import LEAST_PASSWORD
from mailvet.model import Cause, Judgement, Target, judge, unverified
from mailvet.plugin import control


@control("REPL-01")
def test_plugins_loaded(pair: PairFacts) -> Judgement:
    """
    notify and replication are among the mail_plugins of every protocol that changes mail.
    """
    loaded = "; ".join(f"{name}: {' '.join(words)}" for name, words in pair.own.plugins)
    expected = "notify and replication for every protocol that changes mail"
    if not pair.own.plugins:
        observed = "doveconf shows the plug-ins of no protocol"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    lacking = "; ".join(pair.own.lacking)
    return judge(not lacking, observed=lacking or loaded, expected=expected)


@control("REPL-02")
def test_replicator_kept_running(pair: PairFacts) -> Judgement:
    """
    process_min_avail of the replicator is at least 1, and such a process runs.
    """
    least, running = pair.own.least_replicators, pair.own.replicators
    expected = "process_min_avail of at least 1, and a replicator process"
    observed = f"process_min_avail = {least}, processes: {running}"
    if running is None and least >= 1:
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(least >= 1 and bool(running), observed=observed, expected=expected)


@control("REPL-03")
def test_control_socket_private(pair: PairFacts, target: Target) -> Judgement:
    """
    The mail account, and nobody else, may open replicator-doveadm.
    """
    owner = target.expect.dovecot.mail_user
    faults = pair.own.control.faults(owner, "socket")
    observed = faults or f"{pair.own.control.stat}"
    return judge(not faults, observed=observed, expected=f"a socket of {owner} with mode 600")


@control("REPL-04")
def test_notifications_owned(pair: PairFacts, target: Target) -> Judgement:
    """
    The mail account owns the pipe and the socket that report changes.
    """
    owner = target.expect.dovecot.mail_user
    parts = ((pair.own.fifo, "fifo"), (pair.own.notify, "socket"))
    faults = [fault for each, kind in parts if (fault := each.faults(owner, kind))]
    seen = "; ".join(f"{each.stat}" for each, _ in parts)
    expected = f"a pipe and a socket of {owner}, closed to others"
    return judge(not faults, observed="; ".join(faults) or seen, expected=expected)


@control("REPL-05")
def test_listens_for_partner(
    pair: PairFacts, listeners: ListenerFacts, target: Target
) -> Judgement:
    """
    The doveadm service is configured for the declared port, and Dovecot holds it.
    """
    port = target.expect.replication.port
    held = [each for each in listeners.on(port) if not each.loopback]
    configured = ", ".join(str(each.port) for each in pair.own.ports) or "none"
    seen = "; ".join(f"{each}" for each in held) or f"nobody listens on port {port}"
    expected = f"the doveadm service listens on port {port}"
    observed = f"doveadm's ports: {configured}; {seen}"
    if held and all(each.holder == "unknown" for each in held):
        return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
    satisfied = pair.own.serves(port) is not None and any(e.holder == "dovecot" for e in held)
    return judge(satisfied, observed=observed, expected=expected)


@control("REPL-06")
def test_password_strong(pair: PairFacts) -> Judgement:
    """
    doveadm_password is set, long, and not the one of the guide's example.
    """
    length = pair.own.password_length
    said = "is the one of the guide's example" if pair.own.sample else f"has {length} characters"
    return judge(
        length >= LEAST_PASSWORD and not pair.own.sample,
        observed=f"doveadm_password {said}" if length else "doveadm_password is not set",
        expected=f"a doveadm_password of one's own with at least {LEAST_PASSWORD} characters",
    )


@control("REPL-07")
def test_password_files_private(pair: PairFacts) -> Judgement:
    """
    Every file that sets doveadm_password belongs to root, and only root reads it.
    """
    files = pair.own.password_files
    expected = "owner root:root, mode 600 or stricter"
    if not files:
        observed = "no file in Dovecot's configuration sets doveadm_password"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    wrong = [f"{e}" for e in files if not e.only_root_writes or e.mode & 0o177 or e.acl]
    seen = "; ".join(wrong or [f"{each}" for each in files])
    return judge(not wrong, observed=seen, expected=expected)


@control("REPL-08")
def test_parallel_syncs(pair: PairFacts, target: Target) -> Judgement:
    """
    replication_max_conns is the declared number, or any if none is declared.
    """
    found, wanted = pair.own.most_connections, target.expect.replication.max_connections
    return judge(
        found > 0 and wanted in {0, found},
        observed=f"replication_max_conns = {found}",
        expected=f"replication_max_conns = {wanted or 'more than 0'}",
    )


@control("REPL-09")
def test_users_listed(pair: PairFacts) -> Judgement:
    """
    doveadm lists the users, every test account among them.
    """
    missing = ", ".join(pair.own.unlisted)
    found = f"{pair.own.users} users" if pair.own.users else "no user"
    return judge(
        bool(pair.own.users) and not missing,
        observed=f"{found}; not among them: {missing}" if missing else found,
        expected="doveadm user '*' lists all users",
    )


@control("REPL-10")
def test_mail_account_accesses(pair: PairFacts, target: Target) -> Judgement:
    """
    The mail of every test account is accessed under the number of the mail account.
    """
    user = target.expect.dovecot.mail_user
    expected = f"the number of {user} for every test account"
    if not pair.own.owners:
        observed = "the inventory names no account to look up"
        return unverified(Cause.CREDENTIALS, observed=observed, expected=expected)
    seen = ", ".join(f"{name}: {number or 'no such user'}" for name, number in pair.own.owners)
    right = {number for _, number in pair.own.owners} == {pair.own.mail_uid}
    observed = f"{user} is {pair.own.mail_uid or 'unknown'}; {seen}"
    return judge(right and bool(pair.own.mail_uid), observed=observed, expected=expected)
