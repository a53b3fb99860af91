"""
The inventory leads to targets, or to one clear line.
"""

from pathlib import Path

import pytest

from mailvet.errors import ConfigurationError
from mailvet.inventory import Inventory, find_inventory
from mailvet.model import Vantage
from mailvet.profile import ProfileReader

PROFILE = """
roles = ["postfix"]
[services.smtp]
protocol = "smtp"
port = 25
security = "starttls"
[expect.tls]
minimum = "TLSv1.3"
minimum_days = 30
"""

HOSTS = """
[groups]
all = ["mail1", "mail2"]

[hosts.mail1]
address = "198.51.100.1"
name = "mail1.example.com"
profiles = ["host"]
ca_file = "ca.crt"

[hosts.mail1.expect.tls]
minimum_days = 7

[hosts.mail1.shell]
connection = "ssh://root@198.51.100.1"
ssh_config = "ssh_config"

[hosts.mail1.accounts.alice]
user = "alice"
address = "alice@example.com"
password = { file = "secrets/alice" }

[hosts.mail1.vantages.outside]
connection = "ssh://probe@outside.example.net"

[hosts.mail2]
address = "198.51.100.2"
profiles = ["host"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    An inventory beside a folder of profiles.
    """
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/host.toml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "profiles/discover.toml").write_text("discover = true", encoding="utf-8")
    (tmp_path / "hosts.toml").write_text(HOSTS, encoding="utf-8")
    return tmp_path


def inventory(folder: Path) -> Inventory:
    """
    The inventory of *folder*.
    """
    return Inventory(folder / "hosts.toml", ProfileReader(folder / "profiles"))


def test_a_host_is_read_with_paths_relative_to_the_inventory(folder: Path) -> None:
    """
    Address, shell, accounts, vantages and files.
    """
    (target,) = inventory(folder).targets(["mail1"])
    assert (target.address, target.name) == ("198.51.100.1", "mail1.example.com")
    assert target.ca_file == str(folder / "ca.crt")
    assert target.shell is not None
    assert target.shell.ssh_config == str(folder / "ssh_config")
    assert target.accounts["alice"].password.file == str(folder / "secrets/alice")
    assert set(target.vantages) == {Vantage.OUTSIDE}
    assert target.roles == {"postfix"}


def test_expectations_of_the_host_override_its_profiles(folder: Path) -> None:
    """
    Only what it names; the rest stays.
    """
    (target,) = inventory(folder).targets(["mail1"])
    assert (target.expect.tls.minimum, target.expect.tls.minimum_days) == ("TLSv1.3", 7)


def test_a_group_is_all_of_its_hosts_and_nobody_twice(folder: Path) -> None:
    """
    --host all --host mail1 audits two hosts.
    """
    targets = inventory(folder).targets(["all", "mail1"])
    assert [target.key for target in targets] == ["mail1", "mail2"]


def test_an_address_that_no_inventory_names_is_discovered(folder: Path) -> None:
    """
    Without an inventory, too.
    """
    (target,) = inventory(folder).targets(["192.0.2.9"])
    assert target.discover is False or target.profiles == ("discover",)
    bare = Inventory(None, ProfileReader(folder / "profiles"))
    (target,) = bare.targets(["2001:db8::9"])
    assert (target.address, target.profiles, target.discover) == (
        "2001:db8::9",
        ("discover",),
        True,
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"mail1", "mail2"]', '"mail1", "mial2"]', "did you mean 'mail2'"),
        ("[hosts.mail2]", "[hosts.mail2]\nadress = 1", "did you mean 'address'"),
        ('address = "198.51.100.2"\n', "", "the key is missing: `address`"),
        ("vantages.outside", "vantages.outsude", "did you mean 'outside'"),
        ("minimum_days = 7", "minimum_day = 7", "did you mean 'minimum_days'"),
        ('{ file = "secrets/alice" }', '"hunter2"', "hosts.mail1.accounts.alice"),
    ],
)
def test_mistakes_name_file_and_key(folder: Path, before: str, after: str, words: str) -> None:
    """
    One line that says what, where, and what was probably meant.
    """
    assert before in HOSTS
    (folder / "hosts.toml").write_text(HOSTS.replace(before, after), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words.replace("[", r"\[")) as caught:
        inventory(folder).targets(["mail1"])
    assert "hosts.toml" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_inventory_is_found_by_option_environment_or_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    In this order.
    """
    monkeypatch.delenv("MAILVET_INVENTORY", raising=False)
    assert find_inventory(None, folder) == folder / "hosts.toml"
    assert find_inventory(None, folder / "profiles") is None
    monkeypatch.setenv("MAILVET_INVENTORY", "/etc/mailvet/hosts.toml")
    assert find_inventory(None, folder) == Path("/etc/mailvet/hosts.toml")
    assert find_inventory("/srv/other.toml", folder) == Path("/srv/other.toml")


NEIGHBOURS = (
    HOSTS.replace('ca_file = "ca.crt"', 'partner = "mail2"\nmta = "mta1"')
    + """
[hosts.mail2.shell]
connection = "ssh://root@198.51.100.2"

[hosts.mta1]
address = "198.51.100.3"
profiles = ["host"]
"""
)


def test_neighbours_are_hosts_and_places_to_probe_from(folder: Path) -> None:
    """
    A partner with a shell is a vantage as well; it has no partner of its own here.
    """
    (folder / "hosts.toml").write_text(NEIGHBOURS, encoding="utf-8")
    (target,) = inventory(folder).targets(["mail1"])
    assert target.partner is not None
    assert target.mta is not None
    assert (target.partner.key, target.mta.key) == ("mail2", "mta1")
    assert target.partner.partner is None
    assert target.vantages[Vantage.PARTNER].connection == "ssh://root@198.51.100.2"
    assert Vantage.MTA not in target.vantages


def test_mailboxes_elsewhere_are_a_role(folder: Path) -> None:
    """
    Controls that look for mail there ask for it.
    """
    text = HOSTS.replace('ca_file = "ca.crt"', 'mailboxes = "mail2"')
    (folder / "hosts.toml").write_text(text, encoding="utf-8")
    here, there = inventory(folder).targets(["mail1", "mail2"])
    assert here.mailboxes is not None
    assert here.mailboxes.key == there.key
    assert (here.roles, there.roles) == ({"postfix", "remote-mailboxes"}, {"postfix"})


@pytest.mark.parametrize("name", ["mial2", "mail1"])
def test_a_neighbour_is_another_host_of_the_inventory(folder: Path, name: str) -> None:
    """
    Neither a misspelt one nor the host itself.
    """
    text = NEIGHBOURS.replace('partner = "mail2"', f'partner = "{name}"')
    (folder / "hosts.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="did you mean 'mail2'"):
        inventory(folder).targets(["mail1"])
