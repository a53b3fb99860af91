"""
Asks Postfix's tables where it sends the mail of the test accounts.
"""

from dataclasses import dataclass

from mailvet.context import ProbeContext
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.routing import Route, answered, lookups_for, route
from mailvet.probes.shell import quote, run

MAX_ACCOUNTS = 5
"""Test accounts whose addresses are tried."""

_LOOKUP = r"""
ask() {
    case $1 in
        /*) found=$(grep -ixF -- "$2" "$1" 2>&1);;
        *) found=$(postmap -q "$2" "$1" 2>&1);;
    esac
    printf '@@%s\n%s\n%s\n' "$3" "$?" "$found"
}
"""


@dataclass(frozen=True, slots=True)
class WayOut:
    """
    A test account's address, and where Postfix sends its mail if there is a Postfix.
    """

    address: str
    route: Route | None

    @property
    def handed_over(self) -> str:
        """The address that Dovecot gets to see."""
        return self.route.handed_over if self.route else self.address


async def ways_out(
    context: ProbeContext, postfix: PostfixConfig | None
) -> tuple[tuple[WayOut, ...], tuple[CommandOutput, ...]]:
    """
    Where Postfix sends the mail of the test accounts, and what was run to know.

    Raises:
        ProbeError: There is no root shell on the target.
    """
    accounts = tuple(context.target.accounts.values())[:MAX_ACCOUNTS]
    if postfix is None:
        return tuple(WayOut(each.address, None) for each in accounts), ()
    ways: list[WayOut] = []
    commands: list[CommandOutput] = []
    for account in accounts:
        way = await _route(context, postfix, account.address, commands)
        if way.handed_over.rpartition("@")[2] != account.address.rpartition("@")[2]:
            # An alias leads to another domain, whose class and transport are the ones that count.
            way = await _route(context, postfix, way.handed_over, commands)
        ways.append(WayOut(account.address, way))
    return tuple(ways), tuple(commands)


async def _route(
    context: ProbeContext, postfix: PostfixConfig, address: str, commands: list[CommandOutput]
) -> Route:
    questions = lookups_for(postfix, address)
    script = _LOOKUP + "".join(
        f"ask {quote(each.table)} {quote(each.key)} {number}\n"
        for number, each in enumerate(questions)
    )
    title = "; ".join(f"postmap -q {each.key} {each.table}" for each in questions)
    output = await run(context, script, title=title)
    commands.append(output.evidence())
    parts = sections(output.stdout)
    answers = tuple(
        answered(each, parts.get(str(number), "")) for number, each in enumerate(questions)
    )
    return route(postfix, address, answers)
