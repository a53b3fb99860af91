"""
What can go wrong, said to a person.
"""


class LabError(Exception):
    """
    The lab cannot do what was asked; the message is one line and says what to do about it.
    """


class CommandError(LabError):
    """
    A command that the lab ran has failed.
    """

    def __init__(self, what: str, output: str) -> None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        self.output = output
        super().__init__(f"{what}: {lines[-1] if lines else 'no output'}")
