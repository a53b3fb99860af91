"""
Which configuration runs: what the kernel and the file system say, read back and compared.
"""

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.running import FileTime, RunningFacts, parse_running

MAIN = "/etc/dovecot/dovecot.conf"

PRINTED = """@@clock
499.00 1000.500000000 501.20
500.50 1000.500000000 500.51
100
@@dovecot
a /usr/sbin/dovecot -F
m 39 10000 dovecot
p 68 20000 log
p 70 40000 log (odd) name
@@postfix
a /usr/lib/postfix/sbin/master -w
m 414 11000 master
p 416 30000 qmgr
p 420 45000 smtpd
p 421 44000 cleanup
p 429 12000 tlsmgr
@@files
600.5 610.25 /etc/dovecot/dovecot.conf
550.0 700.0 /etc/dovecot/link
640.0 641.0 /etc/dovecot/link
9999.0 620.0 /etc/dovecot/tomorrow
"""


def parsed(text: str = PRINTED) -> RunningFacts:
    """What the script printed, with one file of Dovecot and none of Postfix."""
    return parse_running(CommandOutput("script", 0, text, ""), {"dovecot": (MAIN,)}, MAIN)


def test_processes_are_dated() -> None:
    """Clock ticks since the boot become seconds of the epoch."""
    facts = parsed()
    dovecot, postfix = facts.daemon("dovecot"), facts.daemon("postfix")

    assert dovecot is not None
    assert (dovecot.started, dovecot.loaded) == (600.0, 700.0)
    assert dovecot.arguments == ("/usr/sbin/dovecot", "-F")
    assert postfix is not None
    assert postfix.loaded == 800.0
    assert postfix.oldest_reader is not None
    assert postfix.oldest_reader.name == "cleanup"


def test_age_of_processes_is_unknown_if_the_clocks_were_read_too_far_apart() -> None:
    """A host too busy to tell the time gives no wrong dates: edited just before is not after."""
    facts = parsed(PRINTED.replace("500.50 1000.500000000 500.51", "499.00 1000.500000000 500.51"))

    assert facts.daemons == ()
    assert facts.dovecot().unknown


def test_of_a_link_and_its_end_the_later_counts() -> None:
    """Turning a link to another file is a change; a date in the future is not believed."""
    times = {each.path: each for each in parsed().files}

    assert times["/etc/dovecot/link"] == FileTime("/etc/dovecot/link", 640.0, 700.0)
    assert times["/etc/dovecot/tomorrow"].modified == 620.0


@pytest.mark.parametrize("text", ["", "@@clock\n", "@@dovecot\nx\n@@files\n1 2\nnan inf /x\n"])
def test_nonsense_is_no_daemon(text: str) -> None:
    """What cannot be read is not made up."""
    facts = parsed(text)

    assert facts.daemons == ()
    assert facts.dovecot().unknown
    assert facts.postfix().unknown


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("dovecot -F", ""),
        ("dovecot -F -c /srv/dovecot.conf", "/srv/dovecot.conf"),
        ("dovecot -c/srv/dovecot.conf", "/srv/dovecot.conf"),
        ("dovecot -c", ""),
    ],
)
def test_the_named_configuration_is_seen(arguments: str, named: str) -> None:
    """Both forms of the option are read."""
    daemon = parsed(PRINTED.replace("/usr/sbin/dovecot -F", arguments)).daemon("dovecot")

    assert daemon is not None
    assert daemon.configuration == named
