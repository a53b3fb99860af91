"""
A host that receives no mail: where it hands its own over, and what becomes of it there.
"""

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.interfaces import InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.postfix import PostfixConfig

SMTP_PORT = "25"
_PORTS = {"smtp": SMTP_PORT, "submission": "587", "submissions": "465", "smtps": "465"}
LOOPBACK = ("127.0.0.0/8", "::1/128")
_NEXT_HOP = re.compile(r"(\[(?P<bracketed>[^\]]*)\]|(?P<bare>[^\s\[\]:]+))(:(?P<port>[\w-]+))?")
_DOMAINS = {
    "mydestination": "",
    "virtual_mailbox_domains": "virtual_mailbox_maps",
    "virtual_alias_domains": "virtual_alias_maps",
}
"""Settings that list own domains, and those whose tables are searched for them by default."""

_ELSEWHERE = (
    "transport_maps",
    "sender_dependent_relayhost_maps",
    "sender_dependent_default_transport_maps",
)
_HANDED = re.compile(
    r"/(?P<program>[\w-]+)\[\d+\]: \w+: to=<(?P<recipient>[^>]*)>,"
    r"(?: orig_to=<(?P<original>[^>]*)>,)? "
    r"relay=(?P<relay>[^,]+),.*? dsn=(?P<dsn>[\d.]+), status=(?P<status>\w+) \((?P<text>.*)\)$"
)
_RELAY = re.compile(r"(?P<name>[^\[]*)\[(?P<address>[^\]]*)\](?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True)
class NextHop:
    """
    Where ``relayhost`` sends mail.

    Attributes:
        text: As it is written.
        host: The name or address; empty if the text is none.
        port: The port, by number or name.
        bracketed: Whether brackets keep Postfix from looking for MX records.
    """

    text: str
    host: str = ""
    port: str = SMTP_PORT
    bracketed: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """
        Host and port in a form that can be compared.
        """
        host = self.host.lower().removeprefix("ipv6:").rstrip(".")
        with contextlib.suppress(ValueError):
            host = ip_address(host).compressed
        return host, _PORTS.get(self.port, self.port)


def parse_next_hop(text: str) -> NextHop:
    """
    One element of ``relayhost``, or of what a profile allows there.
    """
    found = _NEXT_HOP.fullmatch(text)
    if found is None:
        return NextHop(text)
    host = found["bare"] if found["bracketed"] is None else found["bracketed"].strip()
    if not re.fullmatch(r"[\w.:-]+", host):
        return NextHop(text)
    bracketed = found["bracketed"] is not None
    return NextHop(text, host, found["port"] or SMTP_PORT, bracketed)


def next_hops(postfix: PostfixConfig) -> tuple[NextHop, ...]:
    """
    All elements of ``relayhost``; releases before 3.7 know one only.
    """
    value = postfix.setting("relayhost")
    return tuple(parse_next_hop(each) for each in re.split(r"[\s,]+", value) if each)


def relay_problems(hops: Iterable[NextHop], allowed: Iterable[str]) -> tuple[str, ...]:
    """
    What is wrong with the elements of ``relayhost``, one sentence each.
    """
    wanted = {parse_next_hop(each).place for each in allowed}
    found = []
    for hop in hops:
        if not hop.host:
            found.append(f"{hop.text} is no host")
        elif not hop.bracketed:
            found.append(f"{hop.text} has no brackets, so its MX records decide")
        elif wanted and hop.place not in wanted:
            found.append(f"{hop.text} is not the declared relay")
    return tuple(found)


def other_ways(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Settings that send some mail elsewhere than to ``relayhost``, whatever stands in their tables.
    """
    return tuple(f"{name} = {value}" for name in _ELSEWHERE if (value := postfix.setting(name)))


def own_domains(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Settings that make the host a destination; tables that only rewrite addresses do not.
    """
    found = []
    for name, tables in _DOMAINS.items():
        for key in ("", *(each.key for each in postfix.services)):
            value = postfix.setting(name, key)
            inherited = tables and value == postfix.setting(tables, key)
            if value and not inherited and (not key or value != postfix.setting(name)):
                found.append(f"{name} = {value}{f' ({key})' if key else ''}")
    return tuple(found)


def local_transports(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    The values of ``local_transport``: that of main.cf, and those of services that differ.
    """
    values = (postfix.setting("local_transport", each.key) for each in postfix.services)
    return tuple(dict.fromkeys((postfix.setting("local_transport"), *values)))


def beyond_loopback(
    interfaces: InterfaceFacts, listeners: ListenerFacts
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Addresses beyond the loopback interface that Postfix is told to serve, and that it serves.
    """
    told = (
        f"{each.name} on {address}"
        for each in interfaces.services
        for address in each.addresses
        if not _loopback(address)
    )
    held = (str(each) for each in listeners.held_by("postfix") if not _loopback(each.address))
    return tuple(dict.fromkeys(told)), tuple(held)


def _loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """
    What one relay said when the host connected to it.

    Attributes:
        relay: As ``relayhost`` has it.
        greeting: Its first line; empty if there was none.
        failure: Why there was none, as the host's tools say.
    """

    relay: str
    greeting: str
    failure: str = ""

    @property
    def answers(self) -> bool:
        """
        Whether it is ready for mail.
        """
        return self.greeting[:4] in {"220 ", "220-"}

    def __str__(self) -> str:
        return f"{self.relay}: {self.greeting or self.failure or 'no greeting'}"


@dataclass(frozen=True, slots=True)
class RelayAnswerFacts:
    """
    What the relays of ``relayhost`` say to the host.

    Attributes:
        answers: One for each.
        commands: What was run.
    """

    answers: tuple[RelayAnswer, ...]
    commands: tuple[CommandOutput, ...]


@dataclass(frozen=True, slots=True)
class Handed:
    """
    What became of one recipient.

    Attributes:
        recipient: The address that it was handed in with.
        address: The address that Postfix made of it.
        program: The program of Postfix that dealt with it: ``smtp``, ``local``, ``error`` …
        relay: Where that brought it, as the log has it; ``none`` if nowhere.
        dsn: Enhanced status code; one that begins with 4 is no decision yet.
        deliverable: Whether it was, or would be, taken there.
        text: The reason.
    """

    recipient: str
    address: str
    program: str
    relay: str
    dsn: str
    deliverable: bool
    text: str

    @property
    def undecided(self) -> bool:
        """
        Whether the relay put us off, or refused only the sender that these questions have.
        """
        later = self.dsn.startswith("4") and " said: 4" in self.text
        return not self.deliverable and (later or "Sender address rejected" in self.text)

    def went_to(self, relays: Iterable[str]) -> bool:
        """
        Whether the relay is one of *relays*, by name or by address; any relay if none is named.
        """
        if self.program not in {"smtp", "relay", "lmtp"}:
            return False
        allowed = {parse_next_hop(each).place for each in relays}
        found = _RELAY.fullmatch(self.relay)
        if not allowed or found is None:
            return not allowed
        port = found["port"] or SMTP_PORT
        seen = {NextHop("", found[each], port).place for each in ("name", "address")}
        return bool(seen & allowed)

    def __str__(self) -> str:
        verdict = "deliverable" if self.deliverable else "undeliverable"
        way = f"{self.program}, relay {self.relay}"
        return f"{self.address}: {verdict} ({way}, {self.dsn}: {self.text})"


@dataclass(frozen=True, slots=True)
class HandoverFacts:
    """
    What Postfix says becomes of mail that is handed in on the host; no message is sent for it.

    Attributes:
        local: A recipient on the host itself.
        remote: A recipient in the mail domain.
        bare: A recipient without a domain.
        said: What the command complained about.
        handed: What became of each recipient, as far as the log says.
        commands: What was run.
    """

    local: str
    remote: str
    bare: str
    said: str
    handed: tuple[Handed, ...]
    commands: tuple[CommandOutput, ...]

    def of(self, recipient: str) -> Handed | None:
        """
        What became of *recipient*; None if the log does not say.
        """
        return next((each for each in self.handed if each.recipient == recipient), None)

    @property
    def completed(self) -> str:
        """
        What the address without a domain became; empty if the log does not say.
        """
        found = self.of(self.bare)
        return found.address if found else ""

    def completed_with(self, domain: str) -> bool:
        """
        Whether the address without a domain got *domain*; any will do if that is empty.
        """
        return not domain or self.completed.lower().endswith(f"@{domain.lower()}")

    @property
    def silence(self) -> str:
        """
        Why the log says nothing.
        """
        return self.said or "the mail log does not say what became of it"


def parse_handover(output: CommandOutput, local: str, remote: str, bare: str) -> HandoverFacts:
    """
    What the script in ``probes.null_client`` printed.
    """
    parts = sections(output.stdout)
    lines = parts.get("log", "").splitlines()
    handed = tuple(
        Handed(
            found["original"] or found["recipient"],
            found["recipient"],
            found["program"],
            found["relay"],
            found["dsn"],
            found["status"] in {"deliverable", "sent"},
            found["text"],
        )
        for line in lines
        if (found := _HANDED.search(line.strip()))
    )
    said = "; ".join(parts.get("said", "").split("\n")).strip("; ")[:300]
    return HandoverFacts(local, remote, bare, said, handed, (output.evidence(),))
