"""
Virtual aliases, asked for and written to from outside.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from mailvet.acts import Connections, Scope, Stored
from mailvet.facts.alias_mail import AliasRecipients
from mailvet.facts.standpoint import Standpoint, StandpointFacts
from mailvet.model import Endpoint, Expectations, Protocol, Security, Target
from mailvet.model.expectations import ExpectAliases
from mailvet.probes.alias_mail import AT_ONCE, FACTS, MOST, probe_alias_recipients
from tests.fakes.context import make_account, make_context, make_target
from tests.fakes.rcpt import mail_server
from tests.fakes.stubs import serving

OUTSIDE = Standpoint("direct", None, "192.0.2.1", in_mynetworks=False)
KIND = (Protocol.SMTP, Security.STARTTLS)
MANY = {f"alias{number}@shop.example": "alice@example.com" for number in range(2 * AT_ONCE)}


def host(aliases: ExpectAliases, port: int = 25) -> Target:
    """
    A host that has *aliases*.
    """
    return make_target(
        [Endpoint("smtp", KIND[0], port, KIND[1])],
        roles=("postfix", "mx", "virtual-aliases"),
        expect=Expectations(aliases=aliases),
        accounts={"alice": make_account("alice"), "bob": make_account("bob")},
    )


def observe(
    policy: Callable[[str], str], aliases: ExpectAliases, *, patience: int = 100
) -> AliasRecipients:
    """
    What the probe makes of a server that answers RCPT as *policy* says.
    """

    async def recall(name: str, endpoint: Endpoint | None) -> StandpointFacts:
        return StandpointFacts((OUTSIDE,), ())

    with serving(mail_server(policy, patience=patience), (("stub", *KIND),)) as server:
        port = server.endpoints["stub"].port
        target = host(aliases, port)
        context = make_context(port, *KIND, target=target, recall=recall, timeout=2.0)
        return asyncio.run(probe_alias_recipients(context))


def test_every_alias_is_asked_for() -> None:
    """
    However many there are, in sessions of a few.
    """
    facts = observe(lambda _: "250 2.1.5 Ok", ExpectAliases(known=MANY))

    assert [each.address for each in facts.aliases] == list(MANY)
    assert all(each.accepted for each in facts.aliases)
    assert [each.address.partition("@")[2] for each in facts.unknown] == ["shop.example"]


def test_many_refusals_do_not_make_the_server_hang_up() -> None:
    """
    smtpd_hard_error_limit counts in one session.
    """
    facts = observe(lambda _: "554 5.7.1 no", ExpectAliases(known=MANY), patience=AT_ONCE)

    assert not any(each.accepted for each in facts.aliases)
    assert len(facts.aliases) == len(MANY)


def test_all_sessions_are_planned() -> None:
    """
    The permit refuses what is not in the plan.
    """
    fact = next(each for each in FACTS if each.name == "alias_recipients")
    target = host(ExpectAliases(known=MANY, domains=("club.example",)))
    acts = fact.acts(Scope(target, target.endpoints[0]))

    assert [each.most for each in acts if isinstance(each, Connections)] == [2 * 3]


def test_messages_to_both_kinds_of_aliases_are_few() -> None:
    """
    Many aliases of a table leave none of the directory out.
    """
    fact = next(each for each in FACTS if each.name == "alias_deliveries")
    listed = {"help@shop.example": "bob@example.com", "sales@shop.example": "carol@example.net"}
    target = host(ExpectAliases(known=MANY, directory=listed))
    acts = fact.acts(Scope(target, None))

    sent = [each for each in acts if isinstance(each, Stored)]
    assert Counter(each.account for each in sent) == {"alice": MOST, "bob": 1}
