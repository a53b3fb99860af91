"""
Change a host, and wait until what the change set off has come to rest.
"""

import json

from lab.commands import attempt, wait_until
from lab.errors import CommandError
from lab.podman import command
from lab.scenario import Machine

_SECONDS = 8.0

# Tells which ports of the scenario are open and say nothing, and what systemd still has to do.
# Run on the host itself, because a mutant may have closed the firewall.
_LOOK = """
import json, socket, ssl, subprocess, sys
cleartext, implicit_tls = json.loads(sys.argv[1])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
opened = {}
for row in open("/proc/net/tcp").read().splitlines()[1:]:
    local, state = row.split()[1], row.split()[3]
    if state == "0A":
        address = socket.inet_ntoa(bytes.fromhex(local.split(":")[0])[::-1])
        opened[int(local.split(":")[1], 16)] = "127.0.0.1" if address == "0.0.0.0" else address
waiting = []
for port in [port for port in cleartext + implicit_tls if port in opened]:
    try:
        with socket.create_connection((opened[port], port), 1) as link:
            link = context.wrap_socket(link) if port in implicit_tls else link
            link.recv(1) or waiting.append(f"port {port}")
    except OSError:
        waiting.append(f"port {port}")
jobs = subprocess.run(["systemctl", "list-jobs", "--no-legend"], capture_output=True, text=True)
print(" ".join(waiting + jobs.stdout.split()[1:2]))
"""


def apply(container: str, machine: Machine, script: str) -> str | None:
    """
    Run *script* as root on *machine*, and return what has not come to rest in time.

    A mutant may well be about a service that never answers again, so this is no error.
    """
    done = attempt([*command(), "exec", container, "bash", "-euc", script])
    if done.returncode:
        output = (done.stderr + done.stdout).decode(errors="replace")
        raise CommandError(f"apply ended with status {done.returncode}", output)
    ports = json.dumps([machine.cleartext, machine.implicit_tls])
    look = [*command(), "exec", container, "python3", "-c", _LOOK, ports]

    def restless() -> str | None:
        seen = attempt(look)
        return seen.stdout.decode().strip() or None if seen.returncode == 0 else "host"

    return wait_until(restless, seconds=_SECONDS, interval=0.1)
