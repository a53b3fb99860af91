"""
The checks on the files of Dovecot's configuration, each with facts that pass and facts that fail.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from mailvet.facts.config_tree import Assignment, ConfigTree
from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.issuer import Issued, IssuerFacts
from mailvet.facts.running import Daemon, FileTime, Process, RunningFacts
from mailvet.facts.secret_files import SecretFile, SecretFileFacts
from mailvet.model import Expectations, ExpectDovecot, Judgement, Target, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
UNVERIFIED, NOT_APPLICABLE = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

MAIN = "/etc/dovecot/dovecot.conf"
CONF_D = "/etc/dovecot/conf.d"

TREE = ConfigTree(
    main=MAIN,
    default=True,
    read=(MAIN, f"{CONF_D}/10-auth.conf"),
    includes=(f"{MAIN}: conf.d/*.conf",),
    assignments=(
        Assignment(MAIN, "protocols", "imap"),
        Assignment(f"{CONF_D}/10-auth.conf", "auth_mechanisms", "plain"),
    ),
    unread=(),
    folders=(CONF_D,),
    unexplained=(),
    cut=False,
    documentation=("/usr/share/doc/dovecot",),
    without_documentation="",
    commands=(),
)
OLD = f"{CONF_D}/99-old.conf"
STRANGE = replace(TREE, read=(*TREE.read, OLD), unexplained=(OLD,))
SINGLE = replace(TREE, includes=(), folders=())


@pytest.fixture(name="check")
def check_of_this_module(load_check: Load) -> Callable[[str], Callable[..., Judgement]]:
    """Loads a check of the module."""
    return partial(load_check, "host", "test_dovecot_files")


def running(*arguments: str, loaded: float | None = 500.0, **files: float) -> RunningFacts:
    """Dovecot that was loaded then, and files by their group and the time of their change."""
    log = (Process(2, "log", loaded),) if loaded else ()
    daemon = Daemon("dovecot", 100.0, ("dovecot", "-F", *arguments), log)
    times = tuple(FileTime(group, moment, moment) for group, moment in files.items())
    return RunningFacts(1000.0, (daemon,), times, {each: (each,) for each in files}, MAIN, ())


def declaring(*files: str) -> Target:
    """A host whose profile declares these configuration files."""
    return make_target(expect=Expectations(dovecot=ExpectDovecot(config_files=files)))


@pytest.mark.parametrize(
    ("tree", "facts", "verdict"),
    [
        (TREE, running(), PASS),
        (TREE, running("-c", MAIN), PASS),
        (TREE, replace(running(), daemons=()), PASS),
        (TREE, running("-c", "/srv/dovecot.conf"), FAIL),
        (replace(TREE, default=False), running(), FAIL),
        (replace(TREE, main="/usr/local/etc/dovecot/dovecot.conf"), running(), FAIL),
    ],
)
def test_configuration_folder(
    check: Load, tree: ConfigTree, facts: RunningFacts, verdict: Verdict
) -> None:
    """Tools and daemon have to agree on the one place."""
    assert check("test_configuration_folder")(tree, facts).verdict is verdict


@pytest.mark.parametrize(
    ("tree", "verdict"),
    [
        (TREE, PASS),
        (replace(TREE, documentation=()), FAIL),
        (replace(TREE, documentation=(), without_documentation="nodocs"), NOT_APPLICABLE),
    ],
)
def test_documentation(check: Load, tree: ConfigTree, verdict: Verdict) -> None:
    """Leaving all documentation out is a decision, leaving out this one a fault."""
    assert check("test_documentation")(tree).verdict is verdict


@pytest.mark.parametrize(
    ("tree", "declared", "verdict"),
    [
        (TREE, (), PASS),
        (STRANGE, (), UNVERIFIED),
        (STRANGE, ("99-old.conf",), PASS),
        (STRANGE, (OLD,), PASS),
        (STRANGE, ("50-site.conf",), FAIL),
        (replace(TREE, read=(*TREE.read, f"{CONF_D}/10-ssl.conf.rpmsave")), (), FAIL),
        (replace(TREE, read=(*TREE.read, f"{CONF_D}/10-ssl.conf.bak")), (), FAIL),
    ],
)
def test_nothing_left_over(
    check: Load, tree: ConfigTree, declared: tuple[str, ...], verdict: Verdict
) -> None:
    """What nobody declared is unknown, until the profile says which files there are."""
    found = check("test_nothing_left_over")(tree, declaring(*declared))

    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (running(dovecot=400.0, folders=400.0), PASS),
        (running(dovecot=600.0), FAIL),
        (running(folders=600.0), UNVERIFIED),
        (running("-c", "/srv/dovecot.conf", dovecot=400.0), FAIL),
        (running(loaded=None, dovecot=400.0), UNVERIFIED),
        (replace(running(dovecot=400.0), daemons=()), UNVERIFIED),
        (
            replace(running(dovecot=400.0), files=(FileTime("dovecot", 400.0, 600.0),)),
            UNVERIFIED,
        ),
    ],
)
def test_configuration_in_force(check: Load, facts: RunningFacts, verdict: Verdict) -> None:
    """A newer file fails; a copy with its old date and a changed folder prove nothing."""
    assert check("test_configuration_is_in_force")(facts).verdict is verdict


IDLE = (Assignment(f"{CONF_D}/50-x.conf", "mail_debug", "yes"),)
REPEATED = (Assignment(f"{CONF_D}/50-x.conf", "protocols", "imap pop3"),)


def dovecot(*, complete: bool = True) -> DovecotConfig:
    """A configuration with or without a password database."""
    passdb = Section("passdb", "", (("driver", "pam"),))
    root = Section("", "", (), (passdb,) if complete else ())
    return DovecotConfig("2.3.16", MAIN, (), root, root, (), ())


@pytest.mark.parametrize(
    ("tree", "config", "verdict"),
    [
        (TREE, dovecot(), PASS),
        (SINGLE, dovecot(), PASS),
        (replace(TREE, unread=IDLE), dovecot(), FAIL),
        (replace(SINGLE, unread=IDLE), dovecot(), UNVERIFIED),
        (replace(SINGLE, unread=REPEATED), dovecot(), PASS),
        (replace(SINGLE, unread=REPEATED), dovecot(complete=False), FAIL),
        (replace(TREE, cut=True), dovecot(), UNVERIFIED),
    ],
)
def test_every_file_takes_effect(
    check: Load, tree: ConfigTree, config: DovecotConfig, verdict: Verdict
) -> None:
    """One complete file is as good as a folder of which all is read."""
    assert check("test_every_file_takes_effect")(tree, config).verdict is verdict


OVERRIDE = Assignment("/etc/dovecot/local.conf", "protocols", "pop3")


@pytest.mark.parametrize(
    ("tree", "declared", "verdict"),
    [
        (TREE, (), PASS),
        (replace(TREE, assignments=(*TREE.assignments, OVERRIDE)), (), FAIL),
        (replace(TREE, assignments=(*TREE.assignments, OVERRIDE)), ("local.conf",), PASS),
        (
            replace(
                TREE, assignments=(*TREE.assignments, replace(OVERRIDE, value="$protocols sieve"))
            ),
            (),
            PASS,
        ),
        (replace(TREE, cut=True), (), UNVERIFIED),
    ],
)
def test_no_silent_override(
    check: Load, tree: ConfigTree, declared: tuple[str, ...], verdict: Verdict
) -> None:
    """Extending a value is no override, and a declared one is not silent."""
    assert check("test_no_silent_override")(tree, declaring(*declared)).verdict is verdict


@pytest.mark.parametrize(("mode", "verdict"), [(0o600, PASS), (0o644, FAIL)])
def test_passwords_are_private(check: Load, mode: int, verdict: Verdict) -> None:
    """A file with a password in it is not for everybody."""
    file = FileStat("/etc/x", "/etc/x", "file", mode, "root", "root")
    facts = SecretFileFacts((SecretFile("dnpass", file),), 9, ())

    assert check("test_passwords_are_private")(facts, make_target()).verdict is verdict
    nothing = SecretFileFacts((), 9, ())
    assert check("test_passwords_are_private")(nothing, make_target()).verdict is PASS


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (IssuerFacts("/ca", False, (Issued("/c", True, "OK"),)), PASS),
        (IssuerFacts("/ca", False, (Issued("/c", False, "error 20"),)), FAIL),
        (IssuerFacts("/ca", True, (Issued("/c", False, "error 20"),)), NOT_APPLICABLE),
        (IssuerFacts("", False, ()), NOT_APPLICABLE),
    ],
)
def test_issued_by_the_copied_authority(
    load_check: Load, facts: IssuerFacts, verdict: Verdict
) -> None:
    """Without ssl_ca, and where it is for clients, there is nothing to compare."""
    check = load_check("tls", "test_dovecot_settings", "test_issued_by_the_copied_authority")

    assert check(facts).verdict is verdict
