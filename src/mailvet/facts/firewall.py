"""
What firewalld admits, now and after the next reload.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.listeners import parse_addresses

_PORT_TAG = re.compile(r"<port\s[^>]*>")
_INCLUDE_TAG = re.compile(r'<include\s[^>]*service="([^"]+)"')
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_RULE_SERVICE = re.compile(r'service name="([^"]+)"')
_RULE_SOURCE = re.compile(r'source (NOT )?address="([^"]+)"')
_RULE_PORT = re.compile(r'(?<!forward-)(?<!source-)port port="([^"]+)" protocol="tcp"')


ANYWHERE = "anywhere"
"""The source of a rule that admits everybody."""


@dataclass(frozen=True, slots=True)
class Zone:
    """
    A zone, or a policy that lets packets in to the host.

    Attributes:
        name: Its name.
        policy: Whether it is a policy.
        target: What happens to packets that nothing else decides about.
        interfaces: Interfaces bound to it; of a policy, the zones that packets come from.
        sources: Source addresses bound to it.
        services: Admitted services.
        ports: Admitted ports (``4190/tcp``, ``1000-1010/tcp``).
        protocols: Admitted protocols, all ports of them.
        rules: Rich rules.
    """

    name: str
    policy: bool
    target: str
    interfaces: tuple[str, ...]
    sources: tuple[str, ...]
    services: tuple[str, ...]
    ports: tuple[str, ...]
    protocols: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def open(self) -> bool:
        """
        Whether it admits every TCP port.
        """
        return self.target == "ACCEPT" or "tcp" in self.protocols


@dataclass(frozen=True, slots=True)
class FirewallFacts:
    """
    firewalld's configuration.

    Attributes:
        installed: Whether firewall-cmd exists.
        running: Whether firewalld runs.
        default_zone: Zone of interfaces that are bound to none.
        interfaces: Interfaces with an address, other than the loopback one, and their zone.
        mail_zones: Zones that decide about mail from the network.
        runtime: Zones and policies as they are in force.
        permanent: Zones and policies as they are after the next reload.
        services: Ports of services, by name, for the services that a zone names.
        commands: What was run.
    """

    installed: bool
    running: bool
    default_zone: str
    interfaces: tuple[tuple[str, str], ...]
    mail_zones: tuple[str, ...]
    runtime: tuple[Zone, ...]
    permanent: tuple[Zone, ...]
    services: tuple[tuple[str, tuple[str, ...]], ...]
    commands: tuple[CommandOutput, ...]

    def admits(self, port: int, zone: str, *, permanent: bool) -> bool:
        """
        Whether everybody who comes in through *zone* reaches TCP *port*.
        """
        parts = list(self._relevant(zone, permanent=permanent))
        if any(self._denied(part, port) for part in parts):
            return False
        return any(
            part.open or self._listed(part, port) or self._ruled(part, port) for part in parts
        )

    def missing(self, ports: Iterable[int], *, permanent: bool) -> tuple[int, ...]:
        """
        Those of *ports* that a zone of the mail interfaces does not admit.
        """
        return tuple(
            port
            for port in sorted(set(ports))
            if not all(self.admits(port, zone, permanent=permanent) for zone in self.mail_zones)
        )

    def mentioned(self, ports: Iterable[int], *, permanent: bool) -> tuple[str, ...]:
        """
        Those of *ports* that any zone in use admits to anybody, each with the zone's name.

        A rule for some sources only counts, too: what is switched off needs no rule at all.
        """
        zones = self.permanent if permanent else self.runtime
        used = {zone for _, zone in self.interfaces} | set(self.mail_zones) | {self.default_zone}
        used |= {each.name for each in zones if each.sources or each.policy}
        found = []
        for zone in zones:
            if zone.name not in used:
                continue
            for port in sorted(set(ports)):
                everything = zone.open and zone.name in self.mail_zones
                if everything or self._listed(zone, port) or self._ruled(zone, port, anyone=True):
                    found.append(f"{port} in {'policy' if zone.policy else 'zone'} {zone.name}")
        return tuple(found)

    def sources(self, port: int, *, permanent: bool) -> tuple[str, ...]:
        """
        From where TCP *port* is admitted: networks, or ``anywhere``.

        A zone that is bound to source addresses admits these; what else limits a rule, such as an
        ipset, is shown as it stands there.
        """
        found: dict[str, None] = {}
        for zone in self.permanent if permanent else self.runtime:
            for rule in zone.rules:
                if rule.rstrip().endswith("accept") and self._about(rule, port):
                    found.update(dict.fromkeys(self._admitted(zone, _rule_sources(rule))))
            if zone.open or self._listed(zone, port):
                found.update(dict.fromkeys(self._admitted(zone, (ANYWHERE,))))
        return tuple(found)

    def _admitted(self, zone: Zone, sources: tuple[str, ...]) -> tuple[str, ...]:
        """
        The *sources* of a rule as far as packets from them come into *zone*.
        """
        used = {name for _, name in self.interfaces} | {*self.mail_zones, self.default_zone}
        if zone.policy or zone.name in used:
            return sources
        return zone.sources if sources == (ANYWHERE,) else sources if zone.sources else ()

    def differences(self) -> tuple[str, ...]:
        """
        What differs between now and after a reload, in the zones that decide about mail.
        """
        found = []
        for name in self.mail_zones:
            now, later = (_named(zones, name) for zones in (self.runtime, self.permanent))
            if now is None or later is None:
                found.append(f"zone {name} exists only {'permanently' if later else 'at run time'}")
                continue
            for what in ("target", "services", "ports", "protocols", "rules"):
                found += _difference(f"{name} {what}", getattr(now, what), getattr(later, what))
        return tuple(found)

    def _relevant(self, zone: str, *, permanent: bool) -> Iterator[Zone]:
        for each in self.permanent if permanent else self.runtime:
            bound = {"ANY", zone} & set(each.interfaces) if each.policy else each.name == zone
            if bound:
                yield each

    def _listed(self, zone: Zone, port: int) -> bool:
        known = dict(self.services)
        ports = (*zone.ports, *(each for name in zone.services for each in known.get(name, ())))
        return any(_covers(each, port) for each in ports)

    def _ruled(self, zone: Zone, port: int, *, anyone: bool = False) -> bool:
        return any(
            rule.rstrip().endswith("accept") and self._about(rule, port)
            for rule in zone.rules
            if anyone or "source " not in rule
        )

    def _denied(self, zone: Zone, port: int) -> bool:
        return any(
            re.search(r"\b(?:reject|drop)\b", rule) and self._about(rule, port)
            for rule in zone.rules
            if "source " not in rule
        )

    def _about(self, rule: str, port: int) -> bool:
        known = dict(self.services)
        named = (each for name in _RULE_SERVICE.findall(rule) for each in known.get(name, ()))
        ports = (*named, *(f"{each}/tcp" for each in _RULE_PORT.findall(rule)))
        return any(_covers(each, port) for each in ports)


def parse_zones(text: str) -> tuple[Zone, ...]:
    """
    The output of ``firewall-cmd --list-all-zones`` or ``--list-all-policies``.
    """
    found = []
    for block in re.split(r"\n(?=\S)", text.strip("\n")):
        heading, _, body = block.partition("\n")
        if not heading.strip() or ":" in heading:
            continue
        listed, _, rules = body.partition("rich rules:")
        values = {
            key.strip(): value.strip()
            for key, colon, value in (line.partition(":") for line in listed.splitlines())
            if colon
        }
        policy = "egress-zones" in values
        if policy and not {"HOST", "ANY"} & set(values["egress-zones"].split()):
            continue
        found.append(
            Zone(
                name=heading.split()[0],
                policy=policy,
                target=values.get("target", ""),
                interfaces=tuple(
                    values.get("ingress-zones" if policy else "interfaces", "").split()
                ),
                sources=tuple(values.get("sources", "").split()),
                services=tuple(sorted(values.get("services", "").split())),
                ports=tuple(sorted(values.get("ports", "").split())),
                protocols=tuple(sorted(values.get("protocols", "").split())),
                rules=tuple(sorted(line.strip() for line in rules.splitlines() if line.strip())),
            )
        )
    return tuple(found)


def parse_firewall(output: CommandOutput, addresses: frozenset[str]) -> FirewallFacts:
    """
    What the script in ``probes.firewall`` printed; *addresses* are those of the audited host.
    """
    parts = sections(output.stdout)
    state = parts.get("state", "").split()
    default = parts.get("default", "").strip()
    runtime = parse_zones(parts.get("runtime", "") + "\n" + parts.get("policies", ""))
    permanent = parse_zones(parts.get("permanent", "") + "\n" + parts.get("later-policies", ""))
    bound = {name: zone.name for zone in runtime if not zone.policy for name in zone.interfaces}
    rows = [row for row in parse_addresses(parts.get("addresses", "")) if row[0] != "lo"]
    interfaces = {name: bound.get(name, default) for name, _ in rows}
    chosen = {name for name, address in rows if address in addresses}
    chosen = chosen or set(parts.get("route", "").split()) or set(interfaces)
    used = {name for zone in (*runtime, *permanent) for name in zone.services}
    used |= {
        n for zone in (*runtime, *permanent) for r in zone.rules for n in _RULE_SERVICE.findall(r)
    }
    return FirewallFacts(
        installed=bool(state),
        running="running" in state,
        default_zone=default,
        interfaces=tuple(interfaces.items()),
        mail_zones=tuple(sorted({interfaces.get(name, default) for name in chosen})),
        runtime=runtime,
        permanent=permanent,
        services=tuple(row for row in _services(parts.get("services", "")) if row[0] in used),
        commands=(output.evidence(),),
    )


def _services(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """
    Ports of each service definition, those of the services that it includes among them.
    """
    ports: dict[str, list[str]] = {}
    includes: dict[str, list[str]] = {}
    for block in re.split(r"(?m)^%%", text)[1:]:
        name, _, xml = block.partition("\n")
        # A definition in /etc comes first, and hides the one that the package brought.
        if name in ports:
            continue
        tags = (dict(_ATTRIBUTE.findall(tag)) for tag in _PORT_TAG.findall(xml))
        ports[name] = [f"{tag.get('port', '')}/{tag.get('protocol', '')}" for tag in tags]
        includes[name] = _INCLUDE_TAG.findall(xml)
    for name in ports:
        closure = [name]
        for each in closure:
            closure += [more for more in includes.get(each, ()) if more not in closure]
        yield name, tuple(port for each in closure for port in ports.get(each, ()))


def _rule_sources(rule: str) -> tuple[str, ...]:
    if "source " not in rule:
        return (ANYWHERE,)
    found = _RULE_SOURCE.search(rule)
    return (f"all but {found[2]}" if found[1] else found[2],) if found else (rule,)


def _covers(spec: str, port: int) -> bool:
    numbers, _, protocol = spec.partition("/")
    first, _, last = numbers.partition("-")
    if protocol != "tcp" or not first.isdigit():
        return False
    return int(first) <= port <= int(last or first)


def _named(zones: tuple[Zone, ...], name: str) -> Zone | None:
    return next((each for each in zones if each.name == name and not each.policy), None)


def _difference(what: str, now: str | tuple[str, ...], later: str | tuple[str, ...]) -> list[str]:
    if now == later:
        return []
    if isinstance(now, str) or isinstance(later, str):
        return [f"{what}: {now} at run time, {later} permanently"]
    extra = [f"{what}: {each} only at run time" for each in now if each not in later]
    return extra + [f"{what}: {each} only permanently" for each in later if each not in now]
