"""
Asks Postfix's tables to whom the test accounts' addresses belong.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.routing import Lookup, answered, split_list
from mailvet.facts.sender_maps import (
    OwnedAddress,
    SenderMaps,
    SenderMapsFacts,
    enforced,
    keys_of,
    owners_of,
    passed_on,
)
from mailvet.facts.smtpd import SmtpdFacts
from mailvet.model import Account
from mailvet.probes.shell import quote, run

MAX_ACCOUNTS = 5
"""Test accounts whose addresses are looked up."""

MAX_TABLES = 4
"""Different lists of tables that are asked; services beyond them stay unjudged."""

_LOOK_UP = 'look_up() { found=$(postmap -q "$1" "$2" 2>&1); printf \'%s\\n%s\\n\' $? "$found"; }\n'


async def probe_sender_maps(context: ProbeContext) -> SenderMapsFacts:
    """
    The tables of each service that enforces ownership, asked for every test account.

    Raises:
        ProbeError: There is no root shell on the target, or no Postfix.
    """
    smtpd: SmtpdFacts = await context.fact("smtpd")
    postfix: PostfixConfig = await context.fact("postfix")
    username_format = await _username_format(context)
    accounts = tuple(context.target.accounts.values())[:MAX_ACCOUNTS]
    known: dict[str, tuple[OwnedAddress, ...]] = {}
    services: list[SenderMaps] = []
    commands: list[CommandOutput] = []
    for service in smtpd.services:
        restriction = enforced(service)
        if not restriction or not service.sasl:
            continue
        tables = postfix.setting("smtpd_sender_login_maps", service.key)
        if tables and tables not in known and len(known) < MAX_TABLES:
            answers = await _ask(context, postfix, tables, accounts, commands)
            known[tables] = tuple(
                OwnedAddress(
                    passed_on(account.user, username_format),
                    account.address,
                    owners_of(found),
                    tuple(dict.fromkeys(each.error for each in found if each.error)),
                )
                for account, found in zip(accounts, answers, strict=True)
            )
        services.append(SenderMaps(service.key, restriction, tables, known.get(tables, ())))
    return SenderMapsFacts(tuple(services), tuple(commands))


async def _username_format(context: ProbeContext) -> str:
    """
    ``auth_username_format``; ``?``, which nobody understands, where Dovecot is not on the host.
    """
    try:
        dovecot: DovecotConfig = await context.fact("dovecot")
    except ProbeError:
        return "?"
    return dovecot.setting("auth_username_format")


async def _ask(
    context: ProbeContext,
    postfix: PostfixConfig,
    tables: str,
    accounts: tuple[Account, ...],
    commands: list[CommandOutput],
) -> list[tuple[Lookup, ...]]:
    local = frozenset(
        name.lower()
        for setting in ("mydestination", "myorigin")
        for name in split_list(postfix.setting(setting))
    )
    delimiters = postfix.setting("recipient_delimiter")
    questions = [
        tuple(
            Lookup(table, key)
            for key in keys_of(account.address, delimiters, local)
            for table in split_list(tables)
        )
        for account in accounts
    ]
    numbered = dict(enumerate(each for row in questions for each in row))
    script = _LOOK_UP + "".join(
        f"echo @@{number}; look_up {quote(each.key)} {quote(each.table)}\n"
        for number, each in numbered.items()
    )
    output = await run(context, script, title=f"postmap -q of the test accounts in {tables}")
    commands.append(output.evidence())
    parts = sections(output.stdout)
    replies = {
        number: answered(each, parts.get(str(number), "")) for number, each in numbered.items()
    }
    numbers = iter(numbered)
    return [tuple(replies[next(numbers)] for _ in row) for row in questions]


FACTS = (
    FactSpec(
        "sender_maps",
        probe_sender_maps,
        SenderMapsFacts,
        acts=reads("to whom the test accounts' addresses belong", most=MAX_TABLES),
        needs=("smtpd", "postfix", "dovecot"),
    ),
)
