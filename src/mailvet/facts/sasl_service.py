"""
How Postfix asks Dovecot for passwords: which service is asked, by whom, and within what limits.
"""

import posixpath
import re
from dataclasses import dataclass

from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.socket_talk import SocketTalk
from mailvet.model import Cause, ExpectDovecot

INET = "inet:"

PLAIN_TEXT = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})
"""Mechanisms that send what they prove as it is."""

_SHUTS_OUT_PLAIN = frozenset({"noplaintext", "mutual_auth", "forward_secrecy"})
"""Security options that PLAIN and LOGIN do not fulfil."""

_INET = re.compile(r"inet:(?:[\w.-]*|\[[0-9A-Fa-f:.]+\]):\w+")
_PLAIN_OPTIONS = "smtpd_sasl_security_options"
_TLS_OPTIONS = "smtpd_sasl_tls_security_options"


@dataclass(frozen=True, slots=True)
class SaslService:
    """
    An SMTP service that offers AUTH, with its own settings from master.cf.

    Attributes:
        key: ``submission/inet``.
        kind: ``smtpd_sasl_type``.
        path: ``smtpd_sasl_path``.
        seen: The socket that it opens, chroot resolved; for TCP the path as it stands.
        plain: ``smtpd_sasl_security_options``, in force before TLS.
        tls: ``smtpd_sasl_tls_security_options``, in force inside TLS.
        auth_needs_tls: Whether AUTH exists inside TLS only.
        clear_text: Whether sessions begin without TLS.
        has_tls: Whether there is TLS at all.
    """

    key: str
    kind: str
    path: str
    seen: str
    plain: tuple[str, ...]
    tls: tuple[str, ...]
    auth_needs_tls: bool
    clear_text: bool
    has_tls: bool

    @property
    def path_problem(self) -> str:
        """
        What is wrong with the path as it is written; empty if nothing is.
        """
        if self.path.startswith(INET):
            return "" if _INET.fullmatch(self.path) else "is not inet:host:port"
        return "" if self.path else "is empty"

    @property
    def open_in_clear(self) -> bool:
        """
        Whether anonymous or plain-text mechanisms are permitted before TLS.
        """
        hidden = "noplaintext" in self.plain or self.auth_needs_tls
        return self.clear_text and not ("noanonymous" in self.plain and hidden)

    def tls_problem(self, mechanisms: tuple[str, ...]) -> str:
        """
        What is wrong with the options inside TLS; *mechanisms* are Dovecot's, empty if not known.
        """
        if not self.has_tls:
            return ""
        if "noanonymous" not in self.tls:
            return "anonymous mechanisms are permitted"
        others = [each for each in mechanisms if each not in PLAIN_TEXT | {"ANONYMOUS"}]
        shut = sorted(_SHUTS_OUT_PLAIN & set(self.tls))
        return f"{', '.join(shut)} leaves no mechanism" if shut and not others else ""

    def shown_plain(self) -> str:
        """
        The options before TLS, and whether AUTH exists there, in words.
        """
        auth = "AUTH inside TLS only" if self.auth_needs_tls else "AUTH before TLS as well"
        return f"{self.key}: {_PLAIN_OPTIONS} = {', '.join(self.plain) or '(empty)'}, {auth}"

    def shown_tls(self) -> str:
        """
        The options inside TLS, in words.
        """
        return f"{self.key}: {_TLS_OPTIONS} = {', '.join(self.tls) or '(empty)'}"


@dataclass(frozen=True, slots=True)
class SaslSocket:
    """
    Where Postfix asks for passwords.

    Attributes:
        path: The socket on the host, or ``inet:host:port``.
        in_queue: Whether it lies in Postfix's queue directory.
        stat: What is there; None for TCP, or if nothing is.
        mta: What it says to the account under which Postfix's smtpd runs.
        strangers: Attempts of accounts that have nothing to do with mail; none for TCP.
    """

    path: str
    in_queue: bool
    stat: FileStat | None
    mta: SocketTalk
    strangers: tuple[SocketTalk, ...]

    @property
    def tcp(self) -> bool:
        """
        Whether it is asked over TCP.
        """
        return self.path.startswith(INET)

    @property
    def speaks(self) -> bool:
        """
        Whether Dovecot's authentication service answered, and offered a mechanism.
        """
        return bool(self.mechanisms) and self.mta.said("VERSION") and self.mta.said("DONE")

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """
        SASL mechanisms that it offers.
        """
        words = (line.split() for line in self.mta.lines)
        return tuple(each[1].upper() for each in words if each[:1] == ["MECH"] and len(each) > 1)

    @property
    def answer(self) -> str:
        """
        What Postfix's account gets there, in words.
        """
        if self.speaks:
            offered = f"Dovecot answers and offers {' '.join(self.mechanisms)}"
            return f"{self.path}: {offered}"
        if not self.mta.opened:
            return f"{self.mta.account} cannot open {self.path}: {self.mta.failure}"
        said = self.mta.failure or "it does not speak Dovecot's authentication protocol"
        return f"{self.mta.account} opens {self.path}, but {said}"

    @property
    def on_disk(self) -> str:
        """
        Owner, group and mode as they are, and which directory keeps others out.
        """
        if self.stat is None:
            return f"{self.path}: nothing is there"
        kind = "" if self.stat.kind == "socket" else f" ({self.stat.kind})"
        shut = f"; only those get there whom {self.door} lets in" if self.door else ""
        mode = f"{self.stat.owner}:{self.stat.group} {self.stat.permissions:o}"
        return f"{self.path}: {mode}{kind}{shut}"

    @property
    def door(self) -> str:
        """
        The nearest directory above it that is closed to others; empty if none is.
        """
        parents = self.stat.parents if self.stat else ()
        found = next((each for each in parents if not each.mode & 0o001), None)
        return f"{found.path} ({found.owner}:{found.group} {found.mode:o})" if found else ""

    def deviation(self, expect: ExpectDovecot, owner: str) -> str:
        """
        How its owner, group or mode differ from what only Postfix may open; empty if they do not.
        """
        if self.stat is None or self.stat.kind != "socket":
            return "there is no socket"
        mode = self.stat.permissions
        if mode not in {int(each, 8) for each in expect.auth_socket_modes}:
            return f"mode {mode:o}"
        if mode & 0o007:
            return ""
        grouped = self.stat.group == owner and mode & 0o060 == 0o060
        if self.stat.owner != owner and not grouped:
            return f"{self.stat.owner}:{self.stat.group}, so {owner} cannot open it"
        if mode & 0o070 and self.stat.group not in {owner, "root"}:
            return f"group {self.stat.group}"
        named = [each for each in self.stat.acl if each.split(":")[1:2] != [owner]]
        return f"it has {', '.join(named)}" if named else ""

    @property
    def intruders(self) -> tuple[SocketTalk, ...]:
        """
        Accounts without a business there whose connection was accepted.
        """
        return tuple(each for each in self.strangers if each.opened)


