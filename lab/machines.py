"""
Configure, start and reset the hosts of a lab.
"""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from lab.access import close_shared_connection, password
from lab.addresses import host_address
from lab.place import HOME, Lab, Record
from lab.podman import build_image, image_exists, running, start_container
from lab.readiness import wait_for_machine
from lab.scenario import Machine, Scenario

_INIT = ("/sbin/init",)
_SSHD_ALONE = ("sh", "-c", "ip route del default; exec /usr/sbin/sshd -D")
_CONFIGURE = """
tar -xC /mnt
. /mnt/settings
trap '[ $? -eq 0 ] || echo "${step##*/} failed" >&2' EXIT
for step in /mnt/steps/*; do
    . "$step"
done
"""


def recipe(lab: Lab, scenario: Scenario, record: Record, machine: Machine, base: str) -> str:
    """
    Return a digest of all that goes into the image of *machine*.
    """
    digest = hashlib.sha256(base.encode())
    for name, content in sorted(_ingredients(lab, scenario, record, machine).items()):
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()


def configure(
    lab: Lab, scenario: Scenario, record: Record, bases: Mapping[str, str]
) -> dict[str, str]:
    """
    Build the images of the machines that have changed; return the recipes of all.
    """
    recipes = {
        machine.id: recipe(lab, scenario, record, machine, bases[machine.image])
        for machine in scenario.machines
    }
    stale = [
        machine
        for machine in scenario.machines
        if recipes[machine.id] != record.recipes.get(machine.id)
        or not image_exists(lab.image(machine.id))
    ]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda each: _build(lab, scenario, record, each, bases[each.image]), stale))
    return recipes


def start(lab: Lab, record: Record, machine: Machine) -> None:
    """
    Start *machine* from its image as it was configured, and wait until it serves.
    """
    address = host_address(record.subnet, machine.number)
    container = lab.container(machine.id)
    close_shared_connection(lab, record, address)
    start_container(
        container,
        lab=lab.name,
        image=lab.image(machine.id),
        network=lab.network,
        address=address,
        hostname=machine.name,
    )
    wait_for_machine(container, machine, address)


def start_missing(lab: Lab, scenario: Scenario, record: Record, recipes: dict[str, str]) -> None:
    """
    Start every machine that is not running from its present image.
    """
    due = {
        machine.id
        for machine in scenario.machines
        if recipes[machine.id] != record.recipes.get(machine.id)
        or not running(lab.container(machine.id))
    }
    with ThreadPoolExecutor() as pool:
        for wave in scenario.waves:
            missing = [machine for machine in wave if machine.id in due]
            list(pool.map(lambda machine: start(lab, record, machine), missing))


def _build(lab: Lab, scenario: Scenario, record: Record, machine: Machine, base: str) -> None:
    archive = _archive(_ingredients(lab, scenario, record, machine))
    entry = _INIT if machine.serves else _SSHD_ALONE
    image = lab.image(machine.id)
    build_image(image, lab=lab.name, base=base, archive=archive, script=_CONFIGURE, entry=entry)


def _ingredients(
    lab: Lab, scenario: Scenario, record: Record, machine: Machine
) -> dict[str, bytes]:
    state = lab.state
    found = {
        "settings": _settings(scenario, record, machine).encode(),
        "steps/00-enrol.sh": (HOME / "image" / "enrol.sh").read_bytes(),
        "files/hosts": hosts_file(scenario, record).encode(),
        "files/authorized_keys": (state / "id_ed25519.pub").read_bytes(),
        "files/ssh_host_ed25519_key": (state / "ssh_host_ed25519_key").read_bytes(),
        "files/ssh_host_ed25519_key.pub": (state / "ssh_host_ed25519_key.pub").read_bytes(),
    }
    if not machine.steps:
        return found
    for step in machine.steps:
        named = scenario.folder.parent / step
        for path in sorted(named.iterdir()) if named.is_dir() else (named,):
            found[f"steps/{path.name}"] = path.read_bytes()
    users = [account.user for account in scenario.accounts]
    found["files/accounts"] = "".join(f"{user}\n" for user in users).encode()
    found["files/passwords"] = "".join(f"{user}:{password(lab, user)}\n" for user in users).encode()
    for name in scenario.secrets:
        found[f"files/secret-{name}"] = password(lab, name).encode()
    for name in ("ca.crt", f"{machine.id}.crt", f"{machine.id}.key"):
        found[f"files/{name}"] = (state / name).read_bytes()
    return found


def _settings(scenario: Scenario, record: Record, machine: Machine) -> str:
    """
    Render what the scripts that configure *machine* find in the environment.
    """
    found = {
        "TRUSTED_NETWORK": scenario.trusted_network(record.subnet),
        "MACHINE": machine.id,
        "NAME": machine.name,
    }
    neighbours = {"PARTNER": machine.partner, "MTA": machine.mta, "MAILBOXES": machine.mailboxes}
    for word, other in neighbours.items():
        if other:
            found[f"{word}_NAME"] = scenario.machine(other).name
            found[f"{word}_ADDRESS"] = host_address(record.subnet, scenario.machine(other).number)
    return "".join(f"LAB_{name}={value}\n" for name, value in found.items())


def hosts_file(scenario: Scenario, record: Record) -> str:
    """
    Render /etc/hosts: there is no name server in a lab.
    """
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines.append(f"{host_address(record.subnet, 1)} auditor.example.net")
    for machine in scenario.machines:
        short = machine.name.split(".")[0]
        lines.append(f"{host_address(record.subnet, machine.number)} {machine.name} {short}")
    return "\n".join(lines) + "\n"


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o600
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
