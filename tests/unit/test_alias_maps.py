"""
What the host says about its tables of virtual aliases.
"""

from mailvet.facts.alias_maps import AliasMapFacts, parse_alias_maps
from mailvet.facts.host import CommandOutput

FILE, DIRECTORY = "hash:/etc/postfix/virtual", "proxy:ldap:/etc/postfix/ldap.cf"
INFO, HELP, NOBODY = "info@shop.example", "help@shop.example", "nobody@example.com"
OUTPUT = """@@types
hash
ldap
@@map 0
source
bad <a@shop.example> b@example.com
@@answer 0 0
=bob@example.com, Carol@Example.com
!postmap: warning: database /etc/postfix/virtual.db is older than source file /etc/postfix/virtual
@@answer 0 1
@@answer 1 0
@@answer 1 1
!postmap: warning: dict_ldap_connect: Unable to bind to server
@@answer 2 0
@@answer 2 1
"""


def facts(text: str = OUTPUT) -> AliasMapFacts:
    """
    Two tables that were asked three keys.
    """
    names, keys = (FILE, DIRECTORY), (INFO, HELP, NOBODY)
    maps, answers, types = parse_alias_maps(CommandOutput("x", 0, text, ""), names, keys)
    return AliasMapFacts(maps, (), answers, NOBODY, (), types, ())


def test_tables_and_answers_are_told_apart() -> None:
    """
    A table that is stale still answers; one that cannot be asked complains.
    """
    found = facts()
    assert [each.kind for each in found.maps] == ["hash", "ldap"]
    assert found.maps[0].malformed == ("<a@shop.example> b@example.com",)
    assert found.types == ("hash", "ldap")
    assert found.wrong([(INFO, "carol@example.com")]) == ()
    assert found.complaints("hash") == ()
    assert "Unable to bind" in found.complaints("ldap")[0]
    assert found.leads(NOBODY) is None


def test_an_alias_that_leads_elsewhere_is_named_with_what_it_leads_to() -> None:
    """
    So is one that is not found in the tables that count.
    """
    found = facts()
    (wrong,) = found.wrong([(INFO, "dave@example.com")])
    assert "bob@example.com" in wrong
    assert "dave@example.com" in wrong
    assert found.wrong([(INFO, "bob@example.com")], "ldap")[0].startswith(f"{INFO} -> not found")
