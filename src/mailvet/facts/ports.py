"""
Which ports a target declares, and on which others mail software is commonly found.
"""

from mailvet.facts.listeners import ListenerFacts
from mailvet.model import Protocol, Target

MAIL_PORTS = (
    24,  # LMTP
    25,  # SMTP
    110,  # POP3
    143,  # IMAP
    465,  # submissions
    587,  # submission
    993,  # IMAPS
    995,  # POP3S
    2000,  # ManageSieve, before RFC 5804
    2525,  # a customary second submission port
    4190,  # ManageSieve
    10024,  # content filters: the way in
    10025,  # content filters: the way back, where nothing is checked any more
    10026,
    12340,  # Dovecot's quota-status
    12345,  # Dovecot's doveadm and authentication, in its manual and in the guide
    12346,
    24242,  # Dovecot's doveadm
)
"""Ports on which a mail host must not answer unless the profile declares them."""

DOVECOT_PROTOCOLS = frozenset({Protocol.IMAP, Protocol.POP3, Protocol.SIEVE})


def declared(target: Target) -> frozenset[int]:
    """
    Every port that the profile allows: services and further listeners.
    """
    return frozenset(
        (
            *(each.port for each in target.endpoints),
            *target.expect.dovecot.listeners,
            *target.expect.postfix.listeners,
        )
    )


def of_dovecot(target: Target) -> frozenset[int]:
    """
    The ports that Dovecot must serve.
    """
    services = (each.port for each in target.endpoints if each.protocol in DOVECOT_PROTOCOLS)
    return frozenset((*services, *target.expect.dovecot.listeners))


def of_postfix(target: Target) -> frozenset[int]:
    """
    The ports that Postfix must serve.
    """
    services = (each.port for each in target.endpoints if each.protocol not in DOVECOT_PROTOCOLS)
    return frozenset((*services, *target.expect.postfix.listeners))


def undeclared(target: Target, listeners: ListenerFacts | None = None) -> tuple[int, ...]:
    """
    Mail ports that nobody declared; with *listeners* also those that the mail servers really hold.
    """
    held: frozenset[int] = frozenset()
    if listeners is not None:
        held = listeners.ports("dovecot", loopback=False)
        held |= listeners.ports("postfix", loopback=False)
    return tuple(sorted((held | set(MAIL_PORTS)) - declared(target)))
