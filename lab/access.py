"""
How the lab's hosts are reached: ssh keys and configuration, and the passwords of the accounts.
"""

import secrets
import tempfile
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from lab.commands import attempt, run
from lab.place import Lab, Record
from lab.scenario import Scenario

# A socket's path has room for 107 characters, and ssh adds 17 of its own while it makes one.
_LONGEST_SOCKET = 107 - 17 - len("/255.255.255.255")


def socket_folder(lab: Lab) -> Path:
    """
    Choose where ssh keeps the sockets of shared connections.
    """
    if len(str(lab.state)) <= _LONGEST_SOCKET:
        return lab.state
    return Path(tempfile.mkdtemp(prefix="mailvet-"))


def ensure_ssh(lab: Lab, record: Record) -> None:
    """
    Make the client's key, the hosts' key and the configuration that uses them.
    """
    for name in ("id_ed25519", "ssh_host_ed25519_key"):
        path = lab.state / name
        if not path.exists():
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-C", "mailvet", "-f"]
            run([*words, str(path), "-N", ""])
    host_key = (lab.state / "ssh_host_ed25519_key.pub").read_text().split()[:2]
    known = lab.state / "known_hosts"
    pattern = ",".join(str(address) for address in record.subnet.hosts())
    known.write_text(f"{pattern} {' '.join(host_key)}\n")
    (lab.state / "ssh_config").write_text(ssh_config(lab.state, record))


def ssh_config(state: Path, record: Record) -> str:
    """
    Render the configuration of an ssh client for the lab's addresses.
    """
    options = {
        "User": "root",
        "IdentityFile": f'"{state / "id_ed25519"}"',
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": f'"{state / "known_hosts"}"',
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "ControlMaster": "auto",
        "ControlPath": f'"{Path(record.sockets) / "%h"}"',
        "ControlPersist": "60",
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "2",
        "LogLevel": "ERROR",
    }
    lines = [f"    {key} {value}" for key, value in options.items()]
    return "\n".join([f"Host {_pattern(record.subnet)}", *lines]) + "\n"


def ensure_passwords(lab: Lab, scenario: Scenario) -> None:
    """
    Give every account, and what else needs one, a random password in a file of the user's own.
    """
    folder = lab.state / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in (*(account.user for account in scenario.accounts), *scenario.secrets):
        path = folder / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(18) + "\n")


def password(lab: Lab, user: str) -> str:
    """
    Read the password of *user*, or another secret.
    """
    return (lab.state / "secrets" / user).read_text().strip()


def close_shared_connection(lab: Lab, record: Record, address: IPv4Address) -> None:
    """
    End the shared ssh connection to a host that is about to go away.
    """
    if (Path(record.sockets) / str(address)).exists():
        config = str(lab.state / "ssh_config")
        attempt(["ssh", "-F", config, "-O", "exit", str(address)])


def _pattern(subnet: IPv4Network) -> str:
    # Client patterns have no masks; the other addresses of the /24 are no hosts of ours.
    return str(subnet.network_address).rsplit(".", 1)[0] + ".*"
