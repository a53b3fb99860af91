"""
Reads mynetworks from the host, with the files and tables that it names.
"""

from collections.abc import Mapping, Sequence

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.host import CommandOutput
from mailvet.facts.mynetworks import parse_networks, sources
from mailvet.facts.networks import NetworkFacts, NetworkList
from mailvet.facts.postfix import PostfixConfig
from mailvet.probes import shell

MAX_SOURCES = 50
"""Files and tables that are read; each takes a script of its own."""


async def probe_networks(context: ProbeContext) -> NetworkFacts:
    """
    Whom the host's Postfix trusts, for main.cf and for every service that has a value of its own.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    users: dict[str, list[str]] = {postfix.setting("mynetworks"): ["main.cf"]}
    for service in postfix.services:
        if service.program == "smtpd":
            users.setdefault(postfix.setting("mynetworks", service.key), []).append(service.key)
    lists, commands = await read_lists(context, users)
    style = "mynetworks_style"
    return NetworkFacts(
        lists,
        "mynetworks" in postfix.explicit,
        commands,
        postfix.setting(style) if style in postfix.explicit else "",
    )


async def read_lists(
    context: ProbeContext, users: Mapping[str, Sequence[str]]
) -> tuple[tuple[NetworkList, ...], tuple[CommandOutput, ...]]:
    """
    What values with the syntax of mynetworks stand for; *users* names the services of each.
    """
    names = tuple(dict.fromkeys(name for value in users for name in sources(value)))[:MAX_SOURCES]
    commands = [await _read(context, name) for name in names]
    contents = {
        name: each.stdout for name, each in zip(names, commands, strict=True) if each.status == 0
    }
    lists = tuple(
        NetworkList(tuple(services), value, parse_networks(value, contents))
        for value, services in users.items()
    )
    return lists, tuple(commands)


async def _read(context: ProbeContext, name: str) -> CommandOutput:
    kind, _, path = name.partition(":")
    if name.startswith("/"):
        script = f"cat {shell.quote(name)}"
    elif kind in {"cidr", "texthash"}:
        script = f"cat {shell.quote(path)}"
    else:
        script = f"postmap -s {shell.quote(name)}"
    return await shell.run(context, script)


FACTS = (
    FactSpec(
        "networks",
        probe_networks,
        NetworkFacts,
        acts=reads("each file and table that mynetworks names", most=MAX_SOURCES),
        needs=("postfix",),
    ),
)
