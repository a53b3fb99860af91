"""
Finds out what inet_interfaces and the services of master.cf stand for on the host.
"""

import re

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.host import sections
from mailvet.facts.interfaces import InetService, Interface, InterfaceFacts, expand, parse_interface
from mailvet.facts.listeners import parse_addresses
from mailvet.facts.postfix import PostfixConfig
from mailvet.probes.shell import quote, run

_SCRIPT = r"""
echo @@addresses; ip -o addr
for n in HOSTS; do echo "@@host $n"; getent ahosts "$n" | awk '{print $1}' | sort -u; done
for n in PORTS; do echo "@@port $n"; getent services "$n/tcp" | awk '{print $2}'; done
exit 0
"""


async def probe_interfaces(context: ProbeContext) -> InterfaceFacts:
    """
    Where Postfix is to listen, names resolved as the host resolves them.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    value = postfix.setting("inet_interfaces")
    words = [each for each in re.split(r"[,\s]+", value) if each]
    split = [_split(each.name) for each in postfix.services if each.type == "inet"]
    hosts = {each for each in (*words, *(host for host, _ in split)) if each}
    ports = {port for _, port in split}
    script = _SCRIPT.replace("HOSTS", " ".join(quote(each.strip("[]")) for each in sorted(hosts)))
    script = script.replace("PORTS", " ".join(quote(each) for each in sorted(ports)))
    output = await run(context, script, title="ip -o addr; getent ahosts; getent services")
    parts = sections(output.stdout)
    own = frozenset(address for _, address in parse_addresses(parts.get("addresses", "")))
    protocols = frozenset(re.split(r"[,\s]+", postfix.setting("inet_protocols")))

    def interface(text: str) -> Interface:
        resolved = parts.get(f"host {text.strip('[]')}", "").split()
        return parse_interface(text, own, _of_family(resolved, protocols))

    elements = tuple(interface(each) for each in words)
    services = []
    for (host, port), service in zip(
        split, (each for each in postfix.services if each.type == "inet"), strict=True
    ):
        number = port if port.isdigit() else parts.get(f"port {port}", "").partition("/")[0].strip()
        where = (interface(host),) if host else elements
        reached = expand(where, own, protocols)
        services.append(InetService(service.name, int(number or 0), reached))
    return InterfaceFacts(value, elements, tuple(services), (output.evidence(),))


def _split(name: str) -> tuple[str, str]:
    host, _, port = name.rpartition(":")
    return host, port


def _of_family(addresses: list[str], protocols: frozenset[str]) -> list[str]:
    wanted = {"ipv4", "ipv6"} if "all" in protocols else protocols
    return [each for each in addresses if ("ipv6" if ":" in each else "ipv4") in wanted]


FACTS = (
    FactSpec(
        "interfaces",
        probe_interfaces,
        InterfaceFacts,
        acts=reads("addresses, names and ports"),
        needs=("postfix",),
    ),
)
