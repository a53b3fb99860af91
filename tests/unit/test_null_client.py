"""
What the mail log says about recipients that Postfix was asked about.
"""

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.null_client import parse_handover
from mailvet.facts.postfix import parse_postfix
from mailvet.model import Shell
from mailvet.probes.null_client import ssh_port

LOG = "\n".join(
    f"2026-11-26T05:10:00+0000 client1 postfix/{line}"
    for line in (
        "qmgr[51]: 9A1C2: from=<double-bounce@client1.example.com>, size=3 (queue active)",
        "error[57]: 9A1C2: to=<mailvet-1@[127.0.0.1]>, relay=none, delay=0.1, dsn=5.0.0, "
        "status=undeliverable (local delivery disabled)",
        "smtp[58]: 9A1C2: to=<postmaster@example.com>, orig_to=<postmaster>, "
        "relay=relay1.example.com[192.0.2.12]:25, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
        "smtp[58]: 9A1C2: to=<alice@example.com>, "
        "relay=relay1.example.com[192.0.2.12]:25, conn_use=2, delays=0/0/0/0, dsn=2.1.5, "
        "status=deliverable (250 2.1.5 Ok (really))",
        "qmgr[51]: 9A1C2: removed",
    )
)


def test_the_log_is_understood() -> None:
    """
    Program, relay and answer of each recipient, and what a name without a domain became.
    """
    output = CommandOutput("", 0, f"@@said\n@@log\n{LOG}", "")
    facts = parse_handover(output, "mailvet-1@[127.0.0.1]", "alice@example.com", "postmaster")

    local, remote = facts.of(facts.local), facts.of(facts.remote)
    assert facts.completed == "postmaster@example.com"
    assert facts.completed_with("example.com")
    assert local is not None
    assert (local.program, local.dsn, local.deliverable) == ("error", "5.0.0", False)
    assert remote is not None
    assert (remote.program, remote.deliverable) == ("smtp", True)
    assert remote.text == "250 2.1.5 Ok (really)"
    assert remote.went_to(("relay1.example.com",))


def test_what_the_command_says_explains_the_silence() -> None:
    """
    A configuration that Postfix cannot read has no log lines.
    """
    output = CommandOutput("", 0, "@@said\nsendmail: fatal: bad string\n@@log\n", "")
    facts = parse_handover(output, "a", "b", "c")
    assert facts.of("a") is None
    assert facts.silence == "sendmail: fatal: bad string"


def test_the_port_of_sshd_is_that_of_the_shell() -> None:
    """
    Or the usual one.
    """
    assert ssh_port(Shell("ssh://root@client1:2222")) == 2222
    assert ssh_port(Shell("ssh://root@client1")) == 22
    assert ssh_port(Shell("podman://client1")) == 22
    assert ssh_port(None) == 22


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("", ["smtp/inet", "submission/inet", "pickup/unix"]),
        ("inet", ["pickup/unix"]),
        ("submission/inet", ["smtp/inet", "pickup/unix"]),
        ("submission.inet", ["smtp/inet", "pickup/unix"]),
        ("!smtp/inet, inet", ["smtp/inet", "pickup/unix"]),
    ],
)
def test_services_that_are_disabled_are_none(value: str, left: list[str]) -> None:
    """
    postconf lists what master_service_disable keeps master from starting (postconf(5)).
    """
    master = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n"
    master += "pickup unix n - y 60 1 pickup\n"
    text = f"@@all\nmaster_service_disable = {value}\n@@explicit\n@@master\n{master}@@overrides\n"
    assert [each.key for each in parse_postfix(text, ()).services] == left
