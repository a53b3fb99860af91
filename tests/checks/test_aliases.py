"""
The checks of area aliases, each with facts that satisfy it and facts that do not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailvet.facts.alias_mail import AliasDeliveries, AliasRecipients
from mailvet.facts.alias_maps import AliasMap, AliasMapFacts, Answer
from mailvet.facts.delivery import DeliveryFacts
from mailvet.facts.files import FileStat
from mailvet.facts.ldap_table import LdapTable, parse_ldap_table
from mailvet.facts.packages import PackageFacts
from mailvet.facts.recipients import RecipientReply
from mailvet.facts.replies import Reply
from mailvet.facts.standpoint import Standpoint
from mailvet.facts.tables import AliasFacts, Table, TableFacts
from mailvet.model import ExpectAliases, Expectations, Judgement, Target, Verdict
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE
FILE, DIRECTORY = "hash:/etc/postfix/virtual", "proxy:ldap:/etc/postfix/ldap.cf"
INFO, HELP, NOBODY = "info@shop.example", "help@shop.example", "nobody@example.com"
BOB = "bob@example.com"
ALIASES = ExpectAliases(known={INFO: BOB}, directory={HELP: BOB})
LDAP = """server_host = ldaps://ldap1.example.com
search_base = dc=example,dc=com
version = 3
tls_require_cert = yes
bind_pw = ***
"""


def load(name: str) -> Any:  # noqa: ANN401
    """A fixture that loads checks of one file."""
    return pytest.fixture(name=name)(
        lambda load_check: partial(load_check, "aliases", f"test_{name}")
    )


virtual, directory, delivery = load("virtual"), load("directory"), load("delivery")


def server(expect: ExpectAliases = ALIASES, *roles: str) -> Target:
    """A host with these aliases."""
    every = roles or ("postfix", "mx", "virtual-aliases", "ldap-aliases")
    return make_target(roles=every, expect=Expectations(aliases=expect))


def table(text: str = LDAP, mode: int = 0o640, name: str = DIRECTORY) -> LdapTable:
    """A definition of a table in a directory."""
    path = "/etc/postfix/ldap.cf"
    stat = FileStat(path, path, "file", mode, "root", "postfix")
    return LdapTable(name, path if "/" in name else "", stat, parse_ldap_table(text))


def maps(**changes: Any) -> AliasMapFacts:  # noqa: ANN401
    """A file and a directory in good order, but for *changes*."""
    good = AliasMapFacts(
        maps=(AliasMap(FILE, source=True), AliasMap(DIRECTORY)),
        others=(),
        answers=(
            Answer(INFO, FILE, BOB, ""),
            Answer(INFO, DIRECTORY, "", ""),
            Answer(HELP, FILE, "", ""),
            Answer(HELP, DIRECTORY, BOB, ""),
            Answer(NOBODY, FILE, "", ""),
            Answer(NOBODY, DIRECTORY, "", ""),
        ),
        stranger=NOBODY,
        directories=(table(),),
        types=("hash", "ldap"),
        commands=(),
    )
    return dataclasses.replace(good, **changes)


FILE_ALONE = maps(maps=(AliasMap(FILE, source=True),), directories=())
DIRECTORY_ALONE = maps(maps=(AliasMap(DIRECTORY),))
SILENT = maps(
    answers=(
        *maps().answers[:3],
        *(Answer(each, DIRECTORY, "", "Unable to bind to server") for each in (HELP, NOBODY)),
    )
)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (maps(), PASS),
        (FILE_ALONE, PASS),
        (maps(maps=(AliasMap("proxy:mysql:/etc/postfix/aliases.cf"),)), PASS),
        (DIRECTORY_ALONE, FAIL),
        (maps(maps=()), FAIL),
    ],
)
def test_alias_01(virtual: Load, facts: AliasMapFacts, verdict: Verdict) -> None:
    """A directory alone is not enough."""
    assert virtual("test_table_is_referenced")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (maps(), PASS),
        (maps(maps=(AliasMap(FILE, True, ("<a@b.example> c",)),)), FAIL),
        (DIRECTORY_ALONE, NA),
    ],
)
def test_alias_02(virtual: Load, facts: AliasMapFacts, verdict: Verdict) -> None:
    """Angle brackets."""
    assert virtual("test_table_is_well_formed")(facts).verdict is verdict


def compiled(*, same: bool | None = True, kind: str = "hash") -> TableFacts:
    """The table, compiled or not."""
    found = Table(kind, "/etc/postfix/virtual", True, same is not None, False, same, "")
    return TableFacts((found,), AliasFacts("", "", (), ()), ())


@pytest.mark.parametrize(
    ("facts", "tables", "verdict"),
    [
        (maps(), compiled(), PASS),
        (maps(), compiled(same=False), FAIL),
        (maps(), compiled(same=None), FAIL),
        (maps(), compiled(same=False, kind="btree"), NA),
        (DIRECTORY_ALONE, compiled(same=False), NA),
    ],
)
def test_alias_03(
    virtual: Load, facts: AliasMapFacts, tables: TableFacts, verdict: Verdict
) -> None:
    """Other tables are another control's."""
    assert virtual("test_table_is_compiled")(facts, tables).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "expect", "verdict"),
    [
        (maps(), ALIASES, PASS),
        (maps(), ExpectAliases(known={INFO: "carol@example.com"}), FAIL),
        (maps(), ExpectAliases(known={"press@shop.example": BOB}), FAIL),
        (SILENT, ExpectAliases(known={HELP: BOB}), OPEN),
        (maps(), ExpectAliases(), OPEN),
    ],
)
def test_alias_04(
    virtual: Load, facts: AliasMapFacts, expect: ExpectAliases, verdict: Verdict
) -> None:
    """What cannot be asked proves nothing."""
    found = virtual("test_aliases_lead_where_they_should")(facts, server(expect))
    assert found.verdict is verdict


