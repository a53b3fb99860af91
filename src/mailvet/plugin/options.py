"""
The command line of an audit.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailvet.context import CONNECT_TIMEOUT, DEADLINE, LOGIN_TIMEOUT, REPLY_TIMEOUT
from mailvet.store import Timeouts

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--host",
        {
            "action": "append",
            "dest": "mailvet_hosts",
            "metavar": "NAME",
            "default": [],
            "help": "host or group of the inventory, or any mail host by name or address",
        },
    ),
    (
        "--inventory",
        {
            "dest": "mailvet_inventory",
            "metavar": "FILE",
            "help": "inventory (default: $MAILVET_INVENTORY, else hosts.toml)",
        },
    ),
    (
        "--report-dir",
        {
            "dest": "mailvet_report_dir",
            "metavar": "DIR",
            "help": "where the reports go (default: reports/TIME-HOST, and reports/latest)",
        },
    ),
    (
        "--gate",
        {
            "action": "store_true",
            "dest": "mailvet_gate",
            "help": "acceptance gate: every control must pass, be waived or not apply, and all run",
        },
    ),
    (
        "--allow",
        {
            "action": "append",
            "dest": "mailvet_allow",
            "choices": ["intrusive"],
            "default": [],
            "help": "also run controls of this kind",
        },
    ),
    (
        "--save-facts",
        {
            "dest": "mailvet_save_facts",
            "metavar": "DIR",
            "help": "write down what was observed, to be judged again later",
        },
    ),
    (
        "--facts",
        {
            "dest": "mailvet_facts",
            "metavar": "DIR",
            "help": "judge what --save-facts wrote; nothing is sent to the network",
        },
    ),
    (
        "--plan",
        {
            "action": "store_true",
            "dest": "mailvet_plan",
            "help": "say what the run would do to the hosts, do nothing, and exit",
        },
    ),
    (
        "--list-controls",
        {
            "action": "store_true",
            "dest": "mailvet_list",
            "help": "list the controls, with --host those that apply to it, and exit",
        },
    ),
)

_WAITS = (
    ("--connect-timeout", CONNECT_TIMEOUT, "how long to wait for a connection to be accepted"),
    ("--reply-timeout", REPLY_TIMEOUT, "how long to wait for a line of a reply"),
    ("--login-timeout", LOGIN_TIMEOUT, "how long to wait for the answer to a login"),
    ("--deadline", DEADLINE, "when a probe is given up, whatever it waits for"),
)


def add_options(parser: pytest.Parser) -> None:
    """
    Declares all options of mailvet.
    """
    group = parser.getgroup("mailvet", "mail deployments")
    for name, said in _OPTIONS:
        group.addoption(name, **said)
    for name, default, words in _WAITS:
        group.addoption(
            name,
            type=float,
            dest="mailvet_" + name.removeprefix("--").replace("-", "_"),
            metavar="SECONDS",
            default=default,
            help=f"{words} (default: {default:g})",
        )


@dataclass(frozen=True, slots=True)
class Options:
    """
    What the command line says.
    """

    hosts: tuple[str, ...]
    inventory: str | None
    report_dir: str | None
    gate: bool
    intrusive: bool
    save_facts: Path | None
    facts: Path | None
    list_controls: bool
    plan: bool
    timeouts: Timeouts

    @classmethod
    def of(cls, config: pytest.Config) -> "Options":
        """
        The options of a run.
        """
        said = config.option
        return cls(
            hosts=tuple(said.mailvet_hosts),
            inventory=said.mailvet_inventory,
            report_dir=said.mailvet_report_dir,
            gate=said.mailvet_gate,
            intrusive="intrusive" in said.mailvet_allow,
            save_facts=Path(said.mailvet_save_facts) if said.mailvet_save_facts else None,
            facts=Path(said.mailvet_facts) if said.mailvet_facts else None,
            list_controls=said.mailvet_list,
            plan=said.mailvet_plan,
            timeouts=Timeouts(
                connect=said.mailvet_connect_timeout,
                reply=said.mailvet_reply_timeout,
                login=said.mailvet_login_timeout,
                deadline=said.mailvet_deadline,
            ),
        )
