"""
TLS settings of Postfix's own clients, and how much is logged about TLS.
"""

from mailvet.facts.postfix import PostfixConfig

_LOG_LEVELS = ("smtp_tls_loglevel", "smtpd_tls_loglevel", "lmtp_tls_loglevel")
_LEGACY = {"smtp_enforce_tls": "encrypt", "smtp_use_tls": "may"}
_NO_TLS = frozenset({"", "none"})


def outbound_tls(postfix: PostfixConfig) -> tuple[tuple[str, str], ...]:
    """
    Where outgoing mail is sent from, and its TLS level there; empty where TLS is not used.

    Transports with other names than the default ones are for destinations that somebody chose.
    """
    found = [("smtp_tls_security_level", _level(postfix, ""))]
    for key in ("smtp/unix", "relay/unix"):
        service = postfix.service(key)
        if service and service.program == "smtp" and service.overrides:
            found.append((key, _level(postfix, key)))
    return tuple(found)


def log_levels(postfix: PostfixConfig) -> tuple[tuple[str, str], ...]:
    """
    Every TLS log level that main.cf or master.cf gives.
    """
    found = [(name, postfix.setting(name) or "0") for name in _LOG_LEVELS]
    for service in postfix.services:
        for name, value in service.overrides:
            if name in _LOG_LEVELS:
                found.append((f"{service.key}: {name}", value))
    return tuple(found)


def _level(postfix: PostfixConfig, service: str) -> str:
    level = postfix.setting("smtp_tls_security_level", service)
    if not level:
        level = next((word for name, word in _LEGACY.items() if postfix.enabled(name, service)), "")
    return "" if level in _NO_TLS else level
