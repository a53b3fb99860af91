"""
Postfix's limits, the queue and the accounts, as hosts show them.
"""

import pytest

from mailvet.facts.hardening import HardeningFacts, parse_hardening
from mailvet.facts.host import CommandOutput
from mailvet.facts.limits import (
    LimitExceptions,
    excess,
    seconds,
    smaller_mailboxes,
    space_needed,
    unbounded_services,
)
from mailvet.facts.mynetworks import parse_networks
from mailvet.facts.networks import NetworkFacts, NetworkList
from mailvet.facts.postfix import PostfixConfig, parse_postfix
from mailvet.facts.replies import Reply
from mailvet.facts.size_limit import SizeFacts, service_of
from mailvet.model import Endpoint, Protocol, Security

MASTER = """smtp inet n - y - - smtpd
submission inet n - y - - smtpd
127.0.0.1:10025 inet n - y - 0 smtpd
smtp unix - - y - 0 smtp
"""


def postfix(settings: str = "", *, master: str = MASTER, overrides: str = "") -> PostfixConfig:
    """
    A configuration.
    """
    text = f"@@all\n{settings}\n@@explicit\n@@master\n{master}\n@@overrides\n{overrides}\n"
    return parse_postfix(text, ())


def host(**parts: str) -> HardeningFacts:
    """
    What the script of the probe prints, its sections by name.
    """
    default = {
        "queue": "/var/spool/postfix\n",
        "folders": "/var/spool/postfix\txfs\txfs\trw,relatime\n",
        "free": "1000 4096\n",
        "exports": "",
        "live": "",
        "passwd": "alice:x:1001:1001::/home/alice:/sbin/nologin\n",
        "listed": "root:x:0:0:root:/root:/bin/bash\n",
    }
    text = "".join(f"@@{name}\n{body}" for name, body in (default | parts).items())
    return parse_hardening(CommandOutput("", 0, text, ""))


@pytest.mark.parametrize(
    ("folders", "bad"),
    [
        ("/q\txfs\txfs\trw\n", False),
        ("/q\tnfs\tnfs4\trw,vers=4.2,sec=sys\n", True),
        ("/q\tnfs\tnfs\trw,vers=3\n", True),
        ("/q\tnfs\t\t\n", True),
        ("/q\tnfs\tnfs4\trw,vers=4.2,sec=krb5p\n", False),
        ("/q\txfs\txfs\trw\n/q/deferred\tnfs\tnfs4\trw,sec=sys\n", True),
    ],
)
def test_queue_over_nfs(folders: str, bad: bool) -> None:
    """
    Every directory counts; Kerberos knows users by more than a number.
    """
    facts = host(folders=folders)
    assert bool(facts.on_nfs) is bad
    assert not facts.unknown


def test_a_file_system_that_cannot_be_told_is_unknown() -> None:
    """
    No answer is no local disk.
    """
    assert host(folders="/q\t\t\t\n").unknown
    assert host(folders="").unknown


@pytest.mark.parametrize(
    ("exports", "bad"),
    [
        ("/srv/www *(ro)\n", False),
        ("# /var *(rw)\n", False),
        ("/var *(rw)\n", True),
        ("/ *(rw)\n", True),
        ("/var/spool/postfix/ host.example.com(rw)\n", True),
        ("/var/spool/postfix/maildrop *(rw)\n", True),
        ("/var/spool/postfixes *(rw)\n", False),
        ('"/var" *(rw)\n', True),
        ("/v\\141r *(rw)\n", True),
        ("/srv/www \\\n  *(ro)\n/var \\\n *(rw)\n", True),
    ],
)
def test_exports_of_the_queue(exports: str, bad: bool) -> None:
    """
    Parents and parts of it; exports(5) has quotes, octal numbers and continued lines.
    """
    assert bool(host(exports=exports).exported) is bad


def test_exports_at_run_time_count() -> None:
    """
    exportfs -v breaks lines after long paths.
    """
    assert host(live="/var/spool\n\t\t<world>(rw,wdelay)\n").exported == ("/var/spool (exportfs)",)


@pytest.mark.parametrize(
    ("shell", "bad"),
    [
        ("/sbin/nologin", False),
        ("/usr/sbin/nologin", False),
        ("/bin/false", False),
        ("/bin/bash", True),
        ("", True),
    ],
)
def test_shells(shell: str, bad: bool) -> None:
    """
    An empty field means /bin/sh.
    """
    facts = host(passwd=f"alice:x:1001:1001::/home/alice:{shell}\n")
    assert bool(facts.with_shell(("root",))) is bad
    assert not facts.with_shell(("root", "alice"))


def test_free_space_is_in_octets() -> None:
    """
    Blocks times their size; nothing where stat says something else.
    """
    assert host().free == 4096000
    assert host(free="stat: cannot read\n").free is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("60", 60), ("60s", 60), ("1m", 60), ("2h", 7200), ("1w", 604800), ("soon", None)],
)
def test_times(text: str, value: int | None) -> None:
    """
    A number and a unit.
    """
    assert seconds(text) == value


