"""
How a directory is asked, and above all: who is never told the password.
"""

import asyncio
from typing import Any

import pytest

from mailvet.errors import ProbeError
from mailvet.facts.backend import BackendFile
from mailvet.facts.backend_tls import BackendServer, BackendTls, BackendTlsFacts
from mailvet.facts.directory_answers import ClearAnswer, DirectoryAnswers
from mailvet.facts.ldap_settings import LdapSettings
from mailvet.model import Cause, Protocol, Security, Shell
from mailvet.probes.directory_answers import _answers, _in_clear, _look, _password
from mailvet.probes.ldap_client import LdapSession
from mailvet.secret import Secret
from tests.fakes.certificates import AUTHORITY
from tests.fakes.context import make_context, make_target
from tests.fakes.directory import ACCOUNT, BASE, Directory
from tests.fakes.stubs import StubHost, serving

FILE = "/etc/dovecot/dovecot-ldap.conf.ext"
CA = "/etc/pki/ca.crt"
PASSWORD = "sparrow-39-lamp"
FILTER = "(&(objectClass=inetOrgPerson)(|(uid=%n)(mail=%u)))"
ALICE = (f"uid=alice,{BASE}", ("inetOrgPerson", "posixAccount"))
SALES = (f"uid=carol,ou=Sales,{BASE}", ("inetOrgPerson",))
PEM = AUTHORITY.cert_pem.bytes().decode()
SERVICES = (("ldap", Protocol.IMAP, Security.IMPLICIT_TLS),)


def settings(uri: str, **changes: str) -> LdapSettings:
    """Good settings, but for *changes*."""
    good = {"dn": ACCOUNT, "dnpass": "***", "base": BASE, "pass_filter": FILTER, "auth_bind": "yes"}
    found = {name: value for name, value in (good | changes).items() if value}
    file = BackendFile(FILE, None, (*found.items(), ("uris", uri)), sample=False)
    return LdapSettings(file, passwords=True, users=False)


