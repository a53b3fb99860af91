"""
All kinds of facts, by name.
"""

from mailvet.context import FactSpec
from mailvet.probes import (
    dovecot,
    exposure,
    files,
    firewall,
    interfaces,
    listeners,
    mail_account,
    networks,
    packages,
    plaintext,
    postfix,
    reach,
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
        *packages.FACTS,
        *mail_account.FACTS,
        *interfaces.FACTS,
        *exposure.FACTS,
        *reach.FACTS,
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
