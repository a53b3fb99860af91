"""
Which files the servers read when they load their configuration, beyond what they look up later.
"""

import re

from mailvet.facts.config_tree import ConfigTree
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mynetworks import tokens
from mailvet.facts.postfix import PostfixConfig

READ_ONCE = frozenset({"cidr", "pcre", "regexp", "texthash"})
"""Types of tables that a process reads when it begins; of others it notices the change."""

LISTS = (
    "mynetworks",
    "mydestination",
    "myorigin",
    "relay_domains",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
    "inet_interfaces",
    "smtpd_client_event_limit_exceptions",
    "debug_peer_list",
)
"""Parameters in which a path stands for the content of a file."""

_TABLE = re.compile(r"(?<![\w/.-])([a-z]+):(/[^\s,;{}()]+)")
_CACHE = re.compile(r"cache|address_verify_map")
_AUTH_FILE = re.compile(r"/\S+\.conf(?:\.ext)?")


def dovecot_loads(dovecot: DovecotConfig, tree: ConfigTree) -> tuple[str, ...]:
    """
    The files of the configuration, those whose content is a value, and those of the databases.
    """
    named = [
        value.removeprefix("<").strip()
        for section in dovecot.root.walk()
        for name, value in section.settings
        if value.startswith("<") or name.endswith(("_cert_file", "_key_file", "_dh_file"))
    ]
    databases = [
        found[0]
        for section in (*dovecot.root.of("passdb"), *dovecot.root.of("userdb"))
        if (found := _AUTH_FILE.search(section.get("args") or ""))
    ]
    paths = (*tree.read, *named, *databases)
    return tuple(dict.fromkeys(each for each in paths if each.startswith("/")))


def postfix_main(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    The two files that Postfix's master process reads.
    """
    return tuple(f"{postfix.config_directory}/{name}" for name in ("main.cf", "master.cf"))


def postfix_lists(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Files and tables that Postfix's processes read once, when they begin.
    """
    paths = (path for kind, path in tables(postfix) if kind in READ_ONCE)
    return tuple(dict.fromkeys((*paths, *list_files(postfix))))


def list_files(postfix: PostfixConfig) -> tuple[str, ...]:
    """
    Files whose content stands in the place of their path.
    """
    words = (each.lstrip("!") for name in LISTS for each in tokens(postfix.setting(name)))
    return tuple(dict.fromkeys(each for each in words if each.startswith("/")))


def tables(postfix: PostfixConfig) -> tuple[tuple[str, str], ...]:
    """
    Types and paths of all tables that main.cf and master.cf name, and of the aliases.

    A host that delivers nothing locally needs no aliases, even though there is a default for them.
    """
    local = ("alias_maps", "alias_database") if postfix.setting("mydestination") else ()
    names = (*postfix.written, *local)
    # Caches are made by Postfix itself, when it first needs them.
    values = [postfix.setting(name) for name in names if not _CACHE.search(name)]
    values += [
        value
        for each in postfix.services
        for name, value in each.overrides
        if not _CACHE.search(name)
    ]
    found = dict.fromkeys(pair for value in values for pair in _TABLE.findall(value))
    # The path of one table is the folder of another where a value is put together from two.
    paths = [path for _, path in found]
    return tuple(
        (kind, path)
        for kind, path in found
        if kind != "unix" and not any(each.startswith(f"{path}/") for each in paths)
    )
