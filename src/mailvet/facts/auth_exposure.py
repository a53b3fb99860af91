"""
Whether Dovecot's authentication service can be asked over the network, and from where.
"""

from dataclasses import dataclass
from ipaddress import ip_address

from mailvet.facts.dovecot import DovecotConfig, InetListener
from mailvet.facts.reach import PortState
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class AuthPlace:
    """
    What is seen of the authentication ports from one place.

    Attributes:
        place: The place.
        control: Whether a declared port answers from there; else silence proves nothing.
        ports: The authentication ports.
    """

    place: str
    control: bool
    ports: tuple[PortState, ...]

    @property
    def open(self) -> tuple[PortState, ...]:
        """
        Those that accept connections.
        """
        return tuple(each for each in self.ports if each.open)


@dataclass(frozen=True, slots=True)
class AuthExposureFacts:
    """
    The TCP listeners of Dovecot's authentication service.

    Attributes:
        listeners: All of them, in words.
        ports: The ports of those that the network might reach.
        places: What was seen of these; none was looked at if there are none.
        transcript: What was seen.
    """

    listeners: tuple[str, ...]
    ports: tuple[int, ...]
    places: tuple[AuthPlace, ...]
    transcript: tuple[Line, ...]

    @property
    def open(self) -> tuple[str, ...]:
        """
        Ports that accept connections, and from where.
        """
        return tuple(
            f"port {port.port} answers {each.place}: {port.detail}"
            for each in self.places
            for port in each.open
        )

    @property
    def blind(self) -> tuple[str, ...]:
        """
        Places from which nothing answers, so that they show nothing.
        """
        return tuple(each.place for each in self.places if not each.control)

    def __str__(self) -> str:
        seen = ", ".join(each.place for each in self.places)
        tried = f"closed to {seen}" if seen else "on the loopback interface only"
        return f"{'; '.join(self.listeners)}: {tried}"


def auth_listeners(dovecot: DovecotConfig) -> tuple[InetListener, ...]:
    """
    The TCP listeners of the service that checks passwords.
    """
    return tuple(each for each in dovecot.listeners("auth") if each.port)


def on_loopback(listener: InetListener) -> bool:
    """
    Whether only the host itself can reach it.
    """
    addresses = listener.address.replace(",", " ").split()
    return bool(addresses) and all(_loopback(each) for each in addresses)


def _loopback(text: str) -> bool:
    try:
        return ip_address(text.strip("[]")).is_loopback
    except ValueError:
        return text == "localhost"
