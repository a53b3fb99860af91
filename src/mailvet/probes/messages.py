"""
Messages that a run creates, each with a mark by which it is found and removed.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from mailvet.context import ProbeContext
from mailvet.ledger import Residue
from mailvet.model import Account
from mailvet.probes.session import client_name

HEADER = "X-Mailvet-Run"
"""Header field that holds the nonce of the run."""


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message ready to be sent or stored.

    Attributes:
        message_id: Its Message-ID, angle brackets included.
        octets: All of it, lines ended with CRLF.
    """

    message_id: str
    octets: bytes


def compose(context: ProbeContext, purpose: str, *, sender: str, recipient: str) -> Message:
    """
    A short message about *purpose*, one word that makes its Message-ID unique in this run.
    """
    # On servers that replicate with each other, audits of both meet in one mailbox.
    message_id = f"<{purpose}.{_word(context.target.key)}.{client_name(context)}>"
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = formatdate()
    message["Subject"] = f"mailvet {context.nonce} {purpose}"
    message["Message-ID"] = message_id
    # Vacation scripts leave such mail alone (RFC 3834 §2).
    message["Auto-Submitted"] = "auto-generated"
    message[HEADER] = context.nonce
    message.set_content(
        "An audit of this mail server sent this message and is about to remove it.\r\n"
        ".A line that begins with a dot arrives with one dot.\r\n"
    )
    return Message(message_id, message.as_bytes())


def _word(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", name)


def residue(context: ProbeContext, account: Account, message: Message) -> Residue:
    """
    The ledger's entry for *message* in the mail of *account*.
    """
    return Residue("message", context.target.key, account.name, message.message_id)
