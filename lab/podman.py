"""
Podman, as much of it as the lab needs.
"""

import json
import os
import resource
import shutil
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from lab.addresses import hardware_address
from lab.commands import as_root, attempt, run
from lab.errors import CommandError, LabError

_LABEL = "mailvet.lab"
_HOME_LABEL = "mailvet.home"
_OPEN_FILES = 65_536
_PROCESSES = 16_384  # below the 32,768 that conmon keeps for itself where process ids end there


@cache
def command() -> tuple[str, ...]:
    """
    Return how podman is called on this machine.

    Crun refuses the hybrid cgroups of some machines, and runc takes them.
    """
    podman = ["podman"]
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        if shutil.which("runc", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
            raise LabError("runc not found, and these cgroups need it: apt-get install runc")
        podman += ["--runtime", "runc", "--cgroup-manager", "cgroupfs"]
    return tuple(as_root(podman))


def podman(*words: str, stdin: bytes | None = None, what: str | None = None) -> str:
    """
    Run a podman command and return what it printed.
    """
    return run([*command(), *words], stdin=stdin, what=what or f"podman {words[0]}")


def podman_says(*words: str) -> bool:
    """
    Ask podman something that it answers by its exit status.
    """
    return attempt([*command(), *words]).returncode == 0


def image_exists(image: str) -> bool:
    """
    Whether *image* is on this machine.
    """
    return podman_says("image", "exists", image)


def running(container: str) -> bool:
    """
    Whether *container* is up.
    """
    done = attempt([*command(), "inspect", "--format", "{{.State.Running}}", container])
    return done.stdout.strip() == b"true"


def container_networks() -> tuple[IPv4Network, ...]:
    """
    Return the networks that podman has given away already.
    """
    listed = json.loads(podman("network", "ls", "--format", "json") or "[]")
    subnets = [part["subnet"] for network in listed for part in network.get("subnets") or ()]
    return tuple(IPv4Network(subnet) for subnet in subnets if ":" not in subnet)


def network_home(name: str) -> str | None:
    """
    Return the folder of the lab that the network *name* belongs to; None if there is no network.
    """
    form = f'{{{{index .Labels "{_HOME_LABEL}"}}}}'
    done = attempt([*command(), "network", "inspect", "--format", form, name])
    return None if done.returncode else done.stdout.decode().strip()


def create_network(name: str, lab: str, home: str, subnet: IPv4Network) -> bool:
    """
    Make the container network of a lab; False when somebody else has just taken *subnet*.
    """
    try:
        podman(
            "network", "create", "--disable-dns", "--subnet", str(subnet),
            "--label", f"{_LABEL}={lab}", "--label", f"{_HOME_LABEL}={home}", name,
        )  # fmt: skip
    except CommandError as error:
        if "already" not in error.output or "name" in error.output:
            raise
        return False
    return True


def start_container(
    name: str, *, lab: str, image: str, network: str, address: IPv4Address, hostname: str
) -> None:
    """
    Run *image* as a host with a fixed address, in place of any older container of that name.
    """
    remove_container(name)
    podman(
        "run", "--detach", "--name", name, "--label", f"{_LABEL}={lab}",
        "--systemd=always", "--cap-add", "NET_ADMIN,SYS_ADMIN",
        "--network", network, "--ip", str(address), "--mac-address", hardware_address(address),
        "--dns", "127.0.0.1", "--no-hosts", "--hostname", hostname, *limits(), image,
        what=f"starting {name}",
    )  # fmt: skip


def build_image(
    name: str, *, lab: str, base: str, archive: bytes, script: str, entry: Sequence[str]
) -> None:
    """
    Configure a copy of image *base* with *script*, which finds *archive* in /mnt, and keep it.

    The files go in through standard input, so that no secret is in a process list or a layer.
    """
    builder = name.removeprefix("localhost/").removesuffix(":latest") + "-build"
    remove_container(builder)
    try:
        podman(
            "run", "--interactive", "--name", builder, "--label", f"{_LABEL}={lab}",
            "--network", "none", "--no-hosts", "--tmpfs", "/mnt:mode=0700", *limits(),
            base, "bash", "-euc", script, stdin=archive, what=f"configuring {name}",
        )  # fmt: skip
        podman(
            "commit", "--quiet", "--change", f"CMD {json.dumps(list(entry))}",
            "--change", f"LABEL {_LABEL}={lab}", builder, name,
        )  # fmt: skip
    finally:
        remove_container(builder)


def remove_container(name: str) -> None:
    """
    Stop *name* at once and forget it; no error if there is none.
    """
    attempt([*command(), "rm", "--force", "--time", "0", name])


def remove_lab(lab: str, network: str) -> None:
    """
    Remove every container, image and network of *lab*.
    """
    label = f"label={_LABEL}={lab}"
    containers = podman("ps", "--all", "--quiet", "--filter", label).split()
    if containers:
        podman("rm", "--force", "--time", "0", *containers)
    images = podman("images", "--quiet", "--filter", label).split()
    if images:
        podman("rmi", "--force", *dict.fromkeys(images))
    if podman_says("network", "exists", network):
        podman("network", "rm", "--force", network)


def limits() -> list[str]:
    """
    Return the options that keep podman from raising limits, which not every caller may.
    """
    files = _at_most(resource.RLIMIT_NOFILE, _OPEN_FILES)
    processes = _at_most(resource.RLIMIT_NPROC, _PROCESSES)
    return ["--ulimit", f"nofile={files}:{files}", "--ulimit", f"nproc={processes}:{processes}"]


def _at_most(kind: int, wanted: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
