"""
The catalogue validates itself.
"""

from pathlib import Path

import pytest

from mailvet.catalogue import applies_to, load_catalogue, why_not
from mailvet.errors import CatalogueError, ConfigurationError
from mailvet.model import Endpoint, Expectations, Protocol, Security, Target
from tests.plugin.conftest import CONTROLS

GUIDE = '[statements]\n"1" = ["demo.starttls", "demo.other", "demo.never"]\n'
NEVER = '[not_checkable]\n"demo.never" = "it is about people"\n'


def write(folder: Path, controls: str = CONTROLS, guide: str = GUIDE + NEVER) -> Path:
    """
    A checks folder with one area.
    """
    area = folder / "demo"
    area.mkdir(exist_ok=True)
    (area / "controls.toml").write_text(controls, encoding="utf-8")
    (folder / "guide.toml").write_text(guide, encoding="utf-8")
    return folder


def test_coverage_counts_every_statement_once(tmp_path: Path) -> None:
    """
    Decided, not checkable with its reason, open.
    """
    coverage = load_catalogue(write(tmp_path)).coverage
    assert coverage.decided == {"demo.starttls": "DEMO-01"}
    assert coverage.not_checkable == {"demo.never": "it is about people"}
    assert coverage.open == ("demo.other",)
    assert coverage.total == 3


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('id = "DEMO-02"', 'id = "DEMO-01"', "used twice"),
        ('id = "DEMO-02"', 'id = "demo"', "AREA-NN"),
        ('title = "STARTTLS is announced"', f'title = "{"x" * 81}"', "at most 80"),
        ('title = "STARTTLS is announced"', 'title = "Ensure STARTTLS"', "a fact"),
        ('references = ["RFC 3207 §4"]', "references = []", "references are missing"),
        ('endpoints = ["*/starttls"]', 'endpoints = ["*/startls"]', "matches no"),
        ('["demo.starttls"]', '["demo.startls"]', "is not in"),
        ('["demo.starttls"]', '["demo.never"]', "yet not checkable"),
        ('host = "dnf install dovecot"', 'hots = "dnf"', "remedy has one of"),
        ('server = "postfix"', 'server = "exim"', "fix: server is one of"),
        ('since = "3.6"', 'since = "RHEL 9"', "no version of Postfix"),
        ("{tls.minimum}", "{tls.minimal}", "no placeholder {tls.minimal}"),
        ('since = "3.6"', 'endpoints = ["*/startls"]', "matches no"),
        ('references = ["Guide"]', 'references = ["Guide"]\nproof = "trust me"', "recorded: WHY"),
    ],
)
def test_wrong_words_are_refused(tmp_path: Path, before: str, after: str, words: str) -> None:
    """
    Each mistake is named.
    """
    assert before in CONTROLS
    folder = write(tmp_path, CONTROLS.replace(before, after))
    with pytest.raises(CatalogueError, match=words):
        load_catalogue(folder)


def test_a_statement_is_claimed_by_one_control_only(tmp_path: Path) -> None:
    """
    Two controls that decide one question are one control.
    """
    twice = CONTROLS.replace('requires = ["dovecot"]', 'statements = ["demo.starttls"]')
    with pytest.raises(CatalogueError, match="claimed by two"):
        load_catalogue(write(tmp_path, twice))


def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """
    A misspelt key would silently lose words.
    """
    folder = write(tmp_path, CONTROLS.replace("consequence", "consequense", 1))
    with pytest.raises(ConfigurationError, match="did you mean 'consequence'"):
        load_catalogue(folder)


def test_the_declaration_tells_what_applies(tmp_path: Path) -> None:
    """
    Roles and kinds of services decide.
    """
    controls = load_catalogue(write(tmp_path)).controls
    imaps = Endpoint("imaps", Protocol.IMAP, 993, Security.IMPLICIT_TLS)
    imap = Endpoint("imap", Protocol.IMAP, 143, Security.STARTTLS)
    target = Target("m", "m", "m", (), "", frozenset({"dovecot"}), (imaps,), Expectations())
    assert applies_to(controls["DEMO-01"], imap)
    assert not applies_to(controls["DEMO-01"], imaps)
    assert "no service of kind */starttls" in why_not(controls["DEMO-01"], target)
    assert why_not(controls["DEMO-02"], target) == ""


def test_a_control_may_leave_out_hosts_of_a_role(tmp_path: Path) -> None:
    """
    What makes no sense there is not applicable, whatever else the profile declares.
    """
    text = CONTROLS.replace(
        'requires = ["dovecot"]', 'requires = ["dovecot"]\nexcludes = ["proxy"]'
    )
    control = load_catalogue(write(tmp_path, text)).controls["DEMO-02"]
    roles = frozenset({"dovecot"})
    backend = Target("m", "m", "m", (), "", roles, (), Expectations())
    proxy = Target("m", "m", "m", (), "", roles | {"proxy"}, (), Expectations())
    assert why_not(control, backend) == ""
    assert "not about hosts with the role proxy" in why_not(control, proxy)
