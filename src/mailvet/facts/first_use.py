"""
Whose mailboxes exist, because they were opened.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirstUseFacts:
    """
    Test accounts whose INBOX was opened before anything else happens to it.

    Attributes:
        opened: Their names in the inventory.
    """

    opened: tuple[str, ...]