def rcpt(address: str, text: str) -> RecipientReply:
    """A reply to RCPT."""
    return RecipientReply(address, address, Reply(text[:3], text[4:], (text,)))


PLACE = Standpoint("outside", None, "192.0.2.1")
FINE, LATER = "250 2.1.5 Ok", "450 4.2.0 Greylisted"
GONE, RELAY = "550 5.1.1 User unknown", "554 5.7.1 Relay access denied"


def seen(*, alias: str = FINE, unknown: str = GONE) -> AliasRecipients:
    """What was said from outside."""
    return AliasRecipients(PLACE, (rcpt(INFO, alias),), (rcpt("x@shop.example", unknown),), ())


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (seen(), PASS),
        (seen(alias=RELAY), FAIL),
        (seen(alias=GONE), FAIL),
        (seen(alias=LATER), OPEN),
        (seen(alias="454 4.7.1 <info@shop.example>: Relay access denied"), FAIL),
    ],
)
def test_alias_05(virtual: Load, facts: AliasRecipients, verdict: Verdict) -> None:
    """Greylisting proves nothing."""
    assert virtual("test_domains_are_accepted")(facts).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "catch_all", "verdict"),
    [
        (seen(), False, PASS),
        (seen(unknown=FINE), False, FAIL),
        (seen(unknown=FINE), True, NA),
        (seen(unknown=RELAY), False, OPEN),
        (seen(unknown=LATER), False, OPEN),
    ],
)
def test_alias_06(virtual: Load, facts: AliasRecipients, catch_all: bool, verdict: Verdict) -> None:
    """Refused as an unknown user, not for another reason."""
    expect = dataclasses.replace(ALIASES, catch_all=catch_all)
    found = virtual("test_unknown_addresses_are_refused")(facts, server(expect))
    assert found.verdict is verdict


def message(recipient: str = INFO, **changes: Any) -> DeliveryFacts:  # noqa: ANN401
    """A message that arrived, but for *changes*."""
    good = DeliveryFacts(
        endpoint="smtp",
        message_id="<x@example.com>",
        sender="",
        recipient=recipient,
        standpoint="direct",
        accepted=True,
        step="DATA",
        reply=Reply("250", "2.0.0 Ok", ("250 2.0.0 Ok",)),
        personal=False,
        queue_id="4AB",
        arrived=True,
        mailbox="INBOX",
        copies=1,
        seconds=0.5,
        received=(),
        left=(),
        transcript=(),
    )
    return dataclasses.replace(good, **changes)


def sent(
    *messages: DeliveryFacts,
    failures: tuple[tuple[str, str], ...] = (),
    untried: tuple[str, ...] = (),
) -> AliasDeliveries:
    """What became of *messages*."""
    return AliasDeliveries(messages, failures, untried)


@pytest.mark.parametrize(
    ("facts", "known", "listed"),
    [
        (sent(message(INFO), message(HELP)), PASS, PASS),
        (sent(message(INFO, arrived=False), message(HELP)), FAIL, PASS),
        (sent(message(INFO, copies=2), message(HELP)), FAIL, PASS),
        (sent(message(INFO), message(HELP, accepted=False, arrived=False)), PASS, FAIL),
        (sent(message(INFO, arrived=False, personal=True), message(HELP)), OPEN, PASS),
        (sent(message(INFO)), PASS, OPEN),
        (sent(message(INFO), failures=((HELP, "no place outside"),)), PASS, OPEN),
    ],
)
def test_alias_07_and_28(
    delivery: Load, facts: AliasDeliveries, known: Verdict, listed: Verdict
) -> None:
    """Each has aliases of its own."""
    here = delivery("test_mail_to_aliases_arrives")(facts, server())
    there = delivery("test_mail_to_aliases_of_the_directory_arrives")(facts, server())
    assert (here.verdict, there.verdict) == (known, listed)


