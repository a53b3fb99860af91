"""
How Postfix is told to ask for passwords, service by service.
"""

from collections.abc import Mapping

import pytest

from mailvet.facts.auth_exposure import auth_listeners, on_loopback
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig, InetListener
from mailvet.facts.files import DirectoryStat, FileStat
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.sasl_service import SaslService, SaslSocket, sasl_services
from mailvet.facts.socket_talk import SocketTalk, parse_talk
from mailvet.model import ExpectDovecot

PATH = "/var/spool/postfix/private/auth"
DEFAULTS = {
    "queue_directory": "/var/spool/postfix",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_sasl_security_options": "noanonymous, noplaintext",
    "smtpd_sasl_tls_security_options": "noanonymous",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_auth_only": "yes",
}

HEARD = """* opened
> VERSION 1 1
> CPID 4711
< VERSION 1 2
< MECH PLAIN plaintext
< MECH SCRAM-SHA-256 mutual-auth
< SPID 1
< DONE
"""


def service(
    settings: Mapping[str, str] = {}, *, chroot: bool = False, **overrides: str
) -> SaslService:
    """
    The one service of a Postfix with these settings, and with overrides in master.cf.
    """
    master = MasterService(
        "submission", "inet", False, False, chroot, "smtpd", tuple(overrides.items())
    )
    values = {**DEFAULTS, **settings}
    config = PostfixConfig("3.5.25", "/etc/postfix", values, values, (master,), (), ())
    (found,) = sasl_services(config)
    return found


def test_overrides_in_master_cf_win() -> None:
    """
    What main.cf says is not what the service does.
    """
    found = service(smtpd_sasl_path="inet:192.0.2.10:12346", smtpd_tls_auth_only="no")
    assert found.seen == "inet:192.0.2.10:12346"
    assert not found.auth_needs_tls


def test_only_services_that_offer_auth_to_others_count() -> None:
    """
    Switched off is not asked for, and a filter's way back on the loopback interface neither.
    """
    off = MasterService(
        "smtp", "inet", False, False, False, "smtpd", (("smtpd_sasl_auth_enable", "no"),)
    )
    inner = MasterService("127.0.0.1:10025", "inet", False, False, False, "smtpd")
    client = MasterService("smtp", "unix", False, False, False, "smtp")
    config = PostfixConfig("3.5", "/", DEFAULTS, DEFAULTS, (off, inner, client), (), ())
    assert sasl_services(config) == ()


@pytest.mark.parametrize(
    ("path", "chroot", "seen"),
    [
        ("private/auth", False, PATH),
        ("private/auth", True, PATH),
        ("unix:private/auth", False, PATH),
        ("/run/dovecot/auth-client", False, "/run/dovecot/auth-client"),
        ("/run/dovecot/auth-client", True, "/var/spool/postfix/run/dovecot/auth-client"),
        ("smtpd", False, "/var/spool/postfix/smtpd"),
        ("inet:[2001:db8::1]:12346", False, "inet:[2001:db8::1]:12346"),
        ("", False, ""),
    ],
)
def test_which_socket_a_service_opens(path: str, chroot: bool, seen: str) -> None:
    """
    Relative to the queue directory, and inside the chroot if there is one.
    """
    assert service(chroot=chroot, smtpd_sasl_path=path).seen == seen


@pytest.mark.parametrize(
    ("path", "sound"),
    [
        ("inet:localhost:12346", True),
        ("inet:192.0.2.10:12346", True),
        ("inet:[2001:db8::1]:12346", True),
        ("inet: 192.0.2.10 : 12346", False),
        ("inet:192.0.2.10", False),
        ("private/auth", True),
        ("", False),
    ],
)
def test_paths_that_postfix_cannot_read(path: str, sound: bool) -> None:
    """
    Blanks, as they are printed in some instructions, are fatal.
    """
    assert (not service(smtpd_sasl_path=path).path_problem) is sound


@pytest.mark.parametrize(
    ("settings", "open_in_clear"),
    [
        ({}, False),
        ({"smtpd_sasl_security_options": "noanonymous"}, False),
        ({"smtpd_sasl_security_options": "noanonymous", "smtpd_tls_auth_only": "no"}, True),
        ({"smtpd_tls_auth_only": "no"}, False),
        ({"smtpd_sasl_security_options": ""}, True),
        ({"smtpd_sasl_security_options": "noplaintext"}, True),
        (
            {
                "smtpd_sasl_security_options": "noanonymous",
                "smtpd_tls_auth_only": "no",
                "smtpd_tls_security_level": "encrypt",
            },
            False,
        ),
        ({"smtpd_sasl_security_options": "", "smtpd_tls_wrappermode": "yes"}, False),
    ],
)
def test_what_is_permitted_before_tls(settings: dict[str, str], open_in_clear: bool) -> None:
    """
    Every way to keep passwords inside TLS will do, but anonymous mechanisms are always named.
    """
    assert service(settings).open_in_clear is open_in_clear


