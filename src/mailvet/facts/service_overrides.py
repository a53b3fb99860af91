"""
Whether ``-o`` options in master.cf take back for one service what main.cf orders for all.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network

from mailvet.facts.mynetworks import parse_networks
from mailvet.facts.postfix import MasterService, PostfixConfig
from mailvet.facts.smtpd import SmtpdFacts

Network = IPv4Network | IPv6Network

STRICTER = ("", "none", "may", "encrypt")
"""Values of smtpd_tls_security_level, the laxest first."""

_SASL_OPTIONS = ("smtpd_sasl_security_options", "smtpd_sasl_tls_security_options")
_LISTS = frozenset({"smtpd_relay_restrictions", "smtpd_recipient_restrictions", "mynetworks"})


def weakened(postfix: PostfixConfig, smtpd: SmtpdFacts) -> tuple[str, ...]:
    """
    Overrides that are laxer than main.cf, with their service.
    """
    open_services = {each.service for each in smtpd.gates() if each.closed is False}
    return tuple(
        f"{service.key}: {problem}"
        for service in _reachable(postfix, smtpd)
        for problem in (
            *_tls(postfix, service),
            *_sasl(postfix, service),
            *_lists(service, service.key in open_services),
            *_networks(postfix, service),
        )
    )


def unclear(postfix: PostfixConfig, smtpd: SmtpdFacts) -> tuple[str, ...]:
    """
    Overrides whose effect cannot be seen.
    """
    hidden = {each.service for each in smtpd.gates() if each.closed is None}
    found = []
    for service in _reachable(postfix, smtpd):
        names = dict(service.overrides)
        if service.key in hidden and _LISTS & set(names):
            found.append(f"{service.key}: its restrictions")
        if "mynetworks" in names and _plain(postfix.setting("mynetworks", service.key)) is None:
            found.append(f"{service.key}: mynetworks = {names['mynetworks']}")
    return tuple(found)


def overridden(postfix: PostfixConfig, smtpd: SmtpdFacts) -> tuple[str, ...]:
    """
    Names and values of all overrides of services that strangers reach.
    """
    return tuple(
        f"{service.key}: {name} = {value}"
        for service in _reachable(postfix, smtpd)
        for name, value in service.overrides
        if name.startswith(("smtpd_", "mynetworks"))
    )


def _reachable(postfix: PostfixConfig, smtpd: SmtpdFacts) -> list[MasterService]:
    keys = {each.key for each in smtpd.services}
    return [each for each in postfix.services if each.key in keys]


def _tls(postfix: PostfixConfig, service: MasterService) -> list[str]:
    names = dict(service.overrides)
    wrapped = postfix.enabled("smtpd_tls_wrappermode", service.key)
    level = _level(postfix, service.key)
    found = []
    if "smtpd_tls_security_level" in names and not wrapped:
        before = _level(postfix, "")
        if STRICTER.index(level) < STRICTER.index(before):
            found.append(f"smtpd_tls_security_level = {level or '(empty)'}, not {before}")
    lax = postfix.enabled("smtpd_tls_auth_only") and not postfix.enabled(
        "smtpd_tls_auth_only", service.key
    )
    if lax and not wrapped and level != "encrypt":
        found.append("smtpd_tls_auth_only = no")
    return found


def _level(postfix: PostfixConfig, service: str) -> str:
    """
    The level that is in force; smtpd has no stricter one than ``encrypt``.
    """
    level = postfix.setting("smtpd_tls_security_level", service)
    if not level:
        legacy = {"smtpd_enforce_tls": "encrypt", "smtpd_use_tls": "may"}
        return next((word for name, word in legacy.items() if postfix.enabled(name, service)), "")
    return level if level in STRICTER else "encrypt"


def _sasl(postfix: PostfixConfig, service: MasterService) -> list[str]:
    names = dict(service.overrides)
    if not postfix.enabled("smtpd_sasl_auth_enable", service.key):
        return []
    found = []
    for name in _SASL_OPTIONS:
        if name not in names:
            continue
        lost = _words(postfix.setting(name)) - _words(names[name])
        # Whether passwords may cross in clear is for TLS to say, and noplaintext forbids them
        # where no session is in clear.
        encrypted = postfix.enabled("smtpd_tls_wrappermode", service.key) or (
            _level(postfix, service.key) == "encrypt"
            or postfix.enabled("smtpd_tls_auth_only", service.key)
        )
        lost -= {"noplaintext"} if encrypted else set()
        if lost:
            found.append(f"{name} lacks {', '.join(sorted(lost))}")
    return found


def _lists(service: MasterService, is_open: bool) -> list[str]:
    named = sorted(_LISTS & set(dict(service.overrides)))
    return [f"{', '.join(named)}: nothing refuses relaying"] if is_open and named else []


def _networks(postfix: PostfixConfig, service: MasterService) -> list[str]:
    if "mynetworks" not in dict(service.overrides):
        return []
    own = _plain(postfix.setting("mynetworks", service.key))
    general = _plain(postfix.setting("mynetworks"))
    if own is None or general is None:
        return []
    wider = [each for each in own if not any(_covers(every, each) for every in general)]
    return [f"mynetworks has {', '.join(map(str, wider))} besides"] if wider else []


def _plain(value: str) -> list[Network] | None:
    """
    The networks of a list; None if it has a table, a file or an exception in it.
    """
    elements = parse_networks(value, {})
    if any(each.negated or each.problem or not each.networks for each in elements):
        return None
    return [ip_network(network) for each in elements for network in each.networks]


def _covers(general: Network, own: Network) -> bool:
    if isinstance(general, IPv4Network) and isinstance(own, IPv4Network):
        return own.subnet_of(general)
    if isinstance(general, IPv6Network) and isinstance(own, IPv6Network):
        return own.subnet_of(general)
    return False


def _words(value: str) -> set[str]:
    return set(value.replace(",", " ").lower().split())
