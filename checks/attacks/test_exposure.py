"""
What servers offer to strangers, or tell them.
"""

import re

from mailvet.facts.privileges import PRIVILEGED, PrivilegeFacts
from mailvet.facts.replies import Capabilities
from mailvet.facts.session import SessionFacts
from mailvet.model import Cause, Judgement, judge, unverified
from mailvet.plugin import control

_PROGRAMS = ("vnd.dovecot.pipe", "vnd.dovecot.filter", "vnd.dovecot.execute")

# Exim 4.96_2, Postfix-3.5.25, Sendmail 8.17.1.9/Debian.
_VERSION = re.compile(r"(?<![\d.])v?\d+(?:\.\d+)+(?:_\d+)?[a-z]?(?![\w.]*\w)", re.IGNORECASE)

# Addresses, names of hosts, and APOP's time (RFC 1939 §7), which have dots and digits as well.
_NO_VERSION = re.compile(
    r"<[^>]*@[^>]*>|\[[^]]*\]|(?<![\w.])(?:[\w-]+\.)+[a-z][a-z0-9-]*(?![\w.]*\d\.)|"
    r"\b(?:from|for|at|by|to|hello|220)[ -]+[\d.]+(?![\w.])",
    re.IGNORECASE,
)


@control("ATK-03")
def test_privileged_commands_are_not_offered(privileges: PrivilegeFacts) -> Judgement:
    """
    Nobody outside may say for whom it speaks.
    """
    offered = privileges.offered
    names = " or ".join(PRIVILEGED)
    observed = f"from {privileges.place}: {', '.join(offered) or f'neither {names}'} announced"
    if privileges.unseen and not offered:
        seen = f"{observed}, {privileges.unseen}"
        return unverified(Cause.BLOCKED, observed=seen, expected=f"no {names}")
    return judge(not offered, observed=observed, expected=f"no {names}")


@control("ATK-04")
def test_sieve_runs_no_programs(session: SessionFacts) -> Judgement:
    """
    Users' scripts cannot start programs on the server.
    """
    expected = f"none of {', '.join(_PROGRAMS)} among the extensions"
    if session.after is None:
        seen = "TLS does not come about, so the extensions are not known"
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    extensions = [word for each in session.after.parameters("SIEVE") for word in each.split()]
    if not extensions:
        return unverified(Cause.BLOCKED, observed="no extensions announced", expected=expected)
    found = [each for each in _PROGRAMS if each in map(str.lower, extensions)]
    observed = ", ".join(found) or f"{len(extensions)} extensions, none of these"
    return judge(not found, observed=observed, expected=expected)


@control("ATK-05")
def test_greeting_tells_no_version(session: SessionFacts) -> Judgement:
    """
    Strangers are not told which release runs.
    """
    expected = "a greeting without a version"
    if session.greeting is None:
        seen = "there was no greeting"
        return unverified(Cause.BLOCKED, observed=seen, expected=expected)
    # ManageSieve's greeting has the version of the protocol in it.
    known = session.before or session.after or Capabilities(())
    software = known.parameters("IMPLEMENTATION")
    text = " ".join(software or session.greeting.lines)
    right = not _VERSION.search(_NO_VERSION.sub(" ", text))
    return judge(right, observed=text[:200], expected=expected)
