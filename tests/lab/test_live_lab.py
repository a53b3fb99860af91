"""
Labs with real containers.
"""

import socket
import ssl
import subprocess
import sys
import time
import tomllib
from ipaddress import IPv4Network

import pytest

from lab.access import password
from lab.cli import main
from lab.lifecycle import down, opened, reset, up
from lab.place import CHECKOUT, Lab
from lab.podman import podman

pytestmark = pytest.mark.lab

RESET_SECONDS = 20
"""Many times what it takes, and still no time for a stale neighbour entry to expire."""


def on_host(lab: Lab, host: str, *argv: str) -> str:
    """
    Run a command on a host of the lab, as a user would.
    """
    words = [sys.executable, "-m", "lab", "--lab", lab.name, "exec", host, "--", *argv]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else f"status {done.returncode}"


def over_ssh(lab: Lab, host: str, command: str) -> str:
    """
    Run a command the way the suite does.
    """
    inventory = tomllib.loads(lab.inventory.read_text())["hosts"]["mail1"]
    shell = inventory["shell"] if host == "mail1" else inventory["vantages"][host]
    address = shell["connection"].rpartition("@")[2]
    config = str(lab.home / shell["ssh_config"])
    argv = ["ssh", "-F", config, address, command]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_hosts_run(live_lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """
    All hosts of the scenario are up, and the status says so.
    """
    assert main(["--lab", live_lab.name, "status"]) == 0
    assert capsys.readouterr().out.count(" up\n") == 3


def test_starting_a_running_lab_changes_nothing(live_lab: Lab) -> None:
    """
    Hosts that run as they should keep running.
    """
    before = on_host(
        live_lab, "mail1", "systemctl", "show", "-P", "ActiveEnterTimestamp", "dovecot"
    )
    up(live_lab, "single")
    after = on_host(live_lab, "mail1", "systemctl", "show", "-P", "ActiveEnterTimestamp", "dovecot")

    assert before.strip()
    assert before == after


def test_users_can_log_in_with_a_verified_certificate(live_lab: Lab) -> None:
    """
    Certificate, accounts and passwords of the inventory are those of the server.
    """
    host = tomllib.loads(live_lab.inventory.read_text())["hosts"]["mail1"]
    context = ssl.create_default_context(cafile=live_lab.home / host["ca_file"])
    with (
        socket.create_connection((host["address"], 993), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host["name"]) as link,
    ):
        dialogue = link.makefile("rwb")
        dialogue.readline()
        dialogue.write(f"a LOGIN alice {password(live_lab, 'alice')}\r\n".encode())
        dialogue.flush()

        assert dialogue.readline().startswith(b"a OK")


@pytest.mark.parametrize("host", ["mail1", "outside", "inside"])
def test_nothing_can_leave_the_lab(live_lab: Lab, host: str) -> None:
    """
    No host has a way to the Internet, so no probe of a broken server sends real mail.
    """
    assert "default" not in over_ssh(live_lab, host, "ip route")


def test_exit_status_of_a_command_is_passed_on(live_lab: Lab) -> None:
    """
    A command on a host ends as it would here.
    """
    assert on_host(live_lab, "mail1", "sh", "-c", "exit 7") == "status 7"


def test_reset_takes_seconds_and_undoes_everything(live_lab: Lab) -> None:
    """
    A broken host is as good as new, also for those who had a connection to it.
    """
    over_ssh(live_lab, "mail1", "systemctl stop dovecot; touch /root/broken")
    start = time.monotonic()
    reset(live_lab, "mail1")

    assert time.monotonic() - start < RESET_SECONDS
    assert over_ssh(live_lab, "mail1", "systemctl is-active dovecot; ls /root") == "active\n"


def test_two_labs_live_side_by_side(live_lab: Lab) -> None:
    """
    A second lab has other addresses and passwords, and leaves nothing when it goes.
    """
    second = live_lab.sibling(2)
    up(second, "single")
    try:
        networks = [opened(lab)[1].subnet for lab in (live_lab, second)]
        passwords = {password(lab, "alice") for lab in (live_lab, second)}
    finally:
        down(second)

    assert not networks[0].overlaps(networks[1])
    assert len(passwords) == 2
    assert leftovers(second) == ""
    assert not second.state.exists()
    assert not second.inventory.exists()
    assert main(["--lab", live_lab.name, "status"]) == 0


def test_second_start_after_the_network_was_lost(live_lab: Lab) -> None:
    """
    A lab whose network was removed behind its back is built anew.
    """
    third = live_lab.sibling(3)
    up(third, "single")
    try:
        podman("network", "rm", "--force", "--time", "0", third.network)
        up(third, "single")

        assert isinstance(opened(third)[1].subnet, IPv4Network)
        assert main(["--lab", third.name, "status"]) == 0
    finally:
        down(third)


def test_two_auditors_at_once_come_to_the_same_verdicts(live_lab: Lab) -> None:
    """
    Neither what the other one sends nor the load that it makes changes a verdict.
    """
    reset(live_lab, "mail1")

    assert main(["--lab", live_lab.name, "steady", "--times", "1"]) == 0


def leftovers(lab: Lab) -> str:
    """
    List what podman still has of a lab.
    """
    label = f"label=mailvet.lab={lab.name}"
    return "".join(
        podman(*words, "--quiet", "--filter", label)
        for words in (("ps", "--all"), ("images",), ("network", "ls"))
    )
