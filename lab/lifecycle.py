"""
Start a lab, take it down, tell how it is.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab.access import close_shared_connection, ensure_passwords, ensure_ssh, socket_folder
from lab.addresses import free_networks, host_address
from lab.commands import require, say, step
from lab.errors import LabError
from lab.image import ensure_base_image, remove_base_images
from lab.inventory import render_inventory
from lab.machines import configure, start, start_missing
from lab.pki import ensure_authority, ensure_certificate
from lab.place import Lab, Record, load_record, save_record
from lab.podman import command, create_network, network_home, remove_lab, running
from lab.scenario import Scenario, load_scenario
from lab.surroundings import networks_in_use

_TOOLS = ("podman", "openssl", "ssh", "ssh-keygen", "ip", "iptables", "nft")


def up(lab: Lab, scenario_name: str, *, replace_other: bool = False) -> None:
    """
    Make *lab* run the scenario; nothing happens to what runs already and is as it should be.

    With *replace_other*, a lab that runs another scenario is taken down first.
    """
    require(*_TOOLS)
    scenario = load_scenario(scenario_name, lab.home)
    record = load_record(lab)
    if record is not None and record.scenario != scenario.name:
        if not replace_other:
            raise LabError(f"this lab runs scenario {record.scenario}: take it down first")
        down(lab)
        record = None
    bases = {kind: ensure_base_image(kind) for kind in scenario.images}
    record = _settle(lab, scenario, record)
    _prepare_state(lab, scenario, record)
    with step(f"lab {lab.name}: configuring {scenario.name} as the guide says"):
        recipes = configure(lab, scenario, record, bases)
    with step(f"lab {lab.name}: starting {len(scenario.machines)} hosts in {record.network}"):
        start_missing(lab, scenario, record, recipes)
    save_record(lab, replace(record, recipes=recipes))
    lab.inventory.write_text(render_inventory(lab, scenario, record.subnet))
    say(f"lab {lab.name} is up: {_shown(lab.inventory)}")


def down(lab: Lab, *, everything: bool = False) -> None:
    """
    Remove all that belongs to *lab*; with *everything*, the base image as well.
    """
    require("podman")
    _refuse_another(lab, network_home(lab.network))
    record = load_record_leniently(lab)
    if record is not None:
        scenario = load_scenario(record.scenario, lab.home)
        for machine in scenario.machines:
            close_shared_connection(lab, record, host_address(record.subnet, machine.number))
        shutil.rmtree(record.sockets, ignore_errors=True)
    remove_lab(lab.name, lab.network)
    shutil.rmtree(lab.state, ignore_errors=True)
    lab.inventory.unlink(missing_ok=True)
    if everything:
        remove_base_images()
    say(f"lab {lab.name} is down")


def reset(lab: Lab, host: str) -> None:
    """
    Put *host* back to what it was when its configuration was finished.
    """
    scenario, record = opened(lab)
    start(lab, record, scenario.machine(host))


def is_up(lab: Lab) -> bool:
    """
    Whether *lab* was started and not taken down.
    """
    return load_record(lab) is not None


def opened(lab: Lab) -> tuple[Scenario, Record]:
    """
    Return the scenario and the record of a lab that was started, or raise.
    """
    record = load_record(lab)
    if record is None:
        raise LabError(f"lab {lab.name} is not up: run `python -m lab up`")
    return load_scenario(record.scenario, lab.home), record


def status(lab: Lab) -> bool:
    """
    Print how the hosts are; True when all of them run.
    """
    record = load_record(lab)
    if record is None:
        print(f"lab {lab.name}: down")
        return False
    scenario = load_scenario(record.scenario, lab.home)
    print(f"lab {lab.name}: scenario {scenario.name}, network {record.network}")
    well = True
    for machine in scenario.machines:
        alive = running(lab.container(machine.id))
        well = well and alive
        address = host_address(record.subnet, machine.number)
        print(f"  {machine.id:10} {address!s:15} {machine.name:20} {'up' if alive else 'DOWN'}")
    return well


def execute(lab: Lab, host: str, argv: Sequence[str]) -> None:
    """
    Become a command that runs as root on *host*.
    """
    scenario, _ = opened(lab)
    container = lab.container(scenario.machine(host).id)
    if not running(container):
        raise LabError(f"{host} is not running: run `python -m lab up`")
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    words = [*command(), "exec", "--interactive", *terminal, container, *argv]
    os.execvp(words[0], words)  # noqa: S606 - the command is what the user typed


def load_record_leniently(lab: Lab) -> Record | None:
    """
    Read the record of a lab that is to be removed, whatever state it is in.
    """
    try:
        return load_record(lab)
    except LabError:
        return None


def _settle(lab: Lab, scenario: Scenario, record: Record | None) -> Record:
    """
    Give the lab its network, and a folder for its state.
    """
    owner = network_home(lab.network)
    _refuse_another(lab, owner)
    lab.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if record is not None and owner is not None:
        return record
    remove_lab(lab.name, lab.network)
    for subnet in free_networks(networks_in_use()):
        if create_network(lab.network, lab.name, str(lab.home), subnet):
            fresh = Record(scenario.name, str(subnet), str(socket_folder(lab)), {})
            save_record(lab, fresh)
            return fresh
    raise LabError("no documentation network is free: take another lab down first")


def _refuse_another(lab: Lab, owner: str | None) -> None:
    if owner and owner != str(lab.home):
        raise LabError(f"a lab {lab.name} of {owner} is there: choose another name with --lab")


def _prepare_state(lab: Lab, scenario: Scenario, record: Record) -> None:
    ensure_authority(lab.state)
    for machine in scenario.servers:
        ensure_certificate(lab.state, machine.id, machine.name, machine.certificate)
    ensure_ssh(lab, record)
    ensure_passwords(lab, scenario)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
