"""
What Postfix does with a client that connects too often.
"""

from dataclasses import dataclass

from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class ConnectionRate:
    """
    Connections made one right after the other, if the limit allows a reasonable number.

    Attributes:
        place: From where; empty if none were made.
        limit: ``smtpd_client_connection_rate_limit`` of the service.
        unit: ``anvil_rate_time_unit``, in seconds.
        greetings: The status of each connection's greeting, in order.
        refusal: The first greeting that was negative; empty if none was.
        seconds: How long it took to make all of them.
        transcript: The first connection, and the last one.
    """

    place: str
    limit: int
    unit: int
    greetings: tuple[str, ...]
    refusal: str
    seconds: float
    transcript: tuple[Line, ...]

    @property
    def in_time(self) -> bool:
        """
        Whether more than the limit fell into one time unit.
        """
        return self.seconds < self.unit and len(self.greetings) > self.limit

    @property
    def counted(self) -> bool:
        """
        Whether the refusal says that there were too many connections, as smtpd(8) words it.

        A server that is busy or blocks the client for another reason says 421 as well.
        """
        return self.refusal.startswith("421") and "too many connections" in self.refusal.lower()

    def __str__(self) -> str:
        said = self.refusal or "none was refused"
        return (
            f"{len(self.greetings)} connections from {self.place} in {self.seconds:.1f} s: {said}"
        )
