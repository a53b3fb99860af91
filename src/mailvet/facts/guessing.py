"""
How a server answers somebody who guesses passwords one after the other.
"""

from dataclasses import dataclass

from mailvet.facts.login import Answer, Login
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class Guessing:
    """
    Two wrong passwords for an account that does not exist, and a right one for another.

    Attributes:
        endpoint: Name of the service.
        place: From where.
        exempt: Networks whose clients the server does not hold up (``login_trusted_networks``);
            empty if there are none.
        first: The first wrong password; its seconds count from the beginning of the command.
        second: The one after it.
        control: A test account's right password, after both.
        transcript: All that was said.
    """

    endpoint: str
    place: str
    exempt: str
    first: Login
    second: Login
    control: Login
    transcript: tuple[Line, ...]

    @property
    def refused(self) -> bool:
        """
        Whether a server that took the right password refused both wrong ones.
        """
        wrong = {self.first.answer, self.second.answer}
        return wrong == {Answer.REFUSED} and self.control.answer is Answer.ACCEPTED

    @property
    def growth(self) -> float:
        """
        By how many seconds the second answer took longer than the first.
        """
        return self.second.seconds - self.first.seconds

    def __str__(self) -> str:
        return (
            f"{self.endpoint} from {self.place}: {self.first.seconds:.1f} s for a wrong password, "
            f"{self.second.seconds:.1f} s for the next one"
        )
