"""
A message that was handed in on the host itself, and the domain that its sender got.
"""

import re
from dataclasses import dataclass

from mailvet.facts.host import CommandOutput
from mailvet.transcript import Line

_ADDRESS = re.compile(r"[^\s<>@,;:\"]+@([^\s<>@,;:\"]+)")


@dataclass(frozen=True, slots=True)
class LocalPostFacts:
    """
    A message from a user name without a domain, handed in with the command sendmail.

    Attributes:
        sender: The user name.
        taken: Whether the command succeeded.
        said: What it complained about.
        arrived: Whether the message was found in the recipient's mail in time.
        seconds: From handing it in to its arrival, or until it was given up.
        origin: Its field From, as it arrived.
        return_path: Its field Return-Path, as it arrived; empty if there was none.
        left: Folders that still held it after its removal.
        commands: What was run.
        transcript: All that was said over IMAP.
    """

    sender: str
    taken: bool
    said: str
    arrived: bool
    seconds: float
    origin: str
    return_path: str
    left: tuple[str, ...]
    commands: tuple[CommandOutput, ...]
    transcript: tuple[Line, ...]

    @property
    def domains(self) -> tuple[str, ...]:
        """
        The domains of From and, if it has one, Return-Path; empty for an address without one.
        """
        fields = (self.origin, self.return_path) if self.return_path else (self.origin,)
        found = (_ADDRESS.search(each) for each in fields)
        return tuple(each[1].lower() if each else "" for each in found)

    def __str__(self) -> str:
        if not self.taken:
            return f"sendmail does not take it: {self.said or 'no message'}"
        if not self.arrived:
            return f"handed in but not delivered within {self.seconds:.0f} s"
        return f"From: {self.origin}; Return-Path: {self.return_path or 'none'}"