@dataclass(frozen=True, slots=True)
class SaslFacts:
    """
    How Postfix asks for passwords.

    Attributes:
        services: SMTP services that offer AUTH.
        supported: Kinds of SASL service that this Postfix knows (``postconf -a``).
        dovecot: Version of the Dovecot on the host; empty if there is none.
        mail_owner: Account of Postfix's daemons.
        sockets: Where the services ask, each place once.
        commands: What was run.
    """

    services: tuple[SaslService, ...]
    supported: tuple[str, ...]
    dovecot: str
    mail_owner: str
    sockets: tuple[SaslSocket, ...]
    commands: tuple[CommandOutput, ...]

    def socket(self, service: SaslService) -> SaslSocket | None:
        """
        Where *service* asks; None if it asks nobody, or nobody could be asked there.
        """
        return next((each for each in self.sockets if each.path == service.seen), None)

    @property
    def of_dovecot(self) -> tuple[SaslService, ...]:
        """
        The services that are told to ask Dovecot.
        """
        return tuple(each for each in self.services if each.kind == "dovecot")

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """
        All mechanisms that were offered to Postfix.
        """
        return tuple(dict.fromkeys(name for each in self.sockets for name in each.mechanisms))

    @property
    def unix(self) -> tuple[SaslSocket, ...]:
        """
        The places that are UNIX sockets.
        """
        return tuple(each for each in self.sockets if not each.tcp)

    @property
    def untold(self) -> Cause | None:
        """
        Why nobody could be asked; None if everybody was.
        """
        if any(each.mta.untold for each in self.sockets):
            return Cause.TOOL
        asked = all(self.socket(each) or each.path_problem for each in self.of_dovecot)
        return None if asked else Cause.BLOCKED

    @property
    def misled(self) -> tuple[str, ...]:
        """
        Paths that lead to no Dovecot, in words.
        """
        wrong = [
            f"{each.key}: smtpd_sasl_path = {each.path!r} {each.path_problem}"
            for each in self.of_dovecot
            if each.path_problem
        ]
        return (*wrong, *(each.answer for each in self.sockets if not each.speaks))

    @property
    def answers(self) -> str:
        """
        What is heard in each place, in words.
        """
        return "; ".join(each.answer for each in self.sockets) or "no place was asked"


def sasl_services(postfix: PostfixConfig) -> tuple[SaslService, ...]:
    """
    The services that other hosts reach and that offer AUTH.
    """
    return tuple(
        _service(postfix, each)
        for each in postfix.services
        if each.networked and postfix.enabled("smtpd_sasl_auth_enable", each.key)
    )


def _service(postfix: PostfixConfig, service: MasterService) -> SaslService:
    def value(name: str) -> str:
        return postfix.setting(name, service.key)

    plain = _options(value(_PLAIN_OPTIONS))
    own = _TLS_OPTIONS in postfix.explicit or _TLS_OPTIONS in dict(service.overrides)
    level = value("smtpd_tls_security_level")
    if not level:
        level = "encrypt" if value("smtpd_enforce_tls") == "yes" else level
        level = "may" if not level and value("smtpd_use_tls") == "yes" else level
    wrapped = value("smtpd_tls_wrappermode") == "yes"
    only = value("smtpd_tls_auth_only") == "yes"
    return SaslService(
        service.key,
        value("smtpd_sasl_type"),
        value("smtpd_sasl_path"),
        _seen(value("smtpd_sasl_path"), postfix.setting("queue_directory"), service),
        plain,
        _options(value(_TLS_OPTIONS)) if own else plain,
        auth_needs_tls=only or wrapped or level == "encrypt",
        clear_text=not wrapped,
        has_tls=wrapped or level not in {"", "none"},
    )


def _options(value: str) -> tuple[str, ...]:
    return tuple(each for each in re.split(r"[,\s]+", value.lower()) if each)


def _seen(path: str, queue_directory: str, service: MasterService) -> str:
    if path.startswith(INET) or not path:
        return path
    path = path.removeprefix("unix:")
    if not path.startswith("/"):
        return posixpath.join(queue_directory, path)
    return f"{queue_directory}{path}" if service.chroot else path
