"""
Connections from the target to its backend, and what a handshake there shows.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend_tls import BackendServer, BackendTls
from mailvet.model import Cause, Protocol, Security, Shell
from mailvet.probes.backend_pipe import backend_socket, dial_backend
from mailvet.probes.backend_tls import look_at_tls
from mailvet.probes.connection import Wire
from mailvet.transcript import Transcript
from tests.fakes.certificates import AUTHORITY
from tests.fakes.context import HOST_NAME, make_context, make_target
from tests.fakes.stubs import Visit, serving

IMAPS = (("imaps", Protocol.IMAP, Security.IMPLICIT_TLS),)
HERE = Shell("local://")
FILE = "/etc/pki/ca.crt"


def pem(authority: trustme.CA) -> str:
    """The certificate of an authority."""
    return authority.cert_pem.bytes().decode()


async def silent(visit: Visit) -> None:
    """A server that shakes hands and waits."""
    await visit.start_tls()
    await visit.ignore()


def context_with(shell: Shell | None) -> ProbeContext:
    """A context whose target has *shell*."""
    return make_context(1, target=make_target(shell=shell), timeout=2.0)


def look(name: str, authority: str, prelude: Any = None) -> BackendTls:  # noqa: ANN401
    """What a TLS server on the loopback interface shows to a target that is this machine."""
    with serving(silent, IMAPS) as host:
        server = BackendServer(name, host.endpoints["imaps"].port, FILE)
        return asyncio.run(look_at_tls(context_with(HERE), server, authority, prelude))


def test_a_chain_that_leads_to_the_named_authority_is_trusted() -> None:
    """The name is the one that Dovecot uses."""
    seen = look("127.0.0.1", pem(AUTHORITY))
    assert seen.completed
    assert (seen.trusted, seen.named, seen.verified) == (True, True, True)
    assert seen.binds_session


def test_a_chain_of_another_authority_is_not_trusted() -> None:
    """OpenSSL says why."""
    seen = look("127.0.0.1", pem(trustme.CA()))
    assert (seen.trusted, seen.verified) == (False, False)
    assert "issuer" in seen.trust_detail


def test_a_name_that_is_not_in_the_certificate_is_another_server() -> None:
    """However good the chain is."""
    seen = look("localhost", pem(AUTHORITY))
    assert (seen.trusted, seen.named, seen.verified) == (True, False, False)


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAA\n"])
def test_without_authorities_nobody_knows(text: str) -> None:
    """That is no refusal."""
    assert look("127.0.0.1", text).trusted is None


def test_what_the_server_says_in_place_of_tls_is_a_fact() -> None:
    """The prelude tells."""

    async def prelude(_: Wire) -> str:
        return "the server offers no TLS"

    seen = look("127.0.0.1", pem(AUTHORITY), prelude)
    assert (seen.completed, seen.refusal) == (False, "the server offers no TLS")


def test_a_closed_port_is_unreachable() -> None:
    """Nothing was seen, and the reason is kept."""
    with serving(silent, IMAPS) as host:
        port = host.endpoints["imaps"].port
    seen = asyncio.run(look_at_tls(context_with(HERE), BackendServer("127.0.0.1", port), ""))
    assert seen.doubt is not None
    assert seen.doubt.cause is Cause.UNREACHABLE


def read_line(shell: Shell | None, server: BackendServer) -> bytes:
    """The first line of a server that is asked through *shell*."""

    async def run() -> bytes:
        context = context_with(shell)
        async with asyncio.timeout(10), dial_backend(context, server, Transcript()) as wire:
            return await wire.line()

    return asyncio.run(run())


DATABASE = BackendServer("db1.example.com", 3306)


def test_the_connection_starts_at_the_target(fake_ssh: Callable[[str], None]) -> None:
    """Its sshd resolves the name and connects."""
    fake_ssh('echo "$@"; cat')
    words = read_line(Shell("ssh://root@mail1"), DATABASE).decode().split()
    assert words[words.index("-W") + 1] == "db1.example.com:3306"
    assert words[-1] == "ssh://root@mail1"


@pytest.mark.parametrize(
    ("shell", "server", "cause"),
    [
        (None, DATABASE, Cause.PRIVILEGE),
        (Shell("podman://mail1"), DATABASE, Cause.VANTAGE),
        (Shell("ssh://root@mail1"), BackendServer("/run/mysqld.sock", 0), Cause.VANTAGE),
    ],
)
def test_where_nothing_can_start_at_the_target_nothing_starts(
    shell: Shell | None, server: BackendServer, cause: Cause
) -> None:
    """A connection from here would see another database than Dovecot does."""
    with pytest.raises(ProbeError) as caught:
        read_line(shell, server)
    assert caught.value.cause is cause


def test_an_sshd_that_forwards_nothing_is_not_the_server(fake_ssh: Callable[[str], None]) -> None:
    """It says nothing about the database."""
    fake_ssh(
        "echo 'channel 0: open failed: administratively prohibited: open failed' >&2; exit 255"
    )
    with pytest.raises(ProbeError) as caught:
        read_line(Shell("ssh://root@mail1"), DATABASE)
    assert caught.value.cause is Cause.VANTAGE


def read_all(shell: Shell) -> int:
    """How many octets a blocking client gets before the connection is over."""

    async def run() -> int:
        async with asyncio.timeout(60), backend_socket(context_with(shell), DATABASE) as connected:

            def drain() -> int:
                total = 0
                while octets := connected.recv(65536):
                    total += len(octets)
                return total

            return await asyncio.to_thread(drain)

    return asyncio.run(run())


def test_a_blocking_client_is_kept_from_endless_replies(fake_ssh: Callable[[str], None]) -> None:
    """It sees the connection end."""
    fake_ssh("yes")
    assert 0 < read_all(Shell("ssh://root@mail1")) <= 4 * 1024 * 1024


def test_names_in_the_certificate_are_those_of_the_server() -> None:
    """The stub's certificate is for the mail host."""
    assert look("127.0.0.1", pem(AUTHORITY)).chain[0].common_name == HOST_NAME
