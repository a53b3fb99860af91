"""
Replies of the text protocols, and how they are read (RFC 5321, 9051, 1939, 5804).
"""

import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One complete reply.

    Attributes:
        status: What decides it: the reply code of SMTP and LMTP (``250``), the condition of IMAP
            (``OK``, ``NO``, ``BAD``), ``+OK`` or ``-ERR`` of POP3, ``OK``, ``NO`` or ``BYE`` of
            ManageSieve, or ``+`` for a continuation.
        text: What stands behind the status on the deciding line.
        lines: All lines of the reply, the deciding one last.
    """

    status: str
    text: str
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """
        Whether the command succeeded.
        """
        return self.status in {"OK", "+OK"} or (self.status.isdigit() and self.status[0] == "2")

    @property
    def continuation(self) -> bool:
        """
        Whether the server asks for more: SMTP 3xx, or ``+``.
        """
        return self.status == "+" or (self.status.isdigit() and self.status[0] == "3")

    @property
    def enhanced(self) -> str:
        """
        The enhanced status code of RFC 3463, or an empty string.
        """
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.status} {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What a server announced: keyword in upper case, and its parameters.

    Attributes:
        items: Pairs of keyword and parameters, in the server's order; a keyword may occur twice.
    """

    items: tuple[tuple[str, tuple[str, ...]], ...]

    def __contains__(self, keyword: str) -> bool:
        return any(name == keyword for name, _ in self.items)

    def parameters(self, keyword: str) -> tuple[str, ...]:
        """
        All parameters announced for *keyword*.
        """
        return tuple(value for name, values in self.items if name == keyword for value in values)

    @property
    def sasl_mechanisms(self) -> tuple[str, ...]:
        """
        SASL mechanisms on offer, in upper case, whatever the protocol's way to announce them.

        SMTP says ``AUTH PLAIN LOGIN`` (and ``AUTH=PLAIN`` for old clients), IMAP ``AUTH=PLAIN``,
        POP3 and ManageSieve ``SASL PLAIN``.
        """
        found: list[str] = []
        for name, values in self.items:
            if name in {"AUTH", "SASL"}:
                found.extend(values)
            elif name.startswith("AUTH="):
                found.extend((name[5:], *values))
        return tuple(dict.fromkeys(mechanism.upper() for mechanism in found if mechanism))


def parse_ehlo(reply: Reply) -> Capabilities:
    """
    The keywords of an EHLO or LHLO reply (RFC 5321 §4.1.1.1); its first line is a greeting.
    """
    words = [line[4:].split() for line in reply.lines[1:]]
    return Capabilities(tuple((each[0].upper(), tuple(each[1:])) for each in words if each))


def parse_imap_capability(lines: tuple[str, ...]) -> Capabilities:
    """
    The capabilities in an untagged ``* CAPABILITY`` line or a ``[CAPABILITY …]`` response code.
    """
    for line in reversed(lines):
        found = re.search(r"(?:^\* CAPABILITY |\[CAPABILITY )([^\]\r\n]*)", line, re.IGNORECASE)
        if found:
            return Capabilities(tuple((word.upper(), ()) for word in found[1].split()))
    return Capabilities(())


def parse_pop3_capa(lines: tuple[str, ...]) -> Capabilities:
    """
    The capabilities of a CAPA reply (RFC 2449 §5), its status line first.
    """
    words = [line.split() for line in lines[1:]]
    return Capabilities(tuple((each[0].upper(), tuple(each[1:])) for each in words if each))


_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"')


def parse_sieve_capability(lines: tuple[str, ...]) -> Capabilities:
    """
    The capabilities of a ManageSieve server (RFC 5804 §1.7), one quoted name a line.
    """
    items: list[tuple[str, tuple[str, ...]]] = []
    for line in lines:
        words = _quoted_strings(line)
        if words:
            items.append((words[0].upper(), tuple(" ".join(words[1:]).split())))
    return Capabilities(tuple(items))


def _quoted_strings(line: str) -> list[str]:
    # Each search starts where the last one ended: a hostile line must not cost quadratic time.
    words: list[str] = []
    position = 0
    while found := _QUOTED.match(line, position):
        words.append(found[1])
        position = found.end()
    return words
