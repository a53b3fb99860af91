"""
Conversations that were held on the host, over a UNIX socket, as one of its accounts.
"""

import re
from dataclasses import dataclass

from mailvet.facts.replies import Reply

_DENIED = frozenset({"EACCES", "EPERM"})
_UNTOLD = frozenset({"no interpreter", "unknown account"})


@dataclass(frozen=True, slots=True)
class SocketTalk:
    """
    A connection to a socket, made on the host as one of its accounts.

    Attributes:
        account: The account.
        path: The socket.
        opened: Whether the connection was accepted.
        failure: Why it was not, or why it ended early; empty if all went well.
        denied: Whether the permissions refused it.
        exchanges: Commands and their replies; the greeting answers an empty command.
    """

    account: str
    path: str
    opened: bool
    failure: str
    denied: bool
    exchanges: tuple[tuple[str, Reply], ...]

    def reply(self, command: str) -> Reply | None:
        """
        The reply to the first command that begins like this.
        """
        return next((each for sent, each in self.exchanges if sent.startswith(command)), None)

    @property
    def lines(self) -> tuple[str, ...]:
        """
        All that the server said.
        """
        return tuple(line for _, reply in self.exchanges for line in reply.lines)

    def said(self, word: str) -> bool:
        """
        Whether one of its lines begins with *word*.
        """
        return any(each.startswith(word) for each in self.lines)

    @property
    def greeted(self) -> bool:
        """
        Whether a mail server answered: its greeting and its reply to LHLO are positive.
        """
        greeting, hello = self.reply(""), self.reply("LHLO")
        return bool(greeting and greeting.positive and hello and hello.positive)

    @property
    def untold(self) -> bool:
        """
        Whether nothing follows from it: the host lacks the program or the account for it.
        """
        return self.failure in _UNTOLD

    def __str__(self) -> str:
        if not self.opened:
            return f"{self.account} cannot open {self.path}: {self.failure}"
        if self.greeted:
            return f"{self.account} opens {self.path}, LHLO is answered 250"
        return f"{self.account} opens {self.path}, but {self.failure or 'LHLO is refused'}"


def parse_talk(account: str, path: str, text: str) -> SocketTalk:
    """
    A conversation from what the program on the host printed.

    Each line begins with ``*`` for an event, ``>`` for a command and ``<`` for a line of a reply.
    """
    opened, failure, denied = False, "", False
    exchanges: list[tuple[str, Reply]] = []
    command, lines = "", list[str]()
    for mark, rest in (line.split(" ", 1) for line in text.splitlines() if " " in line):
        if mark == ">":
            command = rest
        elif mark == "<":
            lines.append(rest)
            if rest[3:4] != "-":
                exchanges.append((command, Reply(rest[:3], rest[4:], tuple(lines))))
                lines = []
        elif rest == "opened":
            opened = True
        elif mark == "*" and not failure:
            name, _, words = rest.partition(" ")
            denied = name in _DENIED
            failure = words.lower() if re.fullmatch(r"E[A-Z0-9]+", name) else rest
    return SocketTalk(account, path, opened, failure, denied, tuple(exchanges))