def test_aliases_without_a_message_are_named(delivery: Load) -> None:
    """A pass says what it rests on."""
    aliases = dataclasses.replace(
        ALIASES, known={**ALIASES.known, "far@shop.example": "x@y.example"}
    )
    facts = sent(message(INFO), message(HELP), untried=("far@shop.example",))
    found = delivery("test_mail_to_aliases_arrives")(facts, server(aliases))
    assert found.verdict is PASS
    assert "no message was sent to far@shop.example" in found.observed


def test_alias_20(directory: Load) -> None:
    """The type is known, or not."""
    check = directory("test_postfix_speaks_ldap")
    assert check(maps()).verdict is PASS
    assert check(maps(types=("hash",))).verdict is FAIL


def defined(text: str, mode: int = 0o640) -> AliasMapFacts:
    """A directory with this definition."""
    return maps(directories=(table(text, mode),))


@pytest.mark.parametrize(
    ("facts", "verdicts"),
    [
        (maps(), (PASS, PASS, PASS, PASS)),
        (defined(LDAP.replace("search_base", "base")), (FAIL, PASS, PASS, PASS)),
        (defined(LDAP.replace("ldaps:", "ldap:")), (PASS, FAIL, PASS, PASS)),
        (defined(LDAP.replace("= yes", "= no")), (PASS, FAIL, PASS, PASS)),
        (defined(LDAP.replace("ldaps://ldap1.example.com", "localhost")), (PASS, NA, PASS, PASS)),
        (defined(LDAP.replace("= 3", "= 2")), (PASS, PASS, FAIL, PASS)),
        (defined(LDAP.replace("version = 3\n", "")), (PASS, PASS, FAIL, PASS)),
        (defined(LDAP, 0o644), (PASS, PASS, PASS, FAIL)),
        (defined(LDAP.replace("bind_pw = ***\n", ""), 0o644), (PASS, PASS, PASS, NA)),
        (maps(directories=(table(name="ldap:aliases"),)), (OPEN, OPEN, OPEN, OPEN)),
        (FILE_ALONE, (NA, NA, NA, NA)),
    ],
)
def test_alias_21_and_25_to_27(
    directory: Load, facts: AliasMapFacts, verdicts: tuple[Verdict, ...]
) -> None:
    """What the definition says; on RHEL an unset version means 2."""
    rpm = PackageFacts("rpm", (), ())
    found = (
        directory("test_definition_is_complete")(facts),
        directory("test_directory_is_asked_inside_tls")(facts),
        directory("test_protocol_version")(facts, rpm),
        directory("test_definition_is_private")(facts),
    )
    assert tuple(each.verdict for each in found) == verdicts


def test_an_unset_version_is_right_with_debians_package(directory: Load) -> None:
    """There the default is 3."""
    facts = defined(LDAP.replace("version = 3\n", ""))
    check = directory("test_protocol_version")
    assert check(facts, PackageFacts("dpkg", (), ())).verdict is PASS


UNFOUND = maps(answers=tuple(each for each in maps().answers if each.value != BOB))
OTHER = maps(answers=(Answer(HELP, DIRECTORY, HELP, ""), Answer(NOBODY, DIRECTORY, "", "")))
ANYBODY = maps(answers=(Answer(HELP, DIRECTORY, BOB, ""), Answer(NOBODY, DIRECTORY, BOB, "")))


@pytest.mark.parametrize(
    ("facts", "fits", "answers"),
    [
        (maps(), PASS, PASS),
        (SILENT, OPEN, FAIL),
        (OTHER, FAIL, PASS),
        (UNFOUND, FAIL, OPEN),
        (ANYBODY, PASS, FAIL),
        (FILE_ALONE, FAIL, NA),
    ],
)
def test_alias_22_and_24(
    directory: Load, facts: AliasMapFacts, fits: Verdict, answers: Verdict
) -> None:
    """What is found, and whether anything can be."""
    assert directory("test_filter_fits")(facts, server()).verdict is fits
    assert directory("test_directory_answers")(facts, server()).verdict is answers


@pytest.mark.parametrize(
    ("facts", "roles", "verdict"),
    [
        (maps(), ("virtual-aliases", "ldap-aliases"), PASS),
        (FILE_ALONE, ("ldap-aliases",), FAIL),
        (dataclasses.replace(FILE_ALONE, others=("alias_maps",)), ("ldap-aliases",), NA),
        (DIRECTORY_ALONE, ("ldap-aliases",), PASS),
        (DIRECTORY_ALONE, ("virtual-aliases", "ldap-aliases"), FAIL),
    ],
)
def test_alias_23(
    directory: Load, facts: AliasMapFacts, roles: tuple[str, ...], verdict: Verdict
) -> None:
    """Both tables, where both are needed."""
    assert directory("test_directory_is_asked")(facts, server(ALIASES, *roles)).verdict is verdict
