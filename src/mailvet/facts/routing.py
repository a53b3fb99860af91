"""
Where Postfix sends the mail of an address: domain class, transport, and the socket behind it.

It follows what trivial-rewrite(8) and local(8) do, from the settings and the answers of the tables
that they name.
"""

import posixpath
import re
from dataclasses import dataclass, replace

from mailvet.facts.postfix import MasterService, PostfixConfig

LOCAL = "mydestination"
"""The list of domains whose mail goes to local_transport, by default local(8)."""

_CLASSES = (
    (LOCAL, "local_transport"),
    ("virtual_alias_domains", ""),
    ("virtual_mailbox_domains", "virtual_transport"),
    ("relay_domains", "relay_transport"),
)
_DEFAULT = "default_transport"
_HANDS_TO_LMTP = ("virtual_transport", "mailbox_transport", "local_transport", "relay_transport")
_PASSWD = "unix:passwd.byname"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Lookup:
    """
    A question to a lookup table, and its answer.

    Attributes:
        table: The table as Postfix names it, or the absolute path of a file of patterns.
        key: What is looked up.
        value: The answer; None if there is none.
        error: What went wrong; empty if nothing did.
    """

    table: str
    key: str
    value: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """
    The way of an address's mail out of Postfix.

    Attributes:
        lists: The lists of domains that contain its domain; there should be exactly one.
        parameter: The setting that decides, with the key where it is a table.
        value: The transport and next hop that it names.
        client: The program that delivers: ``lmtp``, ``local``, ``virtual``, ``smtp`` …; empty if
            master.cf has no such transport.
        socket: Path of the UNIX socket as the next hop names it; empty if it names none.
        seen: The file that the client opens for it, relative paths and chroot resolved.
        chroot: The directory to which the client is confined; empty if it is not.
        lmtp_settings: The settings that name an LMTP client, whether or not they apply here.
        by_table: Whether transport_maps decides.
        handed_over: The address that the delivery agent passes on, aliases resolved.
        errors: Tables that could not be asked.
    """

    lists: tuple[str, ...]
    parameter: str
    value: str
    client: str
    socket: str
    seen: str
    chroot: str
    lmtp_settings: tuple[str, ...]
    by_table: bool
    handed_over: str
    errors: tuple[str, ...]

    @property
    def uses_socket(self) -> bool:
        """
        Whether an LMTP client is told to use a UNIX socket.
        """
        return self.client == "lmtp" and bool(self.socket)

    @property
    def class_words(self) -> str:
        """
        The lists that contain the domain, and the settings that name LMTP.
        """
        lists = " and ".join(self.lists) or "none of Postfix's lists of domains"
        named = ", ".join(self.lmtp_settings) or "nothing"
        return f"the domain is in {lists}; LMTP is named by {named}; what decides: {self}"

    def __str__(self) -> str:
        confined = f", and that client is chrooted to {self.chroot}" if self.chroot else ""
        return f"{self.parameter} = {self.value or '(empty)'}{confined}"


