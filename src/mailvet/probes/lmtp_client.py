"""
Finds out how Postfix is told to hand mail to a Dovecot on another host.
"""

from mailvet.acts import Acts, Commands, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.host import sections
from mailvet.facts.lmtp_client import (
    LmtpClientFacts,
    policy_keys,
    policy_levels,
    policy_tables,
    tls_level,
)
from mailvet.facts.postfix import PostfixConfig
from mailvet.model import Cause
from mailvet.probes.routes import MAX_ACCOUNTS, ways_out
from mailvet.probes.shell import quote, run


async def probe_lmtp_client(context: ProbeContext) -> LmtpClientFacts:
    """
    The next hops of the test accounts' mail, and their TLS levels.

    Raises:
        ProbeError: There is no test account, no root shell on the target, or no Postfix.
    """
    postfix: PostfixConfig = await context.fact("postfix")
    ways, commands = await ways_out(context, postfix)
    routes = tuple(each.route for each in ways if each.route)
    if not routes:
        raise ProbeError(
            Cause.CREDENTIALS, f"no test account whose mail could be followed ({_hint(context)})"
        )
    service = f"{routes[0].value.partition(':')[0]}/unix"
    tables = policy_tables(postfix, service)
    keys = tuple(dict.fromkeys(key for each in routes for key in policy_keys(each)))
    levels: tuple[str, ...] = ()
    if tables and keys:
        questions = [(key, table) for key in keys for table in tables]
        script = "\n".join(
            f"echo @@{number}; postmap -q {quote(key)} {quote(table)}"
            for number, (key, table) in enumerate(questions)
        )
        title = "; ".join(f"postmap -q {key} {table}" for key, table in questions)
        output = await run(context, f"{script}\nexit 0\n", title=title)
        levels = policy_levels(sections(output.stdout))
        commands = (*commands, output.evidence())
    return LmtpClientFacts(
        routes=routes,
        level=tls_level(postfix, service),
        service=service,
        policies=" ".join(tables),
        hop_levels=levels,
        wrapped=postfix.enabled("lmtp_tls_wrappermode", service),
        commands=commands,
    )


def _hint(context: ProbeContext) -> str:
    return f"add [hosts.{context.target.key}.accounts.NAME]"


def _acts(scope: Scope) -> Acts:
    if "lmtp-client" not in scope.target.roles:
        return ()
    return (Commands("where Postfix sends the test accounts' mail, and how", 2 * MAX_ACCOUNTS + 1),)


FACTS = (
    FactSpec("lmtp_client", probe_lmtp_client, LmtpClientFacts, acts=_acts, needs=("postfix",)),
)
