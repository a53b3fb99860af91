"""
The inventory that a lab writes, and the ssh configuration that it names.
"""

import tomllib
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.access import ensure_passwords, password, socket_folder, ssh_config
from lab.inventory import render_inventory
from lab.machines import hosts_file
from lab.place import Lab, Record
from lab.scenario import Scenario, load_scenario

SUBNET = IPv4Network("198.51.100.64/26")
RECORD = Record("single", str(SUBNET), "/tmp/sockets", {})


def test_inventory_describes_the_host(cold_lab: Lab, scenario: Scenario) -> None:
    """
    Address, name, profile and certificate authority of the mail host are there.
    """
    host = tomllib.loads(render_inventory(cold_lab, scenario, SUBNET))["hosts"]["mail1"]

    assert host["address"] == "198.51.100.74"
    assert host["name"] == "mail1.example.com"
    assert host["profiles"] == ["scenarios/single/profile.toml"]
    assert host["ca_file"] == ".state/cold/ca.crt"
    assert host["shell"]["connection"] == "ssh://root@198.51.100.74"


def test_only_the_inside_vantage_is_trusted(cold_lab: Lab, scenario: Scenario) -> None:
    """
    Neither the auditor nor the outside vantage lies in a trusted network.
    """
    inventory = tomllib.loads(render_inventory(cold_lab, scenario, SUBNET))
    trusted = IPv4Network(inventory["hosts"]["mail1"]["expect"]["relay"]["trusted_networks"][2])
    auditor = SUBNET.network_address + 1

    assert trusted == IPv4Network("198.51.100.96/28")
    assert SUBNET.network_address + 40 in trusted
    assert SUBNET.network_address + 20 not in trusted
    assert auditor not in trusted


def test_passwords_are_references(cold_lab: Lab, scenario: Scenario) -> None:
    """
    The inventory names the files of the passwords, which only their owner can read.
    """
    ensure_passwords(cold_lab, scenario)
    text = render_inventory(cold_lab, scenario, SUBNET)
    accounts = tomllib.loads(text)["hosts"]["mail1"]["accounts"]

    for user, account in accounts.items():
        file = cold_lab.home / account["password"]["file"]
        assert file.stat().st_mode & 0o077 == 0
        assert password(cold_lab, user) not in text


def test_one_account_is_fresh(cold_lab: Lab, scenario: Scenario) -> None:
    """
    The account that nobody has used is marked, and no other is.
    """
    inventory = tomllib.loads(render_inventory(cold_lab, scenario, SUBNET))
    accounts = inventory["hosts"]["mail1"]["accounts"]

    assert {user for user, account in accounts.items() if account.get("fresh")} == {"fresh"}


def test_passwords_stay_when_the_lab_is_started_again(cold_lab: Lab, scenario: Scenario) -> None:
    """
    A second start does not lock out what was configured with the first passwords.
    """
    ensure_passwords(cold_lab, scenario)
    before = password(cold_lab, "alice")
    ensure_passwords(cold_lab, scenario)

    assert password(cold_lab, "alice") == before
    assert password(cold_lab, "bob") != before


def test_host_keys_are_checked() -> None:
    """
    Connections are shared, and go only to hosts with the lab's own key.
    """
    lines = ssh_config(Path("/srv/a b"), RECORD).splitlines()

    assert lines[0] == "Host 198.51.100.*"
    assert "    StrictHostKeyChecking yes" in lines
    assert '    UserKnownHostsFile "/srv/a b/known_hosts"' in lines
    assert '    ControlPath "/tmp/sockets/%h"' in lines


def test_sockets_move_when_the_checkout_lies_too_deep(cold_lab: Lab) -> None:
    """
    A long path would not fit a socket's address, so a short folder is made instead.
    """
    deep = replace(cold_lab, home=cold_lab.home / ("x" * 90))
    folder = socket_folder(deep)

    assert folder != deep.state
    assert len(str(folder)) < 60
    folder.rmdir()


@pytest.mark.parametrize(
    "name", ["mail1.example.com", "outside.example.net", "auditor.example.net"]
)
def test_hosts_know_each_other_without_a_name_server(scenario: Scenario, name: str) -> None:
    """
    Every name of the lab is in /etc/hosts.
    """
    assert name in hosts_file(scenario, RECORD).split()


def test_neighbours_of_a_host_are_in_its_inventory(cold_lab: Lab) -> None:
    """
    The partner by name, the MTA as a place to probe from.
    """
    pair = load_scenario("pair")
    hosts = tomllib.loads(render_inventory(cold_lab, pair, SUBNET))["hosts"]

    assert (hosts["mail1"]["partner"], hosts["mail2"]["partner"]) == ("mail2", "mail1")
    assert hosts["mail1"]["vantages"]["mta"]["connection"] == "ssh://root@198.51.100.77"
    assert hosts["mail1"]["expect"]["lmtp"]["client_addresses"] == ["198.51.100.77"]


def test_a_host_that_keeps_mailboxes_need_not_be_audited(cold_lab: Lab) -> None:
    """
    It is in the inventory, and not in the group.
    """
    null_client = load_scenario("null-client")
    inventory = tomllib.loads(render_inventory(cold_lab, null_client, SUBNET))

    assert inventory["groups"]["lab"] == ["client1"]
    assert inventory["hosts"]["client1"]["mailboxes"] in inventory["hosts"]
