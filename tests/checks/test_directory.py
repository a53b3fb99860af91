"""
The checks of how a directory is asked and what it says, each with facts that satisfy it and not.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from mailvet.facts.backend import BackendFile
from mailvet.facts.backend_tls import BackendServer
from mailvet.facts.backend_users import BackendUsers, Lookup
from mailvet.facts.certificate import Doubt
from mailvet.facts.directory import DirectoryFacts
from mailvet.facts.directory_answers import (
    ClearAnswer,
    DirectoryAnswers,
    DirectoryAnswersFacts,
    Entry,
    LdapResult,
    UserSearch,
)
from mailvet.facts.directory_names import DirectoryNames
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.first_use import FirstUseFacts
from mailvet.facts.ldap_settings import LdapSettings
from mailvet.model import (
    Cause,
    Endpoint,
    Expectations,
    ExpectDovecot,
    Judgement,
    Protocol,
    Security,
    Verdict,
)
from tests.fakes.context import make_target

Load = Callable[..., Callable[..., Judgement]]

PASS, FAIL = Verdict.PASS, Verdict.FAIL
OPEN, NA = Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE

FILE = "/etc/dovecot/dovecot-ldap.conf.ext"
DN = "cn=dovecot_LDAP,dc=example,dc=com"
FILTER = "(&(objectClass=inetOrgPerson)(uid=%n))"
TEMPLATE = "uid=%n,ou=People,dc=example,dc=com"
SERVER = BackendServer("ldap1.example.com", 636, "/etc/pki/ca.crt")
CLEAR = BackendServer("ldap1.example.com", 389)
SILENT = Doubt(Cause.TIMEOUT, "no answer")
GOOD = {
    "dn": DN,
    "dnpass": "***",
    "auth_bind": "yes",
    "uris": "ldaps://ldap1.example.com",
    "tls_require_cert": "hard",
    "base": "ou=People,dc=example,dc=com",
    "pass_filter": FILTER,
    "user_filter": FILTER,
}
OK, NO_OBJECT, BAD_PASSWORD, BUSY = (LdapResult(code) for code in (0, 32, 49, 51))


def asked(
    *, passwords: bool = True, users: bool = True, sample: bool = False, **changes: str
) -> LdapSettings:
    """Good settings, but for *changes*; empty ones are unset."""
    settings = {name: value for name, value in (GOOD | changes).items() if value}
    file = BackendFile(FILE, None, tuple(settings.items()), sample)
    return LdapSettings(file, passwords, users)


def directory(*settings: LdapSettings, library: str = "") -> DirectoryFacts:
    """A directory that is asked so; *library* is what ldap.conf has for TLS_REQCERT."""
    options = (("TLS_REQCERT", library, "/etc/ldap/ldap.conf"),) if library else ()
    return DirectoryFacts(settings or (asked(),), options, False, ())


TEMPLATED = directory(asked(auth_bind_userdn=TEMPLATE, dn="", dnpass=""))


def entry(name: str, *classes: str) -> Entry:
    """An entry of a person."""
    return Entry(f"uid={name}", (("objectClass", ("inetOrgPerson", *classes)),))


ALICE = UserSearch("alice", (entry("alice", "posixAccount"),))
CAROL = UserSearch("carol", (entry("carol"),))
LOST = UserSearch("carol", ())


def answer(**changes: Any) -> DirectoryAnswers:  # noqa: ANN401
    """What a good directory says, but for *changes*."""
    good = DirectoryAnswers(FILE, SERVER, DN, bound=OK, base=OK, users=(ALICE, CAROL))
    return dataclasses.replace(good, **changes)


def answers(*each: DirectoryAnswers, clear: tuple[ClearAnswer, ...] = ()) -> DirectoryAnswersFacts:
    """What all servers say."""
    return DirectoryAnswersFacts(each or (answer(),), clear)


def users(user: int = 0, password: int = 0) -> BackendUsers:
    """What Dovecot says about carol."""
    found = Lookup("carol", wanted=True, user=user, password=password, local=False)
    return BackendUsers((found,), 1, (), "", ())


def names(*patterns: int, local: tuple[int, ...] = (67,), doubles: tuple[int, ...] = ()) -> Any:  # noqa: ANN401
    """What Dovecot says about other names."""
    found = enumerate(patterns or (67, 67))
    return DirectoryNames(
        tuple((f"a{number}*", status) for number, status in found),
        tuple(("root", status) for status in local),
        doubles,
        (),
    )


DOWN = answer(bound=None, base=None, users=(), doubt=SILENT)
SHUT_OUT = answer(bound=BAD_PASSWORD, base=None, users=())
ANONYMOUS = answer(account="", bound=None)


@pytest.fixture(name="verdict")
def _verdict(load_check: Load) -> Callable[..., Verdict]:
    def verdict(module: str, function: str, **facts: Any) -> Verdict:  # noqa: ANN401
        return load_check("backends", module, function)(**facts).verdict

    return verdict


Verdicts = Callable[..., Verdict]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (directory(), PASS),
        (directory(asked(auth_bind="Yes")), PASS),
        (directory(asked(auth_bind="no")), FAIL),
        (directory(asked(auth_bind="")), FAIL),
        (directory(asked(), asked(auth_bind="")), FAIL),
        (directory(asked(), asked(passwords=False, auth_bind="")), PASS),
        (directory(asked(passwords=False)), FAIL),
    ],
)
def test_back_20(verdict: Verdicts, facts: DirectoryFacts, expected: Verdict) -> None:
    """Files with which only users are looked up need no binding."""
    assert verdict("test_directory", "test_users_are_bound", directory=facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (directory(), PASS),
        (TEMPLATED, PASS),
        (directory(asked(auth_bind_userdn=TEMPLATE)), PASS),
        (directory(asked(dn="", dnpass="", sasl_bind="yes")), PASS),
        (directory(asked(dn="", dnpass="")), FAIL),
        (directory(asked(dnpass="")), FAIL),
        (directory(asked(auth_bind_userdn=TEMPLATE, dnpass="")), FAIL),
        (directory(asked(dn="", dnpass="", auth_bind="", auth_bind_userdn=TEMPLATE)), FAIL),
        (directory(asked(passwords=False)), FAIL),
    ],
)
def test_back_21(verdict: Verdicts, facts: DirectoryFacts, expected: Verdict) -> None:
    """A template or an account; the template may have an account beside it."""
    assert verdict("test_directory", "test_users_are_found_in_one_way", directory=facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (directory(), PASS),
        (directory(asked(pass_filter="", user_filter="")), PASS),
        (directory(asked(pass_filter="(objectClass=posixAccount)")), FAIL),
        (directory(asked(pass_filter="(uid=%n")), FAIL),
        (directory(asked(user_filter="(uid=%n*)")), FAIL),
        (directory(asked(users=False, user_filter="(uid=%n*)")), PASS),
        (directory(asked(pass_filter="(uid=*)", auth_bind_userdn=TEMPLATE)), PASS),
        (directory(asked(passwords=False, users=False)), PASS),
    ],
)
def test_back_22(verdict: Verdicts, facts: DirectoryFacts, expected: Verdict) -> None:
    """Filters that are not used do not matter."""
    assert verdict("test_directory", "test_filters_select_by_name", directory=facts) == expected


ALL = ("alice", "bob")
FIXED = directory(asked(auth_bind_userdn="cn=admin,dc=example"))
IMAP = (Endpoint("imaps", Protocol.IMAP, 993, Security.IMPLICIT_TLS),)


@pytest.mark.parametrize(
    ("facts", "opened", "carol", "endpoints", "expected"),
    [
        (directory(), (), users(), IMAP, NA),
        (TEMPLATED, ALL, users(), IMAP, PASS),
        (TEMPLATED, ("alice",), users(), IMAP, FAIL),
        (TEMPLATED, (), users(), IMAP, FAIL),
        (TEMPLATED, (), users(75, 75), IMAP, OPEN),
        (TEMPLATED, (), users(), (), OPEN),
        (FIXED, ALL, users(), IMAP, FAIL),
        (FIXED, (), users(75, 75), (), FAIL),
        (directory(asked(auth_bind_userdn="%u")), ALL, users(), IMAP, PASS),
    ],
)
def test_back_23(
    verdict: Verdicts,
    facts: DirectoryFacts,
    opened: tuple[str, ...],
    carol: BackendUsers,
    endpoints: tuple[Endpoint, ...],
    expected: Verdict,
) -> None:
    """Everybody gets in through a template that is right; where nobody could try, who knows."""
    found = verdict(
        "test_directory",
        "test_template_leads_to_entries",
        directory=facts,
        first_use=FirstUseFacts(opened),
        backend_users=carol,
        target=make_target(endpoints),
    )
    assert found == expected


def test_back_23_without_accounts(verdict: Verdicts) -> None:
    """Nobody has tried it."""
    found = verdict(
        "test_directory",
        "test_template_leads_to_entries",
        directory=TEMPLATED,
        first_use=FirstUseFacts(()),
        backend_users=users(),
        target=make_target(IMAP, accounts={}),
    )
    assert found == OPEN


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, PASS),
        ({"uris": "ldap://ldap1.example.com", "tls": "yes"}, PASS),
        ({"uris": "ldapi:///"}, PASS),
        ({"uris": "ldap://127.0.0.1"}, PASS),
        ({"uris": "ldap://ldap1.example.com"}, FAIL),
        ({"uris": "", "hosts": "ldap1.example.com"}, FAIL),
        ({"uris": "", "hosts": "ldap1.example.com", "tls": "yes"}, PASS),
        ({"tls": "yes"}, FAIL),
        ({"uris": ""}, FAIL),
    ],
)
def test_back_24(verdict: Verdicts, settings: dict[str, str], expected: Verdict) -> None:
    """Both ways to TLS, and not both at once."""
    facts = directory(asked(**settings))
    found = verdict("test_directory", "test_directory_is_asked_inside_tls", directory=facts)
    assert found == expected


@pytest.mark.parametrize(
    ("settings", "library", "expected"),
    [
        ({}, "", PASS),
        ({"tls_require_cert": "demand"}, "never", PASS),
        ({"tls_require_cert": "never"}, "", FAIL),
        ({"tls_require_cert": "allow"}, "", FAIL),
        ({"tls_require_cert": "try"}, "hard", FAIL),
        ({"tls_require_cert": ""}, "", PASS),
        ({"tls_require_cert": ""}, "never", FAIL),
        ({"tls_require_cert": "never", "uris": "ldapi:///"}, "", NA),
    ],
)
def test_back_25(
    verdict: Verdicts, settings: dict[str, str], library: str, expected: Verdict
) -> None:
    """What is in effect counts, wherever it stands."""
    facts = directory(asked(**settings), library=library)
    found = verdict("test_directory", "test_certificate_must_be_verified", directory=facts)
    assert found == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (directory(), PASS),
        (directory(asked(sample=True)), FAIL),
        (directory(asked(dn="", dnpass="")), NA),
    ],
)
def test_back_29(verdict: Verdicts, facts: DirectoryFacts, expected: Verdict) -> None:
    """The guide's password is everybody's."""
    found = verdict("test_directory", "test_search_account_has_its_own_password", directory=facts)
    assert found == expected


SEEN = dataclasses.replace(ALICE, password_shown=True)
BEYOND = UserSearch("carol", (), ("uid=carol,ou=Sales",))
TWICE = UserSearch("alice", (entry("alice"), entry("alice")))


@pytest.mark.parametrize(
    ("each", "limited", "based", "scoped", "unique", "searches"),
    [
        (answer(), PASS, PASS, PASS, PASS, PASS),
        (answer(administrator=True), FAIL, PASS, PASS, PASS, PASS),
        (answer(users=(SEEN, CAROL)), FAIL, PASS, PASS, PASS, PASS),
        (answer(users=(ALICE, LOST)), PASS, PASS, PASS, PASS, PASS),
        (answer(users=(ALICE, BEYOND)), PASS, PASS, FAIL, PASS, PASS),
        (answer(users=(TWICE, CAROL)), PASS, PASS, PASS, FAIL, PASS),
        (answer(users=(LOST,)), OPEN, PASS, OPEN, OPEN, FAIL),
        (answer(base=None), PASS, PASS, PASS, PASS, PASS),
        (answer(base=NO_OBJECT, users=()), OPEN, FAIL, OPEN, OPEN, FAIL),
        (answer(base=BUSY, users=()), OPEN, OPEN, OPEN, OPEN, FAIL),
        (SHUT_OUT, OPEN, OPEN, OPEN, OPEN, FAIL),
        (answer(bound=BUSY, base=None, users=()), OPEN, OPEN, OPEN, OPEN, OPEN),
        (DOWN, OPEN, OPEN, OPEN, OPEN, OPEN),
        (ANONYMOUS, NA, PASS, PASS, PASS, NA),
    ],
)
def test_what_the_directory_says(
    verdict: Verdicts,
    each: DirectoryAnswers,
    limited: Verdict,
    based: Verdict,
    scoped: Verdict,
    unique: Verdict,
    searches: Verdict,
) -> None:
    """BACK-26, BACK-27, BACK-28, BACK-30 and BACK-34 of one server."""
    module, said, settings = "test_directory_answers", answers(each), directory()
    found = [
        verdict(module, "test_search_account_is_limited", directory_answers=said),
        verdict(module, "test_base_is_there", directory=settings, directory_answers=said),
        verdict(
            module, "test_scope_reaches_every_user", directory=settings, directory_answers=said
        ),
        verdict(
            module,
            "test_names_lead_to_one_entry",
            directory=settings,
            directory_answers=said,
            directory_names=names(),
        ),
        verdict(module, "test_search_account_finds_users", directory_answers=said),
    ]
    assert found == [limited, based, scoped, unique, searches]


def test_settings_that_dovecot_does_not_start_with(verdict: Verdicts) -> None:
    """BACK-27 without a base, BACK-28 with a scope that is none."""
    facts = {"directory": directory(asked(base="", scope="one")), "directory_answers": answers()}
    module = "test_directory_answers"
    assert verdict(module, "test_base_is_there", **facts) == FAIL
    assert verdict(module, "test_scope_reaches_every_user", **facts) == FAIL


@pytest.mark.parametrize(
    ("facts", "doubles", "expected"),
    [
        (directory(), (), PASS),
        (directory(), (0, 67), PASS),
        (directory(), (0, 75), FAIL),
        (TEMPLATED, (75,), NA),
    ],
)
def test_back_30(
    verdict: Verdicts, facts: DirectoryFacts, doubles: tuple[int, ...], expected: Verdict
) -> None:
    """Names that are listed twice matter if Dovecot refuses them."""
    found = verdict(
        "test_directory_answers",
        "test_names_lead_to_one_entry",
        directory=facts,
        directory_answers=answers(),
        directory_names=names(doubles=doubles),
    )
    assert found == expected


@pytest.mark.parametrize(
    ("facts", "seen", "carol", "expected"),
    [
        (directory(), names(67, 67), users(), PASS),
        (directory(), names(67, 0), users(), FAIL),
        (directory(), names(67, 75), users(), FAIL),
        (directory(), names(75, 75), users(75, 75), OPEN),
        (TEMPLATED, names(67), users(), NA),
    ],
)
def test_back_31(
    verdict: Verdicts,
    facts: DirectoryFacts,
    seen: DirectoryNames,
    carol: BackendUsers,
    expected: Verdict,
) -> None:
    """A backend that answers nothing has refused nothing."""
    found = verdict(
        "test_directory_answers",
        "test_patterns_lead_to_nobody",
        directory=facts,
        directory_names=seen,
        backend_users=carol,
    )
    assert found == expected


def dovecot(*drivers: str) -> DovecotConfig:
    """A configuration with these password databases."""
    root = parse_doveconf("".join(f"passdb {{\ndriver = {each}\n}}\n" for each in drivers))
    return DovecotConfig("2.3", "/etc/dovecot/dovecot.conf", (), root, root, (), ())


@pytest.mark.parametrize(
    ("drivers", "local", "carol", "accepted", "expected"),
    [
        (("ldap",), (67,), users(), (), PASS),
        (("ldap",), (0,), users(), (), FAIL),
        (("ldap",), (75,), users(), (), FAIL),
        (("ldap",), (75,), users(75, 75), (), OPEN),
        (("ldap",), (), users(), (), OPEN),
        (("ldap", "pam"), (67,), users(), (), FAIL),
        (("pam",), (), users(67, 67), (), FAIL),
        (("ldap", "pam"), (67,), users(), ("pam",), NA),
    ],
)
def test_back_32(
    verdict: Verdicts,
    drivers: tuple[str, ...],
    local: tuple[int, ...],
    carol: BackendUsers,
    accepted: tuple[str, ...],
    expected: Verdict,
) -> None:
    """By configuration and by what Dovecot says about root."""
    found = verdict(
        "test_directory_answers",
        "test_accounts_of_the_host_are_nobody",
        dovecot=dovecot(*drivers),
        directory_names=names(local=local),
        backend_users=carol,
        target=make_target(expect=Expectations(dovecot=ExpectDovecot(other_backends=accepted))),
    )
    assert found == expected


@pytest.mark.parametrize(
    ("each", "carol", "expected"),
    [
        (answer(), users(), PASS),
        (answer(), users(67, 0), FAIL),
        (answer(users=(ALICE,)), users(), NA),
        (DOWN, users(), OPEN),
        (answer(users=()), users(), OPEN),
    ],
)
def test_back_33(
    verdict: Verdicts, each: DirectoryAnswers, carol: BackendUsers, expected: Verdict
) -> None:
    """An entry that is no Unix account is found, if there is one."""
    found = verdict(
        "test_directory_answers",
        "test_entries_need_no_unix_attributes",
        directory_answers=answers(each),
        backend_users=carol,
    )
    assert found == expected


@pytest.mark.parametrize(
    ("clear", "expected"),
    [
        ((ClearAnswer(CLEAR, True, LdapResult(13)),), PASS),
        ((ClearAnswer(CLEAR, True),), PASS),
        ((ClearAnswer(CLEAR, True, BAD_PASSWORD),), FAIL),
        ((ClearAnswer(CLEAR, True, BUSY),), OPEN),
        ((ClearAnswer(CLEAR, True, doubt=SILENT),), OPEN),
        ((ClearAnswer(CLEAR, False, LdapResult(13)),), OPEN),
        ((), NA),
    ],
)
def test_back_35(verdict: Verdicts, clear: tuple[ClearAnswer, ...], expected: Verdict) -> None:
    """A refusal counts if the directory was talking otherwise."""
    found = verdict(
        "test_directory_answers",
        "test_directory_refuses_passwords_in_clear_text",
        directory_answers=answers(clear=clear),
    )
    assert found == expected


def test_nobody_is_searched_for(verdict: Verdicts) -> None:
    """A template, and users from elsewhere: base and scope do not matter then."""
    facts = {"directory": TEMPLATED, "directory_answers": DirectoryAnswersFacts(())}
    module = "test_directory_answers"
    assert verdict(module, "test_base_is_there", **facts) == NA
    assert verdict(module, "test_scope_reaches_every_user", **facts) == NA
