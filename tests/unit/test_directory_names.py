"""
Names that nobody may log in with.
"""

from mailvet.facts.directory_names import parse_directory_names
from mailvet.facts.host import CommandOutput

OUTPUT = """@@name 0
67
@@name 1
0
@@name 2
75
@@local
root 67
admin 0
oddity
@@doubles
0
75
"""


def test_what_the_script_prints_is_read() -> None:
    """Patterns, accounts of the host, names that are listed twice."""
    output = CommandOutput("script", 0, OUTPUT, "")
    found = parse_directory_names(output, ("*", "a*", "b*", "never tried"))
    assert found.matched == ("a*",)
    assert found.unclear == ("b*", "never tried")
    assert found.local == (("root", 67), ("admin", 0))
    assert found.known == ("admin",)
    assert found.doubles == (0, 75)
