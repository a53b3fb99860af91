"""
The checks of area postfix, each with facts that satisfy it and facts that do not.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.local_post import LocalPostFacts
from mailvet.facts.mail_log import LogSource, MailLogFacts
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.postfix_host import PostfixHostFacts
from mailvet.facts.replies import Reply
from mailvet.facts.running import Daemon, FileTime, Process, RunningFacts
from mailvet.facts.session import SessionFacts
from mailvet.facts.smtpd import SmtpdFacts, SmtpdService
from mailvet.facts.tables import AliasFacts, Table, TableFacts
from mailvet.model import Expectations, Judgement, Verdict
from tests.fakes.context import HOST_NAME, make_target
from tests.fakes.posted import POSTED

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
UNVERIFIED, NOT_APPLICABLE = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

HOST = PostfixHostFacts(
    manager="rpm",
    sendmail_packages=(),
    sendmail="/usr/sbin/sendmail.postfix",
    owner="postfix",
    origin="example.com",
    registration="yes",
    registration_said="",
    commands=(),
)


@pytest.fixture(name="check")
def check_of_this_area(load_check: Load) -> Load:
    """Loads a check of this area."""
    return partial(load_check, "postfix")


def postfix(*services: MasterService, **settings: str) -> PostfixConfig:
    """A configuration with these effective settings."""
    return PostfixConfig("3.5.25", "/etc/postfix", settings, settings, services, (), ())


def service(
    key: str = "submission/inet", program: str = "smtpd", **overrides: str
) -> MasterService:
    """A service of master.cf with these overrides."""
    name, _, kind = key.partition("/")
    return MasterService(name, kind, False, True, False, program, tuple(overrides.items()))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (HOST, PASS),
        (replace(HOST, sendmail_packages=("sendmail",)), FAIL),
        (replace(HOST, sendmail="/usr/sbin/sendmail.sendmail", owner="sendmail"), FAIL),
        (replace(HOST, sendmail="/usr/local/sbin/mta", owner=""), FAIL),
        (replace(HOST, manager="", owner=""), UNVERIFIED),
    ],
)
def test_sendmail_is_gone(check: Load, facts: PostfixHostFacts, verdict: Verdict) -> None:
    """Neither its package is there, nor another program of that name."""
    assert check("test_host", "test_sendmail_is_gone")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("registration", "verdict"),
    [("yes", PASS), ("no", FAIL), ("unknown", UNVERIFIED), ("none", NOT_APPLICABLE)],
)
def test_registered(check: Load, registration: str, verdict: Verdict) -> None:
    """Only what subscription-manager denies is a failure."""
    facts = replace(HOST, registration=registration)

    assert check("test_host", "test_registered_for_updates")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        (HOST_NAME, PASS),
        (HOST_NAME.upper(), PASS),
        ("localhost.localdomain", FAIL),
        ("mail1", FAIL),
        (f"<{HOST_NAME}>", FAIL),
    ],
)
def test_host_name(check: Load, name: str, verdict: Verdict) -> None:
    """Only the declared name will do, in whatever case."""
    config = postfix(myhostname=name)

    assert check("test_names", "test_host_name")(config, make_target()).verdict is verdict


TAKEN = DeliveryFacts(
    endpoint="smtp",
    message_id="<a@b>",
    sender="",
    recipient="bob@example.com",
    standpoint="direct",
    accepted=True,
    step="DATA",
    reply=Reply("250", "2.0.0 Ok", ()),
    personal=False,
    queue_id="",
    arrived=True,
    mailbox="INBOX",
    copies=1,
    seconds=0.1,
    received=(
        "from filter by localhost (filter) with ESMTP id 1; now",
        f"from a.invalid (unknown [192.0.2.1]) by {HOST_NAME} (Postfix) with ESMTPS id 2; now",
    ),
    left=(),
    transcript=(),
)


def session(greeting: str = f"{HOST_NAME} ESMTP", hello: str = HOST_NAME) -> SessionFacts:
    """A session with this greeting and this first line of the EHLO reply."""
    return SessionFacts(Reply("220", greeting, ()), None, None, "", None, None, hello, ())


@pytest.mark.parametrize(
    ("seen", "delivery", "verdict"),
    [
        (session(), TAKEN, PASS),
        (session("hello"), TAKEN, FAIL),
        (session(hello="localhost"), TAKEN, FAIL),
        (session("", HOST_NAME), TAKEN, FAIL),
        (session(), replace(TAKEN, received=("by other.example.com with SMTP",)), FAIL),
        (session(), replace(TAKEN, arrived=False), UNVERIFIED),
        (session(hello=""), TAKEN, UNVERIFIED),
        (session("hello"), replace(TAKEN, arrived=False), FAIL),
    ],
)
def test_name_on_the_wire(
    check: Load, seen: SessionFacts, delivery: DeliveryFacts, verdict: Verdict
) -> None:
    """One wrong name fails; a place where nobody could look proves nothing."""
    found = check("test_names", "test_name_on_the_wire")(seen, delivery, make_target())

    assert found.verdict is verdict


@pytest.mark.parametrize(("domain", "verdict"), [("example.com", PASS), ("example", FAIL)])
def test_domain(check: Load, domain: str, verdict: Verdict) -> None:
    """The mail domain is declared in the profile."""
    config = postfix(mydomain=domain)

    assert check("test_names", "test_domain")(config, make_target()).verdict is verdict


def test_domain_that_nobody_declared(check: Load) -> None:
    """Without a declared mail domain the question does not arise."""
    found = check("test_names", "test_domain")(
        postfix(mydomain="example"), make_target(expect=Expectations())
    )

    assert found.verdict is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("written", "origin", "verdict"),
    [
        ("example.com", "example.com", PASS),
        ("/etc/mailname", "example.com", PASS),
        ("/etc/mailname", HOST_NAME, FAIL),
        (HOST_NAME, HOST_NAME, FAIL),
        ("/etc/mailname", "", FAIL),
    ],
)
def test_origin(check: Load, written: str, origin: str, verdict: Verdict) -> None:
    """The content of a file counts, not its name."""
    config = postfix(mydomain="example.com", myorigin=written)
    facts = replace(HOST, origin=origin)

    assert check("test_names", "test_origin")(config, facts).verdict is verdict


CLOSED = (("smtpd_relay_restrictions", ("reject_unauth_destination",)),)


def smtpd(lists: tuple[tuple[str, tuple[str, ...]], ...] = CLOSED) -> SmtpdFacts:
    """The service submission with these restrictions."""
    one = SmtpdService("submission/inet", lists, True, True, "may", False)
    return SmtpdFacts((one,), (), (), ())


STRICT = {
    "smtpd_tls_security_level": "may",
    "smtpd_tls_auth_only": "yes",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_security_options": "noanonymous, noplaintext",
    "mynetworks": "127.0.0.0/8 [::1]/128",
}
ANONYMOUS_ONLY = service(smtpd_sasl_security_options="noanonymous")


@pytest.mark.parametrize(
    ("override", "verdict"),
    [
        (service(), PASS),
        (service(smtpd_tls_security_level="encrypt"), PASS),
        (service(smtpd_tls_security_level="none"), FAIL),
        (service(smtpd_tls_security_level="none", smtpd_tls_wrappermode="yes"), PASS),
        (service(smtpd_tls_auth_only="no"), FAIL),
        (service(smtpd_tls_auth_only="no", smtpd_tls_security_level="encrypt"), PASS),
        (service(mynetworks="127.0.0.1/32"), PASS),
        (service(mynetworks="0.0.0.0/0"), FAIL),
        (service(mynetworks="hash:/etc/postfix/networks"), UNVERIFIED),
        (service(smtpd_sasl_security_options="noplaintext"), FAIL),
        (ANONYMOUS_ONLY, PASS),
        (service(key="127.0.0.1:10025/inet", mynetworks="0.0.0.0/0"), PASS),
    ],
)
def test_overrides(check: Load, override: MasterService, verdict: Verdict) -> None:
    """An override may be stricter, and laxer only where that has no effect."""
    found = check("test_settings", "test_overrides_are_as_strict")(
        postfix(override, **STRICT), smtpd()
    )

    assert found.verdict is verdict


def test_overridden_restrictions_that_refuse_nothing(check: Load) -> None:
    """A list of its own that lets strangers relay fails; one that cannot be read is unclear."""
    config = postfix(service(smtpd_relay_restrictions="permit"), **STRICT)
    judged = check("test_settings", "test_overrides_are_as_strict")
    policy = ("check_policy_service unix:private/policy", "reject_unauth_destination")

    assert judged(config, smtpd(())).verdict is FAIL
    hidden = smtpd((("smtpd_relay_restrictions", policy),))
    assert judged(config, hidden).verdict is UNVERIFIED


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        (postfix(smtp_tls_security_level="may"), PASS),
        (postfix(smtp_tls_security_level="dane"), PASS),
        (postfix(smtp_tls_security_level=""), FAIL),
        (postfix(smtp_tls_security_level="none", smtp_use_tls="yes"), FAIL),
        (postfix(smtp_tls_security_level="", smtp_use_tls="yes"), PASS),
        (
            postfix(
                service("smtp/unix", "smtp", smtp_tls_security_level="none"),
                smtp_tls_security_level="may",
            ),
            FAIL,
        ),
        (
            postfix(
                service("old-partner/unix", "smtp", smtp_tls_security_level="none"),
                smtp_tls_security_level="may",
            ),
            PASS,
        ),
    ],
)
def test_outgoing_tls(check: Load, config: PostfixConfig, verdict: Verdict) -> None:
    """Any level but none will do on the default transports."""
    assert check("test_settings", "test_outgoing_mail_is_encrypted")(config).verdict is verdict


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        (postfix(), PASS),
        (postfix(smtp_tls_loglevel="1", smtpd_tls_loglevel="1"), PASS),
        (postfix(smtp_tls_loglevel="4"), FAIL),
        (postfix(service(smtpd_tls_loglevel="2"), smtpd_tls_loglevel="1"), FAIL),
    ],
)
def test_tls_log_level(check: Load, config: PostfixConfig, verdict: Verdict) -> None:
    """More than a summary of each handshake is for debugging."""
    assert check("test_settings", "test_tls_log_level")(config).verdict is verdict


GOOD_TABLE = Table("hash", "/etc/aliases", True, True, False, None, "")
STALE = replace(GOOD_TABLE, older=True)
OTHER_STALE = replace(STALE, path="/etc/postfix/virtual")
SOMEBODY = AliasFacts(
    "example.com", "hash:/etc/aliases", ("postmaster@example.com -> alice",), ("account alice",)
)
NOBODY = replace(SOMEBODY, ends=("nobody alice",))


@pytest.mark.parametrize(
    ("found", "current", "somebody"),
    [
        (TableFacts((GOOD_TABLE,), SOMEBODY, ()), PASS, PASS),
        (TableFacts((STALE,), SOMEBODY, ()), FAIL, FAIL),
        (TableFacts((GOOD_TABLE, OTHER_STALE), SOMEBODY, ()), FAIL, PASS),
        (TableFacts((GOOD_TABLE,), NOBODY, ()), PASS, FAIL),
        (TableFacts((), SOMEBODY, ()), PASS, PASS),
    ],
)
def test_tables_and_postmaster(
    check: Load, found: TableFacts, current: Verdict, somebody: Verdict
) -> None:
    """Stale aliases are both controls' business, other tables are not the postmaster's."""
    config = postfix(mydestination="example.com")

    assert check("test_tables", "test_tables_are_current")(found).verdict is current
    judged = check("test_tables", "test_postmaster_is_defined")(found, config)
    assert judged.verdict is somebody


def test_a_null_client_needs_no_postmaster(check: Load) -> None:
    """Nothing is delivered there, so the question does not arise."""
    elsewhere = AliasFacts("example.com", "", (), ("elsewhere postmaster@example.com",))
    facts = TableFacts((), elsewhere, ())

    judged = check("test_tables", "test_postmaster_is_defined")(facts, postfix(mydestination=""))
    assert judged.verdict is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (POSTED, PASS),
        (replace(POSTED, return_path=""), PASS),
        (replace(POSTED, origin=f"alice@{HOST_NAME}"), FAIL),
        (replace(POSTED, return_path=f"<alice@{HOST_NAME}>"), FAIL),
        (replace(POSTED, origin="alice"), FAIL),
        (replace(POSTED, arrived=False), UNVERIFIED),
        (replace(POSTED, taken=False, arrived=False, said="fatal"), UNVERIFIED),
    ],
)
def test_local_mail(check: Load, facts: LocalPostFacts, verdict: Verdict) -> None:
    """A message that did not arrive shows no sender."""
    config = postfix(mydomain="example.com")

    assert check("test_names", "test_local_mail_gets_the_domain")(facts, config).verdict is verdict


def running(main: float, lists: float = 0.0, *, queue: float | None = 500.0) -> RunningFacts:
    """Files of that age, a queue manager that began then, and an smtpd that began at 600."""
    processes = (Process(3, "smtpd", 600.0), Process(4, "tlsmgr", 200.0))
    manager = (Process(2, "qmgr", queue),) if queue else ()
    daemon = Daemon("postfix", 100.0, ("master", "-w"), (*manager, *processes))
    times = (FileTime("main.cf", main, main), FileTime("clients", lists, lists))
    groups = {"postfix": ("main.cf",), "lists": ("clients",)}
    return RunningFacts(1000.0, (daemon,), times, groups, "", ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (running(400.0), PASS),
        (running(550.0), FAIL),
        (running(400.0, 550.0), PASS),
        (running(400.0, 650.0), FAIL),
        (running(400.0, queue=None), UNVERIFIED),
        (replace(running(400.0), daemons=()), UNVERIFIED),
        (replace(running(400.0), files=(FileTime("main.cf", 400.0, 550.0),)), UNVERIFIED),
    ],
)
def test_configuration_in_force(check: Load, facts: RunningFacts, verdict: Verdict) -> None:
    """Tables count from the oldest process that reads them, the rest from the last reload."""
    assert check("test_running", "test_configuration_is_in_force")(facts).verdict is verdict


LOG = LogSource("journal", 100.0, 50, False)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (MailLogFacts(200.0, (LOG,), (), ()), PASS),
        (MailLogFacts(200.0, (LOG,), ("postfix/smtpd[1]: fatal: x",), ()), FAIL),
        (MailLogFacts(200.0, (), (), ()), UNVERIFIED),
        (MailLogFacts(200.0, (replace(LOG, lines=0),), (), ()), UNVERIFIED),
        (MailLogFacts(200.0, (replace(LOG, begins=300.0),), (), ()), UNVERIFIED),
        (MailLogFacts(200.0, (replace(LOG, begins=300.0), LOG), (), ()), PASS),
    ],
)
def test_log(check: Load, facts: MailLogFacts, verdict: Verdict) -> None:
    """Silence proves something only in a log that was written to."""
    assert check("test_running", "test_log_is_clean")(facts).verdict is verdict
