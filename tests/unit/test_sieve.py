"""
What ManageSieve lists, and what the configuration says about Sieve.
"""

import pytest

from mailvet.facts.dovecot import DovecotConfig, parse_dovecot
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import PostfixConfig, parse_postfix
from mailvet.facts.sieve import ScriptList, parse_scripts, same_script
from mailvet.facts.sieve_setup import Location, Way, locations, ways
from mailvet.facts.sieve_setup import parse_scripts as parse_global_scripts


def dovecot(text: str) -> DovecotConfig:
    """
    A configuration.
    """
    return parse_dovecot(f"@@all\n{text}", ())


def postfix(settings: str, master: str = "") -> PostfixConfig:
    """
    A configuration of Postfix.
    """
    return parse_postfix(f"@@all\n{settings}\n@@explicit\n@@master\n{master}\n@@overrides\n", ())


def test_scripts_are_listed_with_the_active_one() -> None:
    """
    Names may hold quotes, and ACTIVE may be written in any case.
    """
    lines = ('"holidays"', '"my \\"own\\" rules" active', 'OK "Listscripts completed."')
    assert parse_scripts(lines) == ScriptList(("holidays", 'my "own" rules'), 'my "own" rules')


def test_a_list_of_scripts_survives_the_ledger() -> None:
    """
    And what is damaged there names no script.
    """
    scripts = ScriptList(("a\nb", "ü"), "ü")
    assert ScriptList.loads(scripts.dumps()) == scripts
    assert ScriptList.loads("{") == ScriptList.loads("[]") == ScriptList()


@pytest.mark.parametrize(
    ("before", "now", "wanted"),
    [
        (ScriptList(("a",), "a"), ScriptList(("a", "own"), "own"), "a"),
        (ScriptList(("a",)), ScriptList(("a", "own"), "own"), ""),
        (ScriptList(("a",)), ScriptList(("a", "dovecot.orig", "own"), "own"), "dovecot.orig"),
    ],
)
def test_what_was_active_is_told(before: ScriptList, now: ScriptList, wanted: str) -> None:
    """
    Also where the server had not listed it.
    """
    assert before.moved_into(now, ("own",)) == wanted


def test_a_script_is_the_same_whatever_ends_its_lines() -> None:
    """
    Servers may add or change line ends, and nothing else.
    """
    assert same_script('keep "a";\r\n', ('"keep \\"a\\";\n"', "OK"))
    assert not same_script("keep;", ('"discard;"', "OK"))
    assert not same_script("keep;", ("OK",))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('protocols = imap lmtp\nprotocol lmtp {\n  mail_plugins = " sieve"\n}', ("sieve",)),
        ("protocols = lmtp\nmail_plugins = quota sieve\nprotocol lmtp {\n}", ("quota", "sieve")),
        (
            "protocols = lmtp\nprotocol lmtp {\n  mail_plugins {\n    sieve = yes\n  }\n}",
            ("sieve",),
        ),
        ("protocols = lmtp\nmail_plugins = sieve\nprotocol lmtp {\n  mail_plugins = \n}", ()),
    ],
)
def test_plugins_of_lmtp(text: str, found: tuple[str, ...]) -> None:
    """
    Its own list, or the general one; in Dovecot 2.4 there are switches.
    """
    assert ways(dovecot(text), None) == (Way("lmtp", found),)


@pytest.mark.parametrize(
    ("settings", "master"),
    [
        ("mailbox_command = /usr/libexec/dovecot/dovecot-lda -f $SENDER", ""),
        (
            "virtual_transport = dovecot",
            "dovecot unix - n n - - pipe flags=DRhu user=vmail argv=/usr/lib/dovecot/deliver -d",
        ),
    ],
)
def test_lda_counts_where_postfix_runs_it(settings: str, master: str) -> None:
    """
    As a mailbox command or through a pipe.
    """
    config = dovecot("protocols = imap lmtp\nprotocol lmtp {\n  mail_plugins = sieve\n}")
    assert [each.protocol for each in ways(config, postfix(settings, master))] == ["lmtp", "lda"]


def test_without_lmtp_only_lda_can_deliver() -> None:
    """
    Whoever runs it.
    """
    assert ways(dovecot("protocols = imap"), None) == (Way("lda", ()),)


def test_places_of_global_scripts() -> None:
    """
    Files and folders for all users; personal ones, and places that differ, are left out.
    """
    text = (
        "plugin {\n"
        "  sieve = file:~/sieve;active=~/.dovecot.sieve\n"
        "  sieve_before = /etc/dovecot/sieve/before.d/\n"
        "  sieve_after2 = file:/etc/dovecot/sieve/last.sieve;name=last\n"
        "  sieve_default = /srv/%d/default.sieve\n"
        "  sieve_extensions = +notify\n"
        "  sieve_global_extensions = +vnd.dovecot.pipe\n"
        "}\n"
    )
    assert locations(dovecot(text)) == (
        (
            Location("sieve_before", "/etc/dovecot/sieve/before.d/"),
            Location("sieve_after2", "/etc/dovecot/sieve/last.sieve"),
        ),
        ("sieve_default = /srv/%d/default.sieve",),
    )


def test_places_of_global_scripts_in_dovecot_2_4() -> None:
    """
    Each script has a section.
    """
    text = (
        "sieve_script personal {\n  path = ~/sieve\n}\n"
        "sieve_script spam {\n  type = before\n  path = /etc/dovecot/sieve/spam.sieve\n}\n"
    )
    found = (Location("sieve_script spam", "/etc/dovecot/sieve/spam.sieve"),)
    assert locations(dovecot(text)) == (found, ())


def test_global_scripts_as_the_host_shows_them() -> None:
    """
    With the compiler's first words where it has any.
    """
    stdout = (
        "@@script\t/s/a.sieve\tyes\tyes\t0\n\n"
        "@@script\t/s/b.sieve\tno\tno\t89\nb: line 1: error: what?\nb: error: parse failed.\n"
        "@@script\t/s/c.sieve\tmissing\tno\tunknown\n\n"
        "@@script\t/s/d.sieve\tunknown\tno\tunknown\n\n"
    )
    good, bad, missing, unseen = parse_global_scripts(CommandOutput("", 0, stdout, ""))
    assert not good.problem
    assert "cannot read" in bad.problem
    assert bad.error == "b: line 1: error: what?"
    assert "does not exist" in missing.problem
    assert (unseen.readable, unseen.error) == (None, None)
