"""
How replication is configured, read from what the tools print.
"""

import pytest

from mailvet.facts.convergence import Operation, Trial, parse_status, summary
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput
from mailvet.facts.replication import parse_side, replicas, settings_files, writing_protocols
from mailvet.facts.selinux_port import parse_selinux_port

CONFIG = """\
base_dir = /run/dovecot
doveadm_port = 24245
protocols = imap lmtp sieve
replication_max_conns = 10
ssl_client_ca_file = /etc/pki/ca.crt
passdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
userdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
plugin {
  mail_replica = tcps:mail2.example.com:12345
  sieve = file:~/sieve
}
service replicator {
  process_min_avail = 1
  unix_listener replicator-doveadm {
    mode = 0600
    user = vmail
  }
}
service aggregator {
  fifo_listener replication-notify-fifo {
    mode = 0600
    user = vmail
  }
  unix_listener replication-notify {
    mode = 0600
    user = $default_internal_user
  }
}
service doveadm {
  inet_listener {
    port = 12345
    ssl = yes
  }
}
default_internal_user = dovecot
"""

PRINTED = """\
@@addresses
127.0.0.1
203.0.113.10
@@resolved
mail2.example.com 203.0.113.11 203.0.113.11
@@plugins
imap notify replication
lmtp sieve
@@replicators
name: replicator
process_count: 1
@@secret
length 24
@@backend
driver = mysql
connect = host=db1.example.com dbname=mail user=dovecot password=***
user_query = SELECT  1
@@count
3
@@users
alice
@@owners
alice 1000
bob
@@uid
1000
"""


def config(text: str = CONFIG) -> DovecotConfig:
    """
    A configuration.
    """
    root = parse_doveconf(text)
    return DovecotConfig("2.3.19.1", "", (), root, root, (), ())


def test_a_side_is_read() -> None:
    """
    Settings and output become one description.
    """
    side = parse_side("mail1", config(), CommandOutput("x", 0, PRINTED, ""), ("alice", "bob"))
    assert side.passdbs == ("sql",)
    assert ("dbname", "mail") in side.backend
    assert ("user_query", "SELECT 1") in side.backend
    assert not [name for name, _ in side.backend if name == "connect"]
    assert side.lacking == ("lmtp without notify and replication",)
    assert (side.least_replicators, side.replicators) == (1, 1)
    assert (side.control.mode, side.control.user) == ("600", "vmail")
    assert side.notify.user == "dovecot"
    assert side.serves(12345)
    assert side.replicas[0].addresses == ("203.0.113.11",)
    assert side.client_ca
    assert (side.password_length, side.sample) == (24, False)
    assert (side.users, side.unlisted) == (3, ("bob",))
    assert side.owners == (("alice", "1000"),)


@pytest.mark.parametrize(
    ("value", "scheme", "host", "port"),
    [
        ("tcps:mail2.example.com:12345", "tcps", "mail2.example.com", 12345),
        ("tcp:mail2.example.com", "tcp", "mail2.example.com", 24245),
        ("tcps:[2001:db8::2]:12345", "tcps", "2001:db8::2", 12345),
        ("mail2.example.com", "", "mail2.example.com", 24245),
    ],
)
def test_replica(value: str, scheme: str, host: str, port: int) -> None:
    """
    Every form of mail_replica.
    """
    text = CONFIG.replace("tcps:mail2.example.com:12345", value)
    (found,) = replicas(config(text))
    assert (found.scheme, found.host, found.port) == (scheme, host, port)


def test_protocols_that_write() -> None:
    """
    The delivery agent counts where there is no LMTP.
    """
    assert writing_protocols(config()) == ("imap", "lmtp", "sieve", "doveadm")
    without = config(CONFIG.replace("imap lmtp sieve", "imap"))
    assert writing_protocols(without) == ("imap", "lda", "doveadm")
    assert settings_files(config()) == ("/etc/dovecot/dovecot-sql.conf.ext",)


OVERALL = """\
Queued 'sync' requests        0
Queued 'high' requests        0
Queued 'low' requests         2
Queued 'failed' requests      0
Waiting 'failed' requests     1
Total number of known users   6
"""
HEAD = "username            priority fast sync full sync success sync failed\n"


def test_status() -> None:
    """
    Counters by name; a header alone is no user.
    """
    row = "erin                none     00:00:07  01:00:07  00:01:08     -\n"
    output = CommandOutput("x", 0, OVERALL, "")
    status = parse_status("erin", output, CommandOutput("x", 0, HEAD + row, ""))
    assert status.pending == ("queued 'low' requests: 2", "waiting 'failed' requests: 1")
    assert status.user is not None
    assert (status.user.success, status.user.failed) == (68, False)
    assert parse_status("erin", output, CommandOutput("x", 0, HEAD, "")).user is None
    never = HEAD + "erin  none  00:00:07  00:00:07  -  y\n"
    user = parse_status("erin", output, CommandOutput("x", 0, never, "")).user
    assert user is not None
    assert (user.success, user.failed) == (None, True)


def test_summary() -> None:
    """
    Median, worst, and what is missing.
    """
    trials = [Trial(Operation.APPEND, n, seconds) for n, seconds in enumerate((0.2, 0.4, None))]
    assert summary(trials) == "median 0.30 s, worst 0.40 s of 2, not arrived"
    assert summary([]) == ""


RHEL = """\
@@mode
Enforcing
@@running
nis_enabled --> on
@@stored
nis_enabled                    (on   ,  off)  Allow nis to enabled
@@labels
unreserved_port_t              tcp      61001-65535, 1024-32767
@@denials
type=AVC msg=audit(1700000000.1:1): avc:  denied  { name_bind } for comm="dovecot" src=12345
"""


def test_selinux() -> None:
    """
    The form of RHEL 9's tools; ranges label nothing.
    """
    found = parse_selinux_port(CommandOutput("x", 0, RHEL, ""), 12345)
    assert (found.mode, found.running, found.stored) == ("Enforcing", "on", "off")
    assert found.label == ""
    assert len(found.denials) == 1
    labelled = RHEL.replace("@@labels\n", "@@labels\nmail_port_t  tcp  12345, 2000\n")
    assert parse_selinux_port(CommandOutput("x", 0, labelled, ""), 12345).label == "mail_port_t"
    assert parse_selinux_port(CommandOutput("x", 0, "", ""), 12345).mode == ""
