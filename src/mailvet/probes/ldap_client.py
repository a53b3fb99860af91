"""
LDAP (RFC 4511), as much as it takes to ask a directory as Dovecot does.

What holds a password is not shown, and values of attributes are asked for by name only.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc2251

from mailvet.facts.directory_answers import Entry, LdapResult
from mailvet.facts.ldap_filter import Filter
from mailvet.model import Cause
from mailvet.probes.connection import Wire
from mailvet.secret import Secret

START_TLS = "1.3.6.1.4.1.1466.20037"
"""The extended operation of RFC 4511 §4.14."""

MAX_MESSAGE = 1_000_000
"""Octets of an answer; what is asked for here takes a few hundred."""

MOST_ENTRIES = 20
"""Entries of an answer that are wanted; the server is told so."""

MAX_DEPTH = 3
"""How deep filters are nested that can be sent."""

_SCOPES = {"base": 0, "onelevel": 1, "subtree": 2}
_OPERATORS = {
    "=": "equalityMatch",
    "~=": "approxMatch",
    ">=": "greaterOrEqual",
    "<=": "lessOrEqual",
}
_JOINED = {"&": "and", "|": "or"}


class LdapSession:
    """
    A conversation with a directory on one wire.
    """

    def __init__(self, wire: Wire, permit: Callable[[str], None]) -> None:
        self._wire = wire
        self._permit = permit
        self._number = 0
        self._buffer = b""

    @property
    def pending(self) -> bytes:
        """
        What came and was not asked for; before a TLS handshake it must be nothing.
        """
        return self._buffer + self._wire.pending

    async def start_tls(self) -> LdapResult:
        """
        Asks for TLS; the handshake is the wire's.

        Raises:
            ProbeError: The server does not answer, or in another protocol.
        """
        request = rfc2251.ExtendedRequest()
        request["requestName"] = START_TLS
        await self._send("StartTLS", "extendedReq", request, "extended request StartTLS")
        return await self._result("extendedResp")

    async def bind(self, name: str, password: Secret, *, invented: bool = False) -> LdapResult:
        """
        Binds as *name* (RFC 4513 §5.1.3); the caller knows that nobody else reads along.

        Args:
            name: A DN.
            password: Its password.
            invented: Whether both are invented, and the bind is to fail.

        Raises:
            ProbeError: The server does not answer, or in another protocol.
        """
        request = rfc2251.BindRequest()
        request["version"] = 3
        request["name"] = name
        request["authentication"]["simple"] = password.reveal()
        kind = "Bind as nobody" if invented else "Bind"
        await self._send(kind, "bindRequest", request, f"bind request {name}, password ***")
        return await self._result("bindResponse")

    async def search(
        self,
        base: str,
        scope: str,
        wanted: Filter,
        attributes: Iterable[str] = ("1.1",),
        *,
        names_only: bool = False,
    ) -> tuple[tuple[Entry, ...], LdapResult]:
        """
        The entries that *wanted* finds; by default without attributes.

        Args:
            base: Where the search starts.
            scope: ``base``, ``onelevel`` or ``subtree``.
            wanted: The filter, no deeper than ``MAX_DEPTH``.
            attributes: Attributes to show.
            names_only: Whether only their names are shown, and not their values.

        Raises:
            ProbeError: The server does not answer, or in another protocol.
        """
        request = rfc2251.SearchRequest()
        values = (base, _SCOPES[scope], 0, MOST_ENTRIES, 10, names_only)
        for position, value in enumerate(values):
            request[position] = value
        _fill(request["filter"], wanted)
        request["attributes"].extend(attributes)
        shown = f"search request {base} {scope} {wanted}"
        await self._send("Search", "searchRequest", request, shown)
        entries: list[Entry] = []
        while True:
            kind, body = await self._answer()
            if kind == "searchResDone":
                return tuple(entries), self._read(body)
            if kind == "searchResEntry" and len(entries) <= MOST_ENTRIES:
                entries.append(_entry(body))
                self._wire.transcript.add("<", str(entries[-1]))

    async def _send(self, name: str, kind: str, request: Any, shown: str) -> None:  # noqa: ANN401
        self._permit(name)
        self._number += 1
        message = rfc2251.LDAPMessage()
        message["messageID"] = self._number
        message["protocolOp"][kind] = request
        await self._wire.send(encoder.encode(message), shown=shown)

    async def _result(self, wanted: str) -> LdapResult:
        kind, body = await self._answer()
        if kind != wanted:
            raise self._wire.error(Cause.BLOCKED, f"{kind} in the place of {wanted}")
        return self._read(body)

    def _read(self, body: Any) -> LdapResult:  # noqa: ANN401
        text = bytes(body["errorMessage"]).decode(errors="replace")[:300]
        result = LdapResult(int(body["resultCode"]), text)
        self._wire.transcript.add("<", str(result))
        return result

    async def _answer(self) -> tuple[str, Any]:
        """
        The next answer to the last request, and what kind it is.
        """
        while True:
            while (size := _size(self._buffer)) is None or len(self._buffer) < size:
                if len(self._buffer) > MAX_MESSAGE or (size or 0) > MAX_MESSAGE:
                    raise self._wire.error(Cause.BLOCKED, "an answer that never ends")
                self._buffer += await self._wire.octets()
            octets, self._buffer = self._buffer[:size], self._buffer[size:]
            try:
                message, _ = decoder.decode(octets, asn1Spec=rfc2251.LDAPMessage())
                number, operation = int(message["messageID"]), message["protocolOp"]
                kind = operation.getName()
            except (PyAsn1Error, ValueError, TypeError, LookupError) as exc:
                detail = f"the server does not talk LDAP: {str(exc)[:100]}"
                raise self._wire.error(Cause.BLOCKED, detail) from exc
            if number == self._number:
                return kind, operation.getComponent()


def _size(buffer: bytes) -> int | None:
    """
    Octets of the message at the beginning of *buffer*; None if its length has not come yet.
    """
    if len(buffer) < 2:
        return None
    if buffer[1] < 0x80:
        return 2 + buffer[1]
    more = buffer[1] & 0x7F
    if len(buffer) < 2 + more:
        return None
    return 2 + more + int.from_bytes(buffer[2 : 2 + more])


def _entry(body: Any) -> Entry:  # noqa: ANN401
    attributes = tuple(
        (str(each["type"]), tuple(bytes(value).decode(errors="replace") for value in each["vals"]))
        for each in body["attributes"]
    )
    return Entry(str(body["objectName"]), attributes)


def _fill(target: Any, wanted: Filter) -> None:  # noqa: ANN401
    """
    Makes *target*, a choice of ASN.1, the filter *wanted*.
    """
    if wanted.operator == "!":
        _fill(target["not"], wanted.parts[0])
    elif wanted.operator in _JOINED:
        joined = target[_JOINED[wanted.operator]]
        for number, part in enumerate(wanted.parts):
            _fill(joined[number], part)
    elif wanted.operator == "=" and wanted.value == "*":
        target["present"] = wanted.attribute
    elif wanted.operator == "=" and "*" in wanted.value:
        _fill_substrings(target["substrings"], wanted)
    elif wanted.operator == ":=":
        attribute, _, rule = wanted.attribute.partition(":")
        if rule:
            target["extensibleMatch"]["matchingRule"] = rule
        target["extensibleMatch"]["type"] = attribute
        target["extensibleMatch"]["matchValue"] = _octets(wanted.value)
    else:
        assertion = target[_OPERATORS[wanted.operator]]
        assertion["attributeDesc"] = wanted.attribute
        assertion["assertionValue"] = _octets(wanted.value)


def _fill_substrings(target: Any, wanted: Filter) -> None:  # noqa: ANN401
    target["type"] = wanted.attribute
    first, *middle, last = wanted.value.split("*")
    parts = [("initial", first), *(("any", each) for each in middle), ("final", last)]
    for number, (kind, value) in enumerate(each for each in parts if each[1]):
        target["substrings"][number][kind] = _octets(value)


def _octets(value: str) -> bytes:
    r"""
    The value that a filter writes with ``\\xx`` for what would end it (RFC 4515 §3).
    """
    raw = value.encode()
    return re.sub(rb"\\([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), raw)