def asked(
    directory: Directory, *, scheme: str = "ldaps", name: str = "127.0.0.1", pem: str = PEM,
    **changes: str,
) -> tuple[BackendTls, DirectoryAnswers, StubHost]:  # fmt: skip
    """What a directory says, as if it were on another machine."""
    play = directory.tls if scheme == "ldaps" else directory.starttls
    with serving(play, SERVICES) as host:
        port = host.endpoints["ldap"].port
        file = settings(
            f"{scheme}://{name}:{port}", tls="yes" if scheme == "ldap" else "", **changes
        )
        (uri,) = file.uris
        server = uri.server(CA)

        async def run() -> tuple[BackendTls, DirectoryAnswers]:
            context = make_context(1, target=make_target(shell=Shell("local://")), timeout=3.0)
            tls = await _look(context, uri, server, pem)
            place = (file, uri, server)
            return tls, await _answers(context, place, tls, Secret(PASSWORD), ["alice", "carol"])

        return *asyncio.run(run()), host


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub is on this machine, and to be taken for another one."""
    monkeypatch.setattr("mailvet.facts.ldap_settings.on_this_machine", lambda _: False)


def full(**changes: Any) -> Directory:  # noqa: ANN401
    """A directory with two users."""
    return Directory(PASSWORD, {"alice": [ALICE], "carol": [SALES]}, **changes)


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_users_are_searched_for_inside_tls(scheme: str) -> None:
    """With TLS from the beginning, or with StartTLS."""
    tls, found, host = asked(full(), scheme=scheme)
    assert tls.verified
    assert found.doubt is None
    assert found.bound is not None
    assert found.bound.good
    assert [len(each.entries) for each in found.users] == [1, 1]
    assert [each.minimal for each in found.users] == [False, True]
    assert not any(each.password_shown for each in found.users)
    assert any(each.hides(PASSWORD) for each in host.received)
    assert not any(each.betrays(PASSWORD) for each in host.received)
    assert PASSWORD not in str(found.transcript)


@pytest.mark.parametrize(
    ("scheme", "changes"),
    [
        ("ldaps", {"pem": ""}),
        ("ldaps", {"pem": "no certificate"}),
        ("ldaps", {"name": "localhost"}),
        ("ldap", {"name": "localhost"}),
        ("ldap", {"pem": ""}),
    ],
)
def test_who_is_not_verified_is_not_told_the_password(scheme: str, changes: dict[str, str]) -> None:
    """Neither in clear text nor inside TLS."""
    _, found, host = asked(full(), scheme=scheme, **changes)
    assert found.doubt is not None
    assert found.doubt.cause is Cause.BLOCKED
    assert not any(each.betrays(PASSWORD) or each.hides(PASSWORD) for each in host.received)


def test_without_tls_nothing_is_told() -> None:
    """StartTLS is refused."""
    tls, found, host = asked(full(start_tls=2), scheme="ldap")
    assert tls.refusal == "StartTLS: result 2 protocolError"
    assert found.doubt is not None
    assert not any(each.betrays(PASSWORD) for each in host.received)


def test_octets_before_tls_are_an_attack() -> None:
    """What comes along with the answer to StartTLS was put there by somebody."""
    tls, found, _ = asked(full(too_early=b"0\x0c"), scheme="ldap")
    assert not tls.completed
    assert found.doubt is not None


def test_a_wrong_password_is_an_answer() -> None:
    """Nothing is searched for after it."""
    _, found, _ = asked(Directory("another"))
    assert found.bound is not None
    assert found.bound.code == 49
    assert (found.base, found.users, found.doubt) == (None, (), None)


def test_a_base_that_is_not_there() -> None:
    """The directory says so."""
    _, found, _ = asked(full(), base="ou=Peple,dc=example,dc=com")
    assert found.base is not None
    assert found.base.code == 32


def test_users_beyond_the_scope() -> None:
    """They are found by a second search, through the whole tree."""
    _, found, _ = asked(full(), scope="onelevel")
    assert [len(each.entries) for each in found.users] == [1, 0]
    assert [each.beyond for each in found.users] == [(), (SALES[0],)]


def test_a_directory_that_shows_passwords() -> None:
    """Their names are asked for, and never their values."""
    _, found, _ = asked(full(shows_passwords=True))
    assert all(each.password_shown for each in found.users)


def test_two_entries_of_a_name() -> None:
    """Both are counted."""
    directory = Directory(PASSWORD, {"alice": [ALICE, (f"cn=a,{BASE}", ("person",))]})
    _, found, _ = asked(directory)
    assert len(found.users[0].entries) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"pass_filter": "(uid=%n"},
        {"pass_filter": "(&(|(&(|(uid=%n)))))"},
        {"pass_filter": "(uid=%{ldap:uid})"},
        {"scope": "one"},
        {"sasl_bind": "yes"},
    ],
)
def test_what_cannot_be_asked_is_said(changes: dict[str, str]) -> None:
    """That is a limit of ours, and no answer."""
    _, found, _ = asked(full(), **changes)
    assert found.doubt is not None
    assert found.doubt.cause is Cause.CLIENT_LIMIT


def test_a_server_that_talks_something_else() -> None:
    """Its octets are no LDAP."""

    class Babble(Directory):
        async def _talk(self, visit: Any) -> None:  # noqa: ANN401
            await visit.receive()
            await visit.send("HTTP/1.1 400 Bad Request\r\n\r\n" * 4)

    _, found, _ = asked(Babble(PASSWORD))
    assert found.doubt is not None
    assert found.doubt.cause is Cause.BLOCKED


def in_clear(directory: Directory | None, *, met: bool = True) -> tuple[ClearAnswer, StubHost]:
    """What a directory says to a password outside of TLS."""
    play = directory.starttls if directory else None
    with serving(play, SERVICES) as host:
        file = settings(f"ldap://127.0.0.1:{host.endpoints['ldap'].port}")
        server = BackendServer("127.0.0.1", 636, CA)
        context = make_context(1, target=make_target(shell=Shell("local://")), timeout=2.0)
        tls, _, _ = asked(full()) if met else (BackendTls(server), None, None)
        found = asyncio.run(_in_clear(context, file, file.uris[0], BackendTlsFacts((tls,))))
        return found, host


@pytest.mark.parametrize(("wants_tls", "code"), [(True, 13), (False, 49)])
def test_a_password_in_clear_text_is_invented(wants_tls: bool, code: int) -> None:
    """It is refused at once, or compared."""
    found, host = in_clear(full(wants_tls=wants_tls))
    assert found.met
    assert found.result is not None
    assert found.result.code == code
    assert not any(each.betrays(PASSWORD) for each in host.received)


def test_a_closed_port_is_known_by_the_host_behind_it() -> None:
    """Where nothing of the host was seen, nobody knows."""
    found, _ = in_clear(None)
    assert (found.result, found.doubt) == (None, None)
    found, _ = in_clear(None, met=False)
    assert found.doubt is not None


@pytest.mark.parametrize(
    ("encoded", "password"),
    [("ZG5wYXNzID0gaHVudGVyMiBhbmQgbW9yZQo=", "hunter2 and more"), ("YmFzZSA9IHgK", "")],
)
def test_the_password_is_read_as_dovecot_reads_it(encoded: str, password: str) -> None:
    """To the end of the line."""
    assert _password(FILE, encoded).reveal() == password


def test_a_file_that_is_no_text_has_no_password() -> None:
    """Nothing is guessed."""
    with pytest.raises(ProbeError) as caught:
        _password(FILE, "//4=")
    assert caught.value.cause is Cause.CREDENTIALS


def test_every_request_asks_first() -> None:
    """Whoever refuses is heard before anything is sent."""

    def refuse(name: str) -> None:
        raise ProbeError(Cause.TOOL, name)

    session = LdapSession(None, refuse)  # type: ignore[arg-type]
    for request in (session.start_tls(), session.bind(ACCOUNT, Secret(PASSWORD), invented=True)):
        with pytest.raises(ProbeError) as caught:
            asyncio.run(request)  # type: ignore[arg-type]
        assert caught.value.detail in {"StartTLS", "Bind as nobody"}
