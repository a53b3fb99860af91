"""
The files of the mail store, and a message in it.
"""

from pathlib import Path

import pytest

from mailvet.facts.host import CommandOutput
from mailvet.facts.mail_session import foreign_names, parse_host_side
from mailvet.facts.mail_store import parse_mail_store

RECORDED = Path(__file__).parent / "recorded" / "host"

GOOD = """@@missing
@@foreign
@@count
25 0
@@end
0
@@as nobody
works\tyes
denied\t/var/mail
denied\t/var/mail/bob/mailboxes/INBOX/dbox-Mails/u.1
owner\treads
@@as alice
works\tyes
denied\t/var/mail
"""


def store(text: str, root: str = "/var/mail"):  # type: ignore[no-untyped-def] # noqa: ANN201
    """What the script printed."""
    return parse_mail_store(CommandOutput("find", 0, text, ""), (root,))


def test_a_store_in_good_order() -> None:
    """All was looked at, and nobody reached anything."""
    found = store(GOOD)

    assert (found.seen, found.complete, found.foreign, found.reached) == (25, True, (), ())
    assert found.doubt == ""


def test_what_was_reached_is_named() -> None:
    """With the account that did."""
    found = store(GOOD.replace("denied\t/var/mail/bob", "reached\t/var/mail/bob"))

    assert found.reached == ("nobody: /var/mail/bob/mailboxes/INBOX/dbox-Mails/u.1",)


@pytest.mark.parametrize(
    ("old", "new", "complete"),
    [
        ("@@end\n0\n", "@@end\ncut off\n", False),
        ("@@end\n0\n", "@@end\n124\n", False),
        ("25 0", "25 2", False),
        ("25 0", "0 0", False),
        ("25 0", "", False),
        ("25 0", "3 0", True),
    ],
)
def test_a_store_that_was_not_seen_in_full(old: str, new: str, complete: bool) -> None:
    """Too many files, too little time, and other file systems leave a gap."""
    assert store(GOOD.replace(old, new)).complete is complete


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("works\tyes\n", "", "setpriv"),
        ("denied", "tried", "setpriv"),
        ("@@missing\n", "@@missing\n/srv/index\n", "/srv/index"),
        ("denied\t/var/mail\n", "denied\t/var/mail\nenters\t/var/mail\n", ""),
    ],
)
def test_denials_that_prove_nothing(old: str, new: str, words: str) -> None:
    """The account must have been taken on, and all folders be there."""
    found = store(GOOD.replace(old, new))

    assert words in found.doubt
    assert bool(found.doubt) is bool(words)


def test_a_folder_that_can_be_passed_must_be_known_in_full() -> None:
    """What was not seen below it may be open."""
    text = GOOD.replace("denied\t/var/mail\n", "denied\t/var/mail\nenters\t/var/mail\n")

    assert "pass through" in store(text.replace("25 0", "25 1")).doubt


def test_types_of_a_root_elsewhere() -> None:
    """Types are the third field of a context."""
    found = store((RECORDED / "selinux-custom-root.txt").read_text(encoding="utf-8"), "/srv/mail")

    assert found.selinux == "Enforcing"
    assert found.types[0] == ("/srv/mail", "mail_spool_t")
    assert found.mistyped == ("/srv/mail/bob: var_t",)
    assert found.relabelled == ("/srv/mail: var_t", "/srv/mail/user/mailboxes: var_t")


def test_processes_and_files_of_a_session() -> None:
    """The uid of each process, and the files that hold the message."""
    text = "@@processes\n4711 5000\n4712 5000\nx y\n@@files\n/var/mail/a/dbox-Mails/u.1\n"

    found = parse_host_side(CommandOutput("doveadm who", 0, text, ""))

    assert found.uids == (5000,)
    assert found.single_dbox


@pytest.mark.parametrize("files", [(), ("/m/storage/m.1",), ("/m/u.1", "/m/u.2"), ("/m/u.1x",)])
def test_other_files_are_not_single_dbox(files: tuple[str, ...]) -> None:
    """One message, one file."""
    text = "@@files\n" + "".join(f"{each}\n" for each in files)

    assert not parse_host_side(CommandOutput("grep", 0, text, "")).single_dbox


def test_names_of_somebody_elses_inbox() -> None:
    """By name, and by path where that is known."""
    names = foreign_names("alice@example.com", "/home/alice/", "/var/mail/alice")

    assert "~alice/INBOX" in names
    assert "/var/mail/alice/mailboxes/INBOX" in names
    assert all("/home" not in name for name in foreign_names("alice", "", ""))
