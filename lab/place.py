"""
Where a lab keeps its things, and what it is called.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network
from pathlib import Path

from lab.errors import LabError

HOME = Path(__file__).resolve().parent
CHECKOUT = HOME.parent
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")


@dataclass(frozen=True, slots=True)
class Lab:
    """
    One lab on this machine, which may or may not be running.
    """

    name: str
    default: bool = False
    home: Path = HOME

    @property
    def state(self) -> Path:
        """
        The folder of keys, certificates and passwords.
        """
        return self.home / ".state" / self.name

    @property
    def inventory(self) -> Path:
        """
        The file that tells the suite how to reach the lab's hosts.
        """
        return self.home / ("hosts.toml" if self.default else f"hosts-{self.name}.toml")

    @property
    def network(self) -> str:
        """
        The name of the container network.
        """
        return f"mailvet-{self.name}"

    def container(self, machine: str) -> str:
        """
        The name of the container that *machine* runs in.
        """
        return f"mailvet-{self.name}-{machine}"

    def image(self, machine: str) -> str:
        """
        The name of the image that *machine* starts from.
        """
        return f"localhost/mailvet-{self.name}-{machine}:latest"

    def sibling(self, number: int) -> "Lab":
        """
        Another lab beside this one.
        """
        return Lab(f"{self.name}-{number}", home=self.home)


@dataclass(frozen=True, slots=True)
class Record:
    """
    What must be remembered of a lab between two commands.
    """

    scenario: str
    network: str
    sockets: str
    recipes: dict[str, str]

    @property
    def subnet(self) -> IPv4Network:
        """
        The addresses of the lab.
        """
        return IPv4Network(self.network)


def find_lab(name: str | None, home: Path = HOME) -> Lab:
    """
    Return the lab called *name*, or the one that belongs to this checkout.
    """
    if name is None:
        digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()
        return Lab(digest[:6], default=True, home=home)
    if not _NAME.fullmatch(name):
        raise LabError(
            f"{name!r} cannot name a lab: use small letters, digits, hyphens; at most 24"
        )
    return Lab(name, home=home)


def load_record(lab: Lab) -> Record | None:
    """
    Read what is known of *lab*; None if it was never started or has been taken down.
    """
    path = lab.state / "lab.json"
    try:
        return Record(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise LabError(f"{path} is damaged: run `python -m lab down` first") from None


def save_record(lab: Lab, record: Record) -> None:
    """
    Remember *record*.
    """
    (lab.state / "lab.json").write_text(json.dumps(asdict(record), indent=2) + "\n")
