"""
What Postfix's configuration says that one of its ports should say.
"""

import re
from dataclasses import dataclass

from mailvet.facts.comparison import FLOOR, LISTENING, MECHANISMS, Sheet, mechanism_words
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.interfaces import InetService, InterfaceFacts
from mailvet.facts.listeners import ListenerFacts
from mailvet.facts.postfix import PostfixConfig
from mailvet.facts.replies import Capabilities, Reply
from mailvet.facts.said import FROM_THE_START, NO_TLS, PASSWORDS, STARTTLS, Said, without_external
from mailvet.facts.version_range import compared, of_postfix
from mailvet.model import Comparison, ExpectTls

_DEEP = (
    "postscreen_bare_newline_enable",
    "postscreen_non_smtp_command_enable",
    "postscreen_pipelining_enable",
)
_LISTENING_IS_JUDGED_BY = "PORT-08"


@dataclass(frozen=True, slots=True)
class SmtpdWords:
    """
    A service of master.cf, as it should be met on its port.

    Attributes:
        postfix: The configuration.
        key: The service, as postconf writes it; that of smtpd behind postscreen.
        screened: Whether postscreen answers newcomers itself, and says less than smtpd.
        dovecot: The configuration of the SASL server, if that is Dovecot.
    """

    postfix: PostfixConfig
    key: str
    screened: bool
    dovecot: DovecotConfig | None

    def setting(self, name: str) -> str:
        """
        The effective value for the service.
        """
        return self.postfix.setting(name, self.key)

    def enabled(self, name: str) -> bool:
        """
        Whether a setting is switched on for the service.
        """
        return self.setting(name) == "yes"

    @property
    def hidden(self) -> frozenset[str]:
        """
        Keywords that are kept out of the EHLO reply.
        """
        return frozenset(re.split(r"[\s,]+", self.setting("smtpd_discard_ehlo_keywords").upper()))

    @property
    def start(self) -> str:
        """
        How a session should begin.
        """
        if self.enabled("smtpd_tls_wrappermode"):
            return FROM_THE_START
        level = self.setting("smtpd_tls_security_level")
        old = self.enabled("smtpd_use_tls") or self.enabled("smtpd_enforce_tls")
        offered = level in {"may", "encrypt"} or (not level and old)
        return STARTTLS if offered and "STARTTLS" not in self.hidden else NO_TLS

    @property
    def demands_tls(self) -> bool:
        """
        Whether nothing but STARTTLS is taken in clear text.
        """
        level = self.setting("smtpd_tls_security_level")
        old = not level and self.enabled("smtpd_enforce_tls")
        return self.enabled("smtpd_tls_wrappermode") or level == "encrypt" or old

    @property
    def protocols(self) -> str:
        """
        The setting that names the protocol versions, with its value.
        """
        kind = "mandatory_" if self.demands_tls else ""
        name = f"smtpd_tls_{kind}protocols"
        return f"{name} = {self.setting(name)}"

    @property
    def offers_auth(self) -> bool:
        """
        Whether the service takes logins.
        """
        return self.enabled("smtpd_sasl_auth_enable") and "AUTH" not in self.hidden

    def mechanisms(self, *, tls: bool) -> frozenset[str] | None:
        """
        The mechanisms that should be on offer; None if that is not known here.
        """
        if not self.offers_auth or (
            not tls and (self.enabled("smtpd_tls_auth_only") or self.demands_tls)
        ):
            return frozenset()
        remote = self.setting("smtpd_sasl_path").startswith("inet:")
        if self.dovecot is None or self.setting("smtpd_sasl_type") != "dovecot" or remote:
            return None
        known = without_external(tuple(self.dovecot.setting("auth_mechanisms").split()))
        kind = "tls_" if tls else ""
        options = set(re.split(r"[\s,]+", self.setting(f"smtpd_sasl_{kind}security_options")))
        if options - {"", "noanonymous", "noplaintext"}:
            return None
        left = known - {"ANONYMOUS"} if "noanonymous" in options else known
        left = left - PASSWORDS if "noplaintext" in options else left
        return _filtered(left, self.setting("smtpd_sasl_mechanism_filter"))

    @property
    def incomparable(self) -> str:
        """
        Why what is announced need not be what is configured; empty if it must.
        """
        if self.screened:
            return "postscreen answers newcomers, and announces less than smtpd"
        for name in ("smtpd_discard_ehlo_keyword_address_maps", "smtpd_sasl_exceptions_networks"):
            if self.setting(name):
                return f"{name} makes it depend on the client"
        return ""


