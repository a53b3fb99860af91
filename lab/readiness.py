"""
Tell when a host is up: its services have answered, and systemd has nothing left to do.
"""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

from lab.commands import attempt, wait_until
from lab.errors import LabError
from lab.podman import command
from lab.scenario import Machine

_ANSWER_SECONDS = 2.0
_UP_SECONDS = 60.0
_INTERVAL = 0.2


def wait_for_machine(container: str, machine: Machine, address: IPv4Address) -> None:
    """
    Wait until *machine* serves what its scenario says, or raise.
    """
    silent = set(machine.ports or (22,))
    missing = wait_until(
        lambda: unanswered(address, machine, silent), seconds=_UP_SECONDS, interval=_INTERVAL
    )
    if missing is None and machine.serves:
        missing = wait_until(lambda: unfinished(container), seconds=_UP_SECONDS)
    if missing is not None:
        raise LabError(
            f"{machine.id} is not up after {_UP_SECONDS:.0f} s: {missing};"
            f" look with `python -m lab exec {machine.id} -- journalctl -b`"
        )


def unanswered(address: IPv4Address, machine: Machine, silent: set[int]) -> str | None:
    """
    Name the ports of *silent* that say nothing to a client, or None; who answers is taken out.
    """
    wanted = sorted(silent)
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        answers = pool.map(lambda port: _greets(address, machine, port), wanted)
        silent -= {port for port, greets in zip(wanted, answers, strict=True) if greets}
    return f"no answer on port {', '.join(map(str, sorted(silent)))}" if silent else None


def unfinished(container: str) -> str | None:
    """
    Say what systemd is still doing in *container*, or None.
    """
    # It waits for the end of the start-up by itself: to ask again costs more than to wait.
    wait = ["timeout", f"{_UP_SECONDS:.0f}", "systemctl", "is-system-running", "--wait"]
    done = attempt([*command(), "exec", container, *wait])
    state = done.stdout.decode().strip()
    return None if state == "running" else f"systemd says {state or 'nothing'}"


def _greets(address: IPv4Address, machine: Machine, port: int) -> bool:
    try:
        with socket.create_connection((str(address), port), timeout=_ANSWER_SECONDS) as plain:
            if port in machine.cleartext or not machine.ports:
                return bool(plain.recv(1))
            with _anybody().wrap_socket(plain) as encrypted:
                return bool(encrypted.recv(1))
    except OSError:
        return False


def _anybody() -> ssl.SSLContext:
    # Whether somebody answers is asked here, not who: that is for the suite to judge.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
