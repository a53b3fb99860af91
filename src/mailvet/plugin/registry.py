"""
All kinds of facts, by name.
"""

from mailvet.context import FactSpec
from mailvet.probes import (
    dovecot,
    files,
    postfix,
    relay,
    session,
    standpoint,
    submission_relay,
)

SPECS: dict[str, FactSpec] = {
    spec.name: spec
    for spec in (
        *postfix.FACTS,
        *files.FACTS,
        *dovecot.FACTS,
        *relay.FACTS,
        *session.FACTS,
        *standpoint.FACTS,
        *submission_relay.FACTS,
    )
}
