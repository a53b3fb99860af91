"""
Change a host, and wait until what the change set off has come to rest.
"""

import json

from lab.commands import attempt, wait_until
from lab.errors import CommandError
from lab.podman import command
from lab.scenario import Machine

_SECONDS = 8.0

# Waits until no port of the scenario is open and says nothing, and systemd has nothing to do; tells
# what it still waits for when time is up. Runs on the host itself, because a mutant may have closed
# the firewall, and waits there, because every command in a container costs more than the look.
_LOOK = """
import json, socket, ssl, subprocess, sys, time
cleartext, implicit_tls, seconds = json.loads(sys.argv[1])
deadline = time.monotonic() + seconds
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
def listening():
    for row in open("/proc/net/tcp").read().splitlines()[1:]:
        local, state = row.split()[1], row.split()[3]
        if state == "0A":
            address = socket.inet_ntoa(bytes.fromhex(local.split(":")[0])[::-1])
            yield int(local.split(":")[1], 16), "127.0.0.1" if address == "0.0.0.0" else address
def silent(address, port):
    try:
        with socket.create_connection((address, port), 1) as link:
            link = context.wrap_socket(link) if port in implicit_tls else link
            return not link.recv(1)
    except OSError:
        return True
while True:
    opened = dict(listening())
    waiting = [
        f"port {port}"
        for port in cleartext + implicit_tls
        if port in opened and silent(opened[port], port)
    ]
    jobs = subprocess.run(["systemctl", "list-jobs", "--no-legend"], capture_output=True, text=True)
    waiting += jobs.stdout.split()[1:2]
    if not waiting or time.monotonic() > deadline:
        break
    time.sleep(0.1)
print(" ".join(waiting))
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
    ports = json.dumps([machine.cleartext, machine.implicit_tls, _SECONDS])
    look = [*command(), "exec", container, "python3", "-c", _LOOK, ports]

    def restless() -> str | None:
        seen = attempt(look)
        return seen.stdout.decode().strip() or None if seen.returncode == 0 else "host"

    return wait_until(restless, seconds=_SECONDS, interval=0.1)
