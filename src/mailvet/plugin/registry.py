"""
All kinds of facts, by name.
"""

from mailvet.context import FactSpec
from mailvet.probes import (
    dovecot,
    files,
    firewall,
    listeners,
    networks,
    plaintext,
    postfix,
    relay,
    session,
    smtpd,
    standpoint,
    submission_relay,
    units,
)

SPECS: dict[str, FactSpec] = {
    spec.name: spec
    for spec in (
        *units.FACTS,
        *listeners.FACTS,
        *firewall.FACTS,
        *postfix.FACTS,
        *files.FACTS,
        *dovecot.FACTS,
        *networks.FACTS,
        *plaintext.FACTS,
        *relay.FACTS,
        *smtpd.FACTS,
        *session.FACTS,
        *standpoint.FACTS,
        *submission_relay.FACTS,
    )
}
