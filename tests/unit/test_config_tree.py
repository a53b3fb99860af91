"""
The files of Dovecot's configuration: what the script prints, read back.
"""

from mailvet.facts.config_tree import ConfigTree, parse_config_tree
from mailvet.facts.host import CommandOutput

FOLDER = "/etc/dovecot/conf.d"

PRINTED = f"""@@main
/etc/dovecot/dovecot.conf
@@default
yes
@@tree
open\t/etc/dovecot/dovecot.conf
line\tprotocols = imap lmtp
line\tdict {{
line\t}}
include\t/etc/dovecot/dovecot.conf: conf.d/*.conf
glob\t{FOLDER}/*.conf
open\t{FOLDER}/10-auth.conf
line\tdisable_plaintext_auth = yes
line\tpassdb {{
line\t  driver = pam
line\t}}
close\t{FOLDER}/10-auth.conf
open\t{FOLDER}/20-lmtp.conf
line\tprotocol lmtp {{
line\t  mail_plugins = $mail_plugins \\
line\t    sieve
close\t{FOLDER}/20-lmtp.conf
open\t{FOLDER}/20-managesieve.conf
line\tprotocols = $protocols sieve
close\t{FOLDER}/20-managesieve.conf
open\t{FOLDER}/99-old.conf
line\tdisable_plaintext_auth = no
line\tpassdb {{
line\t  driver = ldap
line\t}}
line\tprotocol lmtp {{
line\t  mail_plugins = quota
line\t}}
close\t{FOLDER}/99-old.conf
close\t/etc/dovecot/dovecot.conf
@@others
open\t{FOLDER}/x.conf
line\tdisable_plaintext_auth = no
line\tmail_debug = yes
close\t{FOLDER}/x.conf
@@unexplained
{FOLDER}/99-old.conf
{FOLDER}/20-lmtp.conf
@@documentation
/usr/share/doc/dovecot
@@excluded
tsflags=nodocs
"""


def tree(text: str = PRINTED) -> ConfigTree:
    """What the script printed."""
    return parse_config_tree(CommandOutput("script", 0, text, ""))


def test_files_and_includes_are_read() -> None:
    """Files come in their order, with the lines and folders that had them read."""
    facts = tree()

    assert facts.main == facts.read[0] == "/etc/dovecot/dovecot.conf"
    assert facts.read[1:] == tuple(
        f"{FOLDER}/{name}.conf" for name in ("10-auth", "20-lmtp", "20-managesieve", "99-old")
    )
    assert facts.includes == ("/etc/dovecot/dovecot.conf: conf.d/*.conf",)
    assert facts.folders == (FOLDER,)
    assert facts.default
    assert facts.documentation == ("/usr/share/doc/dovecot",)
    assert facts.without_documentation == "tsflags=nodocs"


def test_sections_and_continued_lines_are_understood() -> None:
    """A setting has the sections it stands in, and a section ends with its file."""
    names = [(each.name, each.value) for each in tree().assignments]

    assert ("protocol lmtp/mail_plugins", "$mail_plugins sieve") in names
    assert ("protocols", "$protocols sieve") in names


def test_conflicts_are_values_and_not_repetitions() -> None:
    """Extending a value is none, and each passdb is another one."""
    conflicts = tree().conflicts(())

    assert len(conflicts) == 2
    assert "disable_plaintext_auth = yes" in conflicts[0]
    assert f"overridden by no in {FOLDER}/99-old.conf" in conflicts[0]
    assert "protocol lmtp/mail_plugins" in conflicts[1]
    assert tree().conflicts(("99-old.conf",)) == ()


def test_strangers_are_files_that_nobody_knows() -> None:
    """A name of the guide or of the profile explains a file that no package brought."""
    assert tree().strangers(()) == (f"{FOLDER}/99-old.conf",)
    assert tree().strangers((f"{FOLDER}/99-old.conf",)) == ()


def test_settings_that_are_not_read_are_seen() -> None:
    """What is in force anyway is missed by nobody."""
    idle = {each.name for each in tree().without_effect()}

    assert idle == {"mail_debug"}


def test_nonsense_is_no_setting() -> None:
    """Braces that do not pair and files that do not begin end nothing and set nothing."""
    facts = tree("@@tree\nline\ta = 1\nclose\tx\nopen\t/x\nline\t}\nline\t}\nline\tb = 2 # two\n")

    assert [(each.name, each.value) for each in facts.assignments] == [("b", "2")]