def test_a_limit_holds_for_every_server_that_others_reach() -> None:
    """
    Overrides of master.cf count; content filters on the loopback interface do not.
    """
    config = postfix(
        "rate = 30", overrides="submission/inet/rate = 0\n127.0.0.1:10025/inet/rate = 0"
    )
    assert excess(config, "rate", 0) == ("rate = 0 (submission/inet)",)
    assert excess(config, "rate", 20) == (
        "rate = 30 (main.cf)",
        "rate = 0 (submission/inet)",
    )


def test_processes_of_a_service() -> None:
    """
    A dash stands for the general limit, 0 for none.
    """
    limited = "default_process_limit = 100"
    assert not unbounded_services(postfix(limited), 100)
    assert unbounded_services(postfix(limited), 50)
    master = MASTER.replace("smtp inet n - y - -", "smtp inet n - y - 0")
    assert unbounded_services(postfix(limited, master=master), 0) == ("smtp/inet: 0",)


def test_room_for_the_queue() -> None:
    """
    The floor, or one and a half messages, whichever is more.
    """
    assert space_needed(postfix("message_size_limit = 1000\nqueue_minfree = 0")) == 1500
    assert space_needed(postfix("message_size_limit = 1000\nqueue_minfree = 9000")) == 9000
    assert space_needed(postfix("message_size_limit = 0\nqueue_minfree = 9000")) is None


def test_mailboxes_that_take_less_than_a_message() -> None:
    """
    virtual(8) counts where it delivers.
    """
    small = "message_size_limit = 1000\nmailbox_size_limit = 0\nvirtual_mailbox_limit = 10"
    used = f"{small}\nvirtual_transport = virtual\nvirtual_mailbox_domains = example.com"
    assert not smaller_mailboxes(postfix(small))
    assert smaller_mailboxes(postfix(used)) == ("virtual_mailbox_limit = 10",)
    assert smaller_mailboxes(postfix("message_size_limit = 1000\nmailbox_size_limit = 10"))


def listed(value: str) -> tuple[NetworkList, ...]:
    """
    A value with the syntax of mynetworks.
    """
    return (NetworkList(("main.cf",), value, parse_networks(value, {})),)


@pytest.mark.parametrize(
    ("value", "beyond"),
    [
        ("127.0.0.0/8 192.0.2.0/25", ()),
        ("", ()),
        ("0.0.0.0/0", ("0.0.0.0/0",)),
        ("127.0.0.0/8 198.51.100.7", ()),
        ("198.51.100.8", ("198.51.100.8/32",)),
        ("monitor.example.com", ()),
        ("other.example.com", ("other.example.com",)),
    ],
)
def test_clients_without_limits(value: str, beyond: tuple[str, ...]) -> None:
    """
    Trusted networks, and what the profile names.
    """
    networks = NetworkFacts(listed("127.0.0.0/8 192.0.2.0/24"), explicit=True, commands=())
    exempt = ("198.51.100.7/32", "monitor.example.com")
    assert LimitExceptions(listed(value), ()).beyond(networks, exempt) == beyond


@pytest.mark.parametrize(
    ("master", "port", "key"),
    [
        (MASTER, 25, "smtp/inet"),
        (MASTER, 587, "submission/inet"),
        ("smtps inet n - y - - smtpd", 465, "smtps/inet"),
        ("submissions inet n - y - - smtpd", 465, "submissions/inet"),
        ("192.0.2.1:25 inet n - y - - smtpd", 25, "192.0.2.1:25/inet"),
        ("2525 inet n - y - - smtpd", 2525, "2525/inet"),
        ("smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd", 25, "smtpd/pass"),
        (MASTER, 26, ""),
    ],
)
def test_the_service_behind_an_endpoint(master: str, port: int, key: str) -> None:
    """
    Names and numbers, with an address or without, and behind postscreen.
    """
    endpoint = Endpoint("x", Protocol.SMTP, port, Security.STARTTLS)
    assert service_of(postfix(master=master), endpoint) == key


OK, LATER = Reply("250", "2.1.0 Ok", ()), Reply("450", "4.3.2 Service currently unavailable", ())
TOO_LARGE = Reply("552", "5.3.4 Message size exceeds fixed limit", ())
FULL = Reply("452", "4.3.1 Insufficient system storage", ())


@pytest.mark.parametrize(
    ("small", "large", "recipient", "enforced"),
    [
        (OK, TOO_LARGE, None, True),
        (OK, OK, TOO_LARGE, True),
        (OK, OK, OK, False),
        (OK, OK, Reply("554", "5.7.1 Access denied", ()), False),
        (OK, OK, LATER, None),
        (FULL, None, None, None),
        (OK, FULL, None, None),
        (TOO_LARGE, TOO_LARGE, None, None),
    ],
)
def test_a_size_limit_is_enforced(
    small: Reply, large: Reply | None, recipient: Reply | None, enforced: bool | None
) -> None:
    """
    A server that takes no mail at all shows nothing; nor does postscreen.
    """
    assert SizeFacts("1000", small, large, recipient, ()).enforced is enforced
