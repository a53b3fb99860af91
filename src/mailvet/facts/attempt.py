"""
Something that a stranger, or a user with ideas, may say to a server.
"""

from dataclasses import dataclass

from mailvet.facts.replies import Reply


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    Something that a stranger may say, and the answer.

    Attributes:
        said: In words or as a command.
        reply: The answer; None if none came.
        closed: Whether the server ended the connection instead.
        detail: Why there is no answer.
    """

    said: str
    reply: Reply | None
    closed: bool = False
    detail: str = ""

    @property
    def refused(self) -> bool:
        """
        Whether the server did not go along.
        """
        return self.closed or (
            self.reply is not None and not (self.reply.positive or self.reply.continuation)
        )

    @property
    def silent(self) -> bool:
        """
        Whether the server neither answered nor ended the connection.
        """
        return self.reply is None and not self.closed

    def __str__(self) -> str:
        answer = str(self.reply) if self.reply else "closed" if self.closed else self.detail
        return f"{self.said}: {answer}"