def split_list(value: str) -> tuple[str, ...]:
    """
    The items of a Postfix list; blanks and commas inside of braces do not separate.
    """
    return tuple(re.findall(r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s,{])+", value))


def lookups_for(postfix: PostfixConfig, address: str) -> tuple[Lookup, ...]:
    """
    The questions that have to be asked before ``route`` can tell the way of *address*.
    """
    user, _, domain = address.lower().rpartition("@")
    wanted = [
        Lookup(table, domain)
        for name, _ in _CLASSES
        for table in (item.removeprefix("!") for item in split_list(postfix.setting(name)))
        if _is_table(table)
    ]
    keys = {
        "transport_maps": _transport_keys(address.lower()),
        "virtual_alias_maps": (address.lower(), user, f"@{domain}"),
        "alias_maps": (user,),
        "mailbox_transport_maps": (user,),
    }
    for name, each in keys.items():
        tables = [table for table in split_list(postfix.setting(name)) if _is_table(table)]
        wanted += [Lookup(table, key) for key in each for table in tables]
    if postfix.setting("fallback_transport"):
        wanted.append(Lookup(_PASSWD, user))
    return tuple(dict.fromkeys(wanted))


def answered(question: Lookup, output: str) -> Lookup:
    """
    *question* with its answer: a line with the exit status, and what postmap or grep printed.

    Both say 1 for "not found"; postmap says 1 also for a table that it cannot open, with words.
    """
    status, _, printed = output.strip().partition("\n")
    complaint = next((each for each in printed.splitlines() if each.startswith("postmap: ")), "")
    value = "\n".join(each for each in printed.splitlines() if not each.startswith("postmap: "))
    if status == "0":
        return replace(question, value=value)
    failed = complaint or (value if value or status != "1" else "")
    return replace(question, error=failed or ("no answer" if not status else ""))


def route(postfix: PostfixConfig, address: str, answers: tuple[Lookup, ...]) -> Route:
    """
    The way of *address*, from the settings and the answers to ``lookups_for``.
    """
    resolver = _Resolver(postfix, address.lower(), answers)
    lists = resolver.lists()
    parameter, value, by_table = resolver.transport(lists)
    agent = resolver.agent(value)
    chroot = postfix.setting("queue_directory") if agent and agent.chroot else ""
    hop = value.partition(":")[2]
    socket = hop.removeprefix("unix:") if hop.startswith("unix:") else ""
    return Route(
        lists,
        parameter,
        value,
        _program(agent),
        socket,
        _seen(socket, chroot, postfix.setting("queue_directory")),
        chroot,
        tuple(each for each in _HANDS_TO_LMTP if resolver.names_lmtp(each)),
        by_table,
        resolver.handed_over(),
        tuple(dict.fromkeys(f"{each.table}: {each.error}" for each in answers if each.error)),
    )


class _Resolver:
    """
    Postfix's decisions about one address.
    """

    def __init__(self, postfix: PostfixConfig, address: str, answers: tuple[Lookup, ...]) -> None:
        self._postfix = postfix
        self._address = address
        self._user, _, self._domain = address.rpartition("@")
        self._answers = {(each.table, each.key): each.value for each in answers}

    def lists(self) -> tuple[str, ...]:
        """The lists of domains that contain the address's."""
        return tuple(name for name, _ in _CLASSES if self._in_list(name))

    def _in_list(self, name: str) -> bool:
        for item in split_list(self._postfix.setting(name)):
            pattern = item.removeprefix("!")
            if _is_table(pattern):
                hit = self._answers.get((pattern, self._domain)) is not None
            else:
                hit = pattern.lower() == self._domain
            if hit:
                return pattern == item
        return False

    def _table(self, setting: str, keys: tuple[str, ...]) -> tuple[str, str] | None:
        tables = [each for each in split_list(self._postfix.setting(setting)) if _is_table(each)]
        for key in keys:
            for table in tables:
                value = self._answers.get((table, key))
                if value is not None:
                    return key, value
        return None

    def transport(self, lists: tuple[str, ...]) -> tuple[str, str, bool]:
        """The deciding setting, the transport it names, and whether it is a transport table."""
        transports = dict(_CLASSES)
        parameter = transports[lists[0]] if lists else _DEFAULT
        if not parameter:
            return "virtual_alias_domains", "error", False
        value = self._postfix.setting(parameter)
        found = self._table("transport_maps", _transport_keys(self._address))
        if found and not found[1].startswith(":") and found[1]:
            parameter, value = f"transport_maps ({found[0]})", found[1]
        if lists[:1] == (LOCAL,) and _program(self.agent(value)) == "local":
            inner = self._mailbox_transport()
            parameter, value = inner or ("mailbox_transport", "")
        return parameter, value, parameter.startswith("transport_maps")

    def _mailbox_transport(self) -> tuple[str, str] | None:
        """What local(8) hands mail on to, if it does not deliver itself."""
        found = self._table("mailbox_transport_maps", (self._user,))
        if found:
            return f"mailbox_transport_maps ({found[0]})", found[1]
        value = self._postfix.setting("mailbox_transport", "local/unix")
        if value:
            return "mailbox_transport", value
        fallback = self._postfix.setting("fallback_transport", "local/unix")
        if fallback and self._answers.get((_PASSWD, self._user)) is None:
            return "fallback_transport", fallback
        return None

    def agent(self, transport: str) -> MasterService | None:
        """The delivery agent behind a transport."""
        return self._postfix.service(f"{transport.partition(':')[0]}/unix")

    def names_lmtp(self, setting: str) -> bool:
        """Whether *setting* names a transport whose program is the LMTP client."""
        return _program(self.agent(self._postfix.setting(setting))) == "lmtp"

    def handed_over(self) -> str:
        """The one address that aliases lead to; the address itself if there are none or several."""
        user, domain = self._user, self._domain
        found = self._table("virtual_alias_maps", (self._address, user, f"@{domain}"))
        if not found and LOCAL in self.lists():
            found = self._table("alias_maps", (user,))
        target = found[1].strip().lower() if found else ""
        if not re.fullmatch(r"[\w.+=~-]+(@[\w.-]*)?", target):
            return self._address
        name, at, where = target.partition("@")
        if at:
            return f"{name}@{where or domain}"
        return f"{name}@{self._postfix.setting('myorigin').lower() or domain}"


def _is_table(item: str) -> bool:
    return ":" in item.partition("{")[0] or item.startswith("/")


def _transport_keys(address: str) -> tuple[str, ...]:
    domain = address.rpartition("@")[2]
    labels = domain.split(".")
    parents = tuple("." + ".".join(labels[start:]) for start in range(1, len(labels)))
    return (address, domain, *parents, "*")


def _program(agent: MasterService | None) -> str:
    return posixpath.basename(agent.program) if agent else ""


def _seen(socket: str, chroot: str, queue_directory: str) -> str:
    if not socket:
        return ""
    if not socket.startswith("/"):
        return posixpath.join(queue_directory, socket)
    return f"{chroot}{socket}"