@pytest.mark.parametrize(
    ("options", "mechanisms", "sound"),
    [
        ("noanonymous", ("PLAIN", "LOGIN"), True),
        ("noanonymous noactive", ("PLAIN",), True),
        ("", ("PLAIN",), False),
        ("noanonymous, noplaintext", ("PLAIN", "LOGIN"), False),
        ("noanonymous, noplaintext", (), False),
        ("noanonymous, mutual_auth", ("PLAIN", "ANONYMOUS"), False),
        ("noanonymous, noplaintext", ("PLAIN", "SCRAM-SHA-256"), True),
    ],
)
def test_what_is_permitted_inside_tls(
    options: str, mechanisms: tuple[str, ...], sound: bool
) -> None:
    """
    PLAIN may be excluded only where something else is left.
    """
    found = service(smtpd_sasl_tls_security_options=options)
    assert (not found.tls_problem(mechanisms)) is sound


def test_options_inside_tls_are_inherited_where_they_are_not_set() -> None:
    """
    From the options before TLS of the same service, overrides included.
    """
    values = {name: value for name, value in DEFAULTS.items() if "tls_security_opt" not in name}
    overrides = (("smtpd_sasl_security_options", "noanonymous, noactive"),)
    master = MasterService("smtps", "inet", False, False, False, "smtpd", overrides)
    (found,) = sasl_services(PostfixConfig("3.5", "/", DEFAULTS, values, (master,), (), ()))
    assert found.tls == ("noanonymous", "noactive")


def make_socket(
    mode: int = 0o660,
    owner: str = "postfix",
    group: str = "postfix",
    *,
    kind: str = "socket",
    acl: tuple[str, ...] = (),
) -> SaslSocket:
    """
    A socket in a directory for Postfix alone.
    """
    parents = (
        DirectoryStat("/var/spool/postfix/private", 0o700, "postfix", "root"),
        DirectoryStat("/", 0o755, "root", "root"),
    )
    stat = FileStat(PATH, PATH, kind, mode, owner, group, parents, acl)
    return SaslSocket(PATH, True, stat, parse_talk("postfix", PATH, HEARD), ())


@pytest.mark.parametrize(
    ("socket", "sound"),
    [
        (make_socket(), True),
        (make_socket(0o600), True),
        (make_socket(0o660, owner="root"), True),
        (make_socket(0o660, group="root"), True),
        (make_socket(0o666), False),
        (make_socket(0o600, owner="root"), False),
        (make_socket(0o660, owner="root", group="root"), False),
        (make_socket(0o660, group="users"), False),
        (make_socket(kind="file"), False),
        (make_socket(acl=("user:postfix:rw-",)), True),
        (make_socket(acl=("user:www-data:rw-",)), False),
    ],
)
def test_owner_group_and_mode(socket: SaslSocket, sound: bool) -> None:
    """
    Whatever lets Postfix in and nobody else will do.
    """
    assert (not socket.deviation(ExpectDovecot(), "postfix")) is sound


def test_a_wide_mode_is_shown_with_the_directory_that_closes_it() -> None:
    """
    A deviation is not called an exposure.
    """
    assert "/var/spool/postfix/private (postfix:root 700)" in make_socket(0o666).on_disk
    wide = ExpectDovecot(auth_socket_modes=("660", "666"))
    assert not make_socket(0o666).deviation(wide, "postfix")


def test_the_mechanisms_that_dovecot_offers() -> None:
    """
    From its greeting, which has to be complete.
    """
    socket = make_socket()
    assert socket.speaks
    assert socket.mechanisms == ("PLAIN", "SCRAM-SHA-256")
    cut = parse_talk(
        "postfix", PATH, HEARD.replace("< DONE\n", "* the server closed the connection\n")
    )
    assert not SaslSocket(PATH, True, None, cut, ()).speaks
    shut = SocketTalk("postfix", PATH, False, "no such file or directory", False, ())
    assert "cannot open" in SaslSocket(PATH, True, None, shut, ()).answer


def test_tcp_listeners_of_the_authentication_service() -> None:
    """
    Those with a port; whether the network reaches them depends on their address.
    """
    text = """
    listen = *, ::
    service auth {
      inet_listener a {
        port = 12346
      }
      inet_listener b {
        address = 127.0.0.1
        port = 12347
      }
      inet_listener c {
        port = 0
      }
    }
    """
    root = parse_doveconf(text)
    config = DovecotConfig("2.3.16", "", (), root, root, (), ())
    assert [(each.port, on_loopback(each)) for each in auth_listeners(config)] == [
        (12346, False),
        (12347, True),
    ]
    assert on_loopback(InetListener("auth", "", 1, False, "[::1] localhost"))
    assert not on_loopback(InetListener("auth", "", 1, False, "mail1.example.com"))
