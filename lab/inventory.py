"""
Render the inventory: how the suite reaches a lab's hosts, and what it may use there.
"""

import json
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from lab.addresses import host_address
from lab.place import Lab
from lab.scenario import Machine, Scenario


def render_inventory(
    lab: Lab, scenario: Scenario, subnet: IPv4Network, profiles: Sequence[str] = ()
) -> str:
    """
    Return the inventory of *lab* as TOML, with paths relative to the file itself.

    *profiles* are merged over the scenario's own.
    """
    names = json.dumps([machine.id for machine in scenario.audited])
    lines = [
        f"# Written by `python -m lab up {scenario.name}`; `python -m lab down` removes it.",
        "",
        "[groups]",
        f"lab = {names}",
    ]
    for machine in scenario.mail_machines:
        lines += _host(lab, scenario, subnet, machine, profiles)
    return "\n".join(lines) + "\n"


def _host(
    lab: Lab,
    scenario: Scenario,
    subnet: IPv4Network,
    machine: Machine,
    profiles: Sequence[str],
) -> Iterator[str]:
    state = f".state/{lab.name}"
    profile = f"scenarios/{scenario.name}/{machine.profile}"
    trusted = ["127.0.0.0/8", "::1/128", str(scenario.trusted_network(subnet))]
    yield from (
        "",
        f"[hosts.{machine.id}]",
        f"address = {_quoted(host_address(subnet, machine.number))}",
        f"name = {_quoted(machine.name)}",
        f"profiles = {json.dumps([profile, *profiles])}",
        f"ca_file = {_quoted(f'{state}/ca.crt')}",
        *(f"partner = {_quoted(each)}" for each in (machine.partner,) if each),
        *(f"mailboxes = {_quoted(each)}" for each in (machine.mailboxes,) if each),
        "",
        f"[hosts.{machine.id}.expect.relay]",
        f"trusted_networks = {json.dumps(trusted)}",
    )
    if machine.shell:
        yield from ("", f"[hosts.{machine.id}.shell]", *_connection(lab, subnet, machine))
    for account in scenario.accounts:
        yield from (
            "",
            f"[hosts.{machine.id}.accounts.{account.user}]",
            f"user = {_quoted(account.user)}",
            f"address = {_quoted(account.address)}",
            f"password = {{ file = {_quoted(f'{state}/secrets/{account.user}')} }}",
        )
        if account.fresh:
            yield "fresh = true"
    yield from _neighbours(lab, scenario, subnet, machine)


def _neighbours(
    lab: Lab, scenario: Scenario, subnet: IPv4Network, machine: Machine
) -> Iterator[str]:
    """
    The SMTP server that delivers to *machine*, and the places to probe it from.
    """
    places = {each.id: each for each in scenario.vantages}
    if machine.mta:
        places["mta"] = scenario.machine(machine.mta)
        address = str(host_address(subnet, places["mta"].number))
        yield from ("", f"[hosts.{machine.id}.expect.lmtp]")
        yield f"client_addresses = {json.dumps([address])}"
    for name, vantage in places.items():
        yield from ("", f"[hosts.{machine.id}.vantages.{name}]")
        yield from _connection(lab, subnet, vantage)


def _connection(lab: Lab, subnet: IPv4Network, machine: Machine) -> tuple[str, str]:
    address = host_address(subnet, machine.number)
    return (
        f"connection = {_quoted(f'ssh://root@{address}')}",
        f"ssh_config = {_quoted(f'.state/{lab.name}/ssh_config')}",
    )


def _quoted(value: object) -> str:
    return json.dumps(str(value))
