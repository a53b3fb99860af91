"""
Reads the restrictions of Postfix's SMTP services, and the tables that they name.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.host import CommandOutput
from mailvet.facts.mynetworks import tokens
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.smtpd import (
    DESTINATIONS,
    LISTS,
    SmtpdFacts,
    SmtpdService,
    access_tables,
    granting,
    restrictions,
)
from mailvet.probes import shell

_PLAIN_TEXT = frozenset({"cidr", "pcre", "regexp", "texthash"})
"""Types of tables whose source is what Postfix reads."""

_LISTED = frozenset({"hash", "btree", "lmdb", "dbm", "cdb", "sdbm"})
"""Types of tables that postmap can list."""

MAX_TABLES = 100
"""Scripts; each table takes one, and a list of own domains one for each foreign domain."""


async def probe_smtpd(context: ProbeContext) -> SmtpdFacts:
    """
    Every smtpd service that other hosts can reach.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    services = tuple(_service(postfix, each) for each in postfix.networked)
    names = dict.fromkeys(name for each in services for name in access_tables(each))
    commands: list[CommandOutput] = []
    tables = [(name, await _results(context, name, commands)) for name in names]
    destinations = await _foreign_destinations(context, postfix, commands)
    return SmtpdFacts(services, tuple(tables), destinations, tuple(commands))


def _service(postfix: PostfixConfig, service: MasterService) -> SmtpdService:
    def value(name: str) -> str:
        return postfix.setting(name, service.key)

    names = tokens(value("smtpd_restriction_classes"))
    classes = {name: value(name) for name in names}
    level = value("smtpd_tls_security_level")
    return SmtpdService(
        key=service.key,
        lists=tuple((name, restrictions(value(name), classes)) for name in LISTS),
        sasl=value("smtpd_sasl_auth_enable") == "yes",
        auth_only=value("smtpd_tls_auth_only") == "yes",
        tls_level="encrypt" if value("smtpd_enforce_tls") == "yes" and not level else level,
        implicit_tls=value("smtpd_tls_wrappermode") == "yes",
    )


async def _results(
    context: ProbeContext, name: str, commands: list[CommandOutput]
) -> tuple[str, ...] | None:
    kind, _, path = name.partition(":")
    if kind in _PLAIN_TEXT:
        script = f"cat {shell.quote(path)}"
    elif kind in _LISTED:
        script = f"postmap -s {shell.quote(name)}"
    else:
        return None
    output = await shell.run(context, script)
    commands.append(output.evidence())
    return granting(output.stdout) if output.status == 0 else None


async def _foreign_destinations(
    context: ProbeContext, postfix: PostfixConfig, commands: list[CommandOutput]
) -> tuple[tuple[str, str], ...]:
    """
    Lists of own domains in which a foreign domain is found, because a table says yes to all.
    """
    found: list[tuple[str, str]] = []
    for parameter in DESTINATIONS:
        for element in tokens(postfix.setting(parameter)):
            for domain in context.target.expect.relay.foreign_domains:
                if element.lower() == domain.lower():
                    found.append((parameter, element))
                elif ":" in element and not element.startswith("!"):
                    script = f"postmap -q {shell.quote(domain)} {shell.quote(element)}"
                    output = await shell.run(context, script)
                    commands.append(output.evidence())
                    if output.status == 0 and output.stdout.strip():
                        found.append((parameter, element))
    return tuple(dict.fromkeys(found))


FACTS = (
    FactSpec(
        "smtpd",
        probe_smtpd,
        SmtpdFacts,
        acts=reads("each lookup table that main.cf names", most=MAX_TABLES),
        needs=("postfix",),
    ),
)
