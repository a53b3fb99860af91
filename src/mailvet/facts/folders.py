"""
Folders of a mailbox (RFC 9051, RFC 6154).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folder:
    """
    A folder as LIST shows it.

    Attributes:
        name: Its name.
        attributes: Its attributes, backslash included.
    """

    name: str
    attributes: tuple[str, ...]
