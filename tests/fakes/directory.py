"""
A small directory: it knows one account, a few entries, and whether it wants TLS.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1_modules import rfc2251

from tests.fakes.stubs import Visit

ACCOUNT = "cn=dovecot_LDAP,dc=example,dc=com"
BASE = "ou=People,dc=example,dc=com"


@dataclass(slots=True)
class Directory:
    """
    What it does.

    Attributes:
        password: Password of ``ACCOUNT``.
        entries: Entries by login name, each with its DN and classes.
        start_tls: Result code of StartTLS.
        too_early: Octets that come along with the answer to StartTLS.
        wants_tls: Whether it refuses everything in clear text.
        shows_passwords: Whether the account sees ``userPassword``.
        asked: Filters of all searches, as the library prints them.
    """

    password: str
    entries: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    start_tls: int = 0
    too_early: bytes = b""
    wants_tls: bool = True
    shows_passwords: bool = False
    asked: list[str] = field(default_factory=list)

    async def starttls(self, visit: Visit) -> None:
        """Talks LDAP, and TLS when it is asked for it."""
        await self._talk(visit)

    async def tls(self, visit: Visit) -> None:
        """Talks LDAP inside TLS."""
        await visit.start_tls()
        await self._talk(visit)

    async def _talk(self, visit: Visit) -> None:
        buffer = b""
        while octets := await visit.receive():
            buffer += octets
            while len(buffer) > 2 and len(buffer) >= 2 + _length(buffer):
                message, buffer = decoder.decode(buffer, asn1Spec=rfc2251.LDAPMessage())
                kind = message["protocolOp"].getName()
                body = message["protocolOp"].getComponent()
                for answer in self._answers(kind, body, secured=visit.secured):
                    await visit.send(_encoded(int(message["messageID"]), *answer))
                if kind == "extendedReq" and self.start_tls == 0:
                    await visit.send(self.too_early)
                    await visit.start_tls()

    def _answers(self, kind: str, body: Any, *, secured: bool) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        if kind == "extendedReq":
            yield "extendedResp", _result(rfc2251.ExtendedResponse(), self.start_tls)
        elif self.wants_tls and not secured:
            reply = rfc2251.BindResponse() if kind == "bindRequest" else rfc2251.SearchResultDone()
            name = "bindResponse" if kind == "bindRequest" else "searchResDone"
            yield name, _result(reply, 13)
        elif kind == "bindRequest":
            good = str(body["name"]) == ACCOUNT
            good = good and bytes(body["authentication"]["simple"]) == self.password.encode()
            yield "bindResponse", _result(rfc2251.BindResponse(), 0 if good else 49)
        else:
            yield from self._found(body)

    def _found(self, body: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        wanted, scope = str(body["filter"]), int(body["scope"])
        self.asked.append(wanted)
        base, known = str(body["baseObject"]), {BASE, f"uid=alice,{BASE}"}
        if scope == 0:
            if base not in known and not base.startswith("uid="):
                yield "searchResDone", _result(rfc2251.SearchResultDone(), 32)
                return
            shown = ("userPassword",) if self.shows_passwords else ()
            yield "searchResEntry", _entry(base, dict.fromkeys(shown, ()))
        for name, entries in self.entries.items():
            for place, classes in entries if scope and name in wanted else ():
                below = place.removesuffix(f",{BASE}")
                if scope == 2 or "," not in below:
                    yield "searchResEntry", _entry(place, {"objectClass": classes})
        yield "searchResDone", _result(rfc2251.SearchResultDone(), 0)


def _length(buffer: bytes) -> int:
    more = buffer[1] & 0x7F
    return buffer[1] if buffer[1] < 0x80 else more + int.from_bytes(buffer[2 : 2 + more])


def _encoded(number: int, kind: str, body: Any) -> bytes:  # noqa: ANN401
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    message["protocolOp"][kind] = body
    return bytes(encoder.encode(message))


def _result(body: Any, code: int) -> Any:  # noqa: ANN401
    body["resultCode"] = code
    body["matchedDN"] = ""
    body["errorMessage"] = ""
    return body


def _entry(name: str, attributes: dict[str, tuple[str, ...]]) -> Any:  # noqa: ANN401
    body = rfc2251.SearchResultEntry()
    body["objectName"] = name
    body["attributes"].clear()
    for number, (attribute, values) in enumerate(attributes.items()):
        body["attributes"][number]["type"] = attribute
        body["attributes"][number]["vals"].extend(values)
        if not values:
            body["attributes"][number]["vals"].clear()
    return body
