"""
What Dovecot's configuration says that one of its ports should say.
"""

import re
from dataclasses import dataclass

from mailvet.facts.comparison import FLOOR, LISTENING, MECHANISMS, Sheet, mechanism_words
from mailvet.facts.dovecot import ON, DovecotConfig, InetListener
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.login_policy import Scope, scopes, trusted_networks
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.said import FROM_THE_START, NO_TLS, PASSWORDS, STARTTLS, Said, without_external
from mailvet.facts.version_range import compared, of_dovecot, of_postfix
from mailvet.model import Agreement, Comparison, ExpectTls, Protocol

_SILENT = frozenset({"APOP", "DOVECOT-TOKEN"})
"""Mechanisms that no list of capabilities names."""

_FOR_ALL = {"*": "0.0.0.0"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class DovecotWords:
    """
    A service of Dovecot, as it should be met on its port.

    Attributes:
        config: The configuration.
        protocol: Name of its ``protocol`` block.
        listener: The listener that is configured on the port.
        name: The name that our client asked for.
        on_host: Whether our client's address is one of the host itself, which Dovecot trusts.
    """

    config: DovecotConfig
    protocol: Protocol
    listener: InetListener
    name: str
    on_host: bool = False

    def setting(self, name: str) -> str:
        """
        The value for this protocol and this name.
        """
        for section in self.config.root.of("local_name"):
            own = section.get(name)
            if own is not None and self.name in section.name.split():
                return own
        return self.config.setting(name, self.protocol)

    @property
    def start(self) -> str:
        """
        How a session should begin.
        """
        if self.listener.ssl:
            return FROM_THE_START
        return STARTTLS if self.setting("ssl").lower() in {*ON, "required"} else NO_TLS

    @property
    def passwords(self) -> str:
        """
        Whether passwords should be asked for before TLS.
        """
        own = (f"protocol {self.protocol}",)
        found: list[Scope] = [each for each in scopes(self.config) if each.path in {(), own}]
        return _password_words(offered=found[-1].clear_text)

    @property
    def passwords_incomparable(self) -> str:
        """
        Why our client need not have been treated as configured; empty if it must.
        """
        if self.on_host:
            return "the audit runs on the host itself, which Dovecot takes for secured"
        if trusted_networks(self.config):
            return "login_trusted_networks makes it depend on the client"
        kinds = {step.partition(" ")[0] for each in scopes(self.config) for step in each.path}
        return "remote and local blocks make it depend on the client" if kinds - _PLAIN else ""


_PLAIN = frozenset({"protocol"})


def dovecot_rows(sheet: Sheet, said: Said, words: DovecotWords, tls: ExpectTls) -> list[Comparison]:
    """
    Everything that the port and the configuration both say.
    """
    rows = [] if said.session.greeting is None else [_greeting(sheet, said.session.greeting, words)]
    if said.start:
        rows.append(sheet.row("how TLS starts", said.start, said.as_seen(words.start)))
    if said.before is not None:
        rows.append(_passwords(sheet, said, words))
    if said.inside is not None:
        wanted = without_external(tuple(words.config.setting("auth_mechanisms").split()))
        configured = mechanism_words(wanted - _SILENT)
        rows.append(sheet.row(MECHANISMS, mechanism_words(said.inside), configured))
    setting, allowed = _floor(words)
    if said.versions is not None:
        rows.append(compared(sheet, said.versions, setting, allowed, tls))
    elif said.trouble is not None and words.start != NO_TLS:
        rows.append(sheet.unseen(FLOOR, setting, *said.trouble))
    return rows


def listening_row(
    sheet: Sheet, config: DovecotConfig, listeners: ListenerFacts
) -> tuple[Comparison, InetListener | None]:
    """
    Where the port is open beside where Dovecot's configuration wants it, and that listener.
    """
    port = sheet.endpoint.port
    sockets = listeners.on(port)
    seen = ", ".join(map(str, sockets)) or "nobody"
    found = [each for each in config.listeners() if each.port == port]
    configured = ", ".join(f"{each.address or '*'} ({each.name})" for each in found)
    if not found:
        held = any(each.holder == "dovecot" for each in sockets)
        agreement = Agreement.DIFFERENT if held else Agreement.NOT_COMPARED
        note = "" if held else "somebody else holds the port"
        row = sheet.written(LISTENING, seen, "no listener on this port", agreement, note=note)
        return row, None
    wanted = {word for each in found for word in re.split(r"[\s,]+", each.address or "*") if word}
    if any(not _literal(each) for each in wanted):
        return sheet.left_out(LISTENING, seen, configured, "names are not resolved"), found[0]
    own = {address for each in sockets for address in _both(each.address)}
    ipv6 = any(":" in each for each in listeners.addresses)
    needed = {_FOR_ALL.get(each, each.strip("[]")) for each in wanted}
    missing = {each for each in needed - own if ipv6 or ":" not in each}
    same = not missing and not own - needed
    agreement = Agreement.SAME if same else Agreement.DIFFERENT
    return sheet.written(LISTENING, seen, configured, agreement), found[0]


def _both(address: str) -> tuple[str, ...]:
    return ("0.0.0.0", "::") if address == "*" else (address,)  # noqa: S104


def _literal(word: str) -> bool:
    return word == "*" or bool(re.fullmatch(r"[0-9.]+|\[?[0-9a-fA-F:]*:[0-9a-fA-F:.]*\]?", word))


def _greeting(sheet: Sheet, greeting: Reply, words: DovecotWords) -> Comparison:
    wire = greeting.text
    configured = words.config.setting("login_greeting")
    same = bool(configured) and configured in wire
    shown = wire if len(wire) < len(configured) + 40 else configured if same else wire[-80:]
    agreement = Agreement.SAME if same else Agreement.DIFFERENT
    if not configured or "%" in configured:
        return sheet.left_out("greeting", shown, configured, "the setting is not fully expanded")
    return sheet.written("greeting", shown, configured, agreement)


def _passwords(sheet: Sheet, said: Said, words: DovecotWords) -> Comparison:
    before = said.session.before or Capabilities(())
    imap = words.protocol is Protocol.IMAP
    offered = bool((said.before or frozenset()) & PASSWORDS) or (
        imap and "LOGINDISABLED" not in before
    )
    wire, subject = _password_words(offered=offered), "passwords before TLS"
    if words.passwords_incomparable:
        return sheet.left_out(subject, wire, words.passwords, words.passwords_incomparable)
    return sheet.row(subject, wire, words.passwords)


def _password_words(*, offered: bool) -> str:
    return "taken" if offered else "not taken"


def _floor(words: DovecotWords) -> tuple[str, frozenset[str] | None]:
    minimum = words.setting("ssl_min_protocol")
    if minimum:
        return f"ssl_min_protocol = {minimum}", of_dovecot(minimum)
    value = words.setting("ssl_protocols")
    return f"ssl_protocols = {value}", of_postfix(value) if value else None
