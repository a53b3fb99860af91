"""
Lookup tables are there and compiled, and the postmaster gets mail.
"""

from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.tables import TableFacts
from mailvet.model import Judgement, judge, not_applicable
from mailvet.plugin import control


@control("PFX-01")
def test_tables_are_current(tables: TableFacts) -> Judgement:
    """
    Every table that the configuration names exists, and is what its source says.
    """
    seen = ", ".join(f"{each.kind}:{each.path}" for each in tables.tables)
    return judge(
        not tables.problems,
        observed="; ".join(tables.problems) or seen or "no table in a file",
        expected="every table exists, is compiled if it has to be, and agrees with its source",
    )


@control("PFX-02")
def test_postmaster_is_defined(tables: TableFacts, postfix: PostfixConfig) -> Judgement:
    """
    The aliases are compiled, and lead from postmaster to somebody who gets mail.
    """
    if not postfix.setting("mydestination") and not tables.postmaster.chain:
        return not_applicable("the host delivers nothing locally (mydestination is empty)")
    broken = [each.problem for each in tables.aliases() if each.problem]
    postmaster = tables.postmaster
    way = "; ".join((*postmaster.chain, *(f"ends at {each}" for each in postmaster.ends)))
    return judge(
        not broken and postmaster.resolves,
        observed="; ".join((*broken, way or "postmaster leads nowhere")),
        expected="current aliases, in which postmaster leads to an account or elsewhere",
    )
