"""
Profiles merge as their page in the documentation says.
"""

from pathlib import Path

import pytest

from mailvet.errors import ConfigurationError
from mailvet.profile import Profile, ProfileReader

ROOT = Path(__file__).parents[2]


def read(folder: Path, **files: str) -> Profile:
    """
    Writes *files* as profiles and reads the one called ``host``.
    """
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return ProfileReader(folder).read(["host"], source=folder / "hosts.toml")


SERVICES = """
[services.imap]
protocol = "imap"
port = 143
security = "starttls"
[services.pop3]
protocol = "pop3"
port = 110
security = "starttls"
"""


def test_tables_merge_scalars_replace_and_roles_add_up(tmp_path: Path) -> None:
    """
    The nearer profile wins, key by key.
    """
    profile = read(
        tmp_path,
        base='roles = ["dovecot"]\n' + SERVICES + "[expect.tls]\nminimum_days = 3\ndh_bits = 4096",
        host='extends = ["base"]\nroles = ["sieve"]\n[services.imap]\nprotocol = "imap"\n'
        'port = 1143\nsecurity = "starttls"\n[expect.tls]\nminimum_days = 9',
    )
    assert profile.roles == {"dovecot", "sieve"}
    assert {e.name: e.port for e in profile.endpoints} == {"imap": 1143, "pop3": 110}
    assert (profile.expect.tls.minimum_days, profile.expect.tls.dh_bits) == (9, 4096)
    assert profile.names == ("base", "host")


def test_an_inherited_service_can_be_left_out(tmp_path: Path) -> None:
    """
    The guide's section 1.7: IMAP only.
    """
    profile = read(tmp_path, base=SERVICES, host='extends = ["base"]\nwithout = ["pop3"]')
    assert [endpoint.name for endpoint in profile.endpoints] == ["imap"]


def test_leaving_out_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """
    It would be a typing error.
    """
    with pytest.raises(ConfigurationError, match="did you mean 'pop3'"):
        read(tmp_path, base=SERVICES, host='extends = ["base"]\nwithout = ["pop"]')


def test_a_role_can_be_left_out_wherever_it_is_said(tmp_path: Path) -> None:
    """
    A host with nftables has no firewalld, whichever profile comes first; both lists count.
    """
    (tmp_path / "nft.toml").write_text('roles = ["nftables"]\nwithout = ["firewalld"]')
    base = 'roles = ["dovecot", "firewalld"]\n' + SERVICES
    for order in ('["base", "nft"]', '["nft", "base"]'):
        profile = read(tmp_path, base=base, host=f'extends = {order}\nwithout = ["pop3"]')
        assert profile.roles == {"dovecot", "nftables"}
        assert [endpoint.name for endpoint in profile.endpoints] == ["imap"]


def test_waivers_of_all_profiles_add_up_and_know_their_file(tmp_path: Path) -> None:
    """
    A finding names the file to edit.
    """
    waiver = '[[waivers]]\ncontrol = "{}"\nreason = "r"\nowner = "o"\nuntil = 2030-01-01\n'
    profile = read(
        tmp_path,
        base=waiver.format("TLS-01"),
        host='extends = ["base"]\n' + waiver.format("TLS-02"),
    )
    assert [each.control for each in profile.waivers] == ["TLS-01", "TLS-02"]
    assert profile.waivers[0].source.endswith("base.toml")


def test_a_waiver_needs_reason_owner_and_end(tmp_path: Path) -> None:
    """
    Nothing is accepted for ever by nobody.
    """
    with pytest.raises(ConfigurationError, match="the key is missing: `until`"):
        read(tmp_path, host='[[waivers]]\ncontrol = "TLS-01"\nreason = "r"\nowner = "o"\n')


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.toml")), ids=lambda p: p.stem)
def test_every_profile_that_we_ship_can_be_read(path: Path) -> None:
    """
    And says what it is for.
    """
    reader = ProfileReader(ROOT / "profiles")
    profile = reader.read([path.stem], source=path)
    assert profile.names[-1] == path.stem
    assert path.read_text(encoding="utf-8").startswith("#")