def smtpd_words(
    postfix: PostfixConfig, service: InetService, dovecot: DovecotConfig | None
) -> SmtpdWords | None:
    """
    The service of master.cf that answers on a port; None if it is not smtpd.
    """
    entry = postfix.service(f"{service.name}/inet")
    if entry is not None and entry.program == "postscreen":
        deep = any(postfix.enabled(name, entry.key) for name in _DEEP)
        return SmtpdWords(postfix, "smtpd/pass", deep, dovecot)
    if entry is None or entry.program != "smtpd":
        return None
    return SmtpdWords(postfix, entry.key, False, dovecot)


def smtpd_rows(sheet: Sheet, said: Said, words: SmtpdWords, tls: ExpectTls) -> list[Comparison]:
    """
    Everything that the port and the configuration both say.
    """
    rows = [] if said.session.greeting is None else [_greeting(sheet, said.session.greeting, words)]
    name = said.session.hello.split()[:1]
    if name:
        rows.append(sheet.row("host name in EHLO", name[0], words.setting("myhostname")))
    if said.start:
        configured = said.as_seen(words.start)
        rows.append(_announced(sheet, words, "how TLS starts", said.start, configured))
    if said.before is not None:
        rows.append(_mechanisms(sheet, words, "AUTH before TLS", said.before, tls=False))
    if said.inside is not None:
        rows.append(_mechanisms(sheet, words, MECHANISMS, said.inside, tls=True))
    if said.latest is not None:
        rows.append(_size(sheet, said.latest, words))
    if said.versions is not None:
        allowed = of_postfix(words.protocols.partition(" = ")[2])
        rows.append(compared(sheet, said.versions, words.protocols, allowed, tls))
    elif said.trouble is not None and words.start != NO_TLS:
        rows.append(sheet.unseen(FLOOR, words.protocols, *said.trouble))
    return rows


def listening_row(sheet: Sheet, interfaces: InterfaceFacts, listeners: ListenerFacts) -> Comparison:
    """
    Where the port is open beside where inet_interfaces and master.cf want it.
    """
    port = sheet.endpoint.port
    wanted = dict.fromkeys(
        address for each in interfaces.services if each.port == port for address in each.addresses
    )
    seen = ", ".join(str(each) for each in listeners.on(port))
    found = [each for each in interfaces.mismatches(listeners) if each.startswith(f"{port}:")]
    configured = ", ".join(sorted(wanted)) or "no service on this port"
    same = configured if not found and wanted else seen
    row = sheet.row(LISTENING, same, configured, decided_by=_LISTENING_IS_JUDGED_BY)
    return sheet.written(
        LISTENING, seen, configured, row.agreement, decided_by=_LISTENING_IS_JUDGED_BY
    )


def _greeting(sheet: Sheet, greeting: Reply, words: SmtpdWords) -> Comparison:
    wire = " ".join(greeting.text.split())
    configured = " ".join(words.setting("smtpd_banner").split())
    if "$" in configured:
        return sheet.left_out("greeting", wire, configured, "the setting is not fully expanded")
    return sheet.row("greeting", wire, configured)


def _size(sheet: Sheet, announced: Capabilities, words: SmtpdWords) -> Comparison:
    shown = "SIZE" in announced
    wire = f"SIZE {' '.join(announced.parameters('SIZE'))}".strip() if shown else ""
    limit = words.setting("message_size_limit")
    configured = "SIZE" if limit == "0" else f"SIZE {limit}"
    return _announced(
        sheet, words, "message size", wire, "" if "SIZE" in words.hidden else configured
    )


def _announced(
    sheet: Sheet, words: SmtpdWords, subject: str, wire: str, configured: str
) -> Comparison:
    if words.incomparable:
        return sheet.left_out(subject, wire, configured, words.incomparable)
    return sheet.row(subject, wire or "nothing", configured or "nothing")


def _mechanisms(
    sheet: Sheet, words: SmtpdWords, subject: str, offered: frozenset[str], *, tls: bool
) -> Comparison:
    wanted = words.mechanisms(tls=tls)
    if wanted is None:
        # Which mechanisms there are only another host knows; whether there are any is known here.
        wire = "AUTH" if offered else "no AUTH"
        return _announced(sheet, words, subject, wire, "AUTH")
    return _announced(sheet, words, subject, mechanism_words(offered), mechanism_words(wanted))


def _filtered(mechanisms: frozenset[str], value: str) -> frozenset[str] | None:
    kept: set[str] = set()
    left = set(mechanisms)
    for token in (each for each in re.split(r"[\s,]+", value) if each):
        name = token.lstrip("!").upper()
        if token.startswith("static:"):
            found = set(left)
        elif ":" in token or "/" in token:
            return None
        else:
            found = left & {name}
        left -= found
        kept |= set() if token.startswith("!") else found
    return frozenset(kept) if value.strip() else mechanisms
