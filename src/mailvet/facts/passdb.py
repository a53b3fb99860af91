"""
Dovecot's password and user databases, as they are configured.
"""

from dataclasses import dataclass

from mailvet.facts.doveconf import Section
from mailvet.facts.dovecot import ON, DovecotConfig

_PAM_OPTIONS = ("session=", "setcred=", "failure_show_msg=", "max_requests=", "cache_key=")

_WITH_LOGIN = ("imap", "pop3", "sieve", "submission")
"""Protocols whose names are what ``%s`` stands for; Postfix asks in the name of ``smtp``."""

_LOCAL = frozenset({"shadow", "passwd", "bsdauth"})

HOST_PASSWORDS = _LOCAL | {"pam"}
"""Drivers of password databases that take the passwords of the host's own accounts."""


@dataclass(frozen=True, slots=True)
class Database:
    """
    A passdb or a userdb.

    Attributes:
        driver: ``pam``, ``passwd``, ``static``, ``sql`` …
        settings: All of its settings.
        protocol: The only protocol that it serves; empty for all.
    """

    driver: str
    settings: tuple[tuple[str, str], ...]
    protocol: str = ""

    def get(self, name: str) -> str:
        """
        A setting; empty if it is unset.
        """
        return dict(self.settings).get(name, "")

    @property
    def denies(self) -> bool:
        """
        Whether its users are those who may not log in.
        """
        return self.get("deny").lower() in ON

    @property
    def permissive(self) -> bool:
        """
        Whether it lets in without a password of the user's own.
        """
        if self.denies or self.get("mechanisms").lower() == "external":
            return False
        places = ("args", "default_fields", "override_fields")
        return self.driver == "static" or any("nopassword" in self.get(each) for each in places)

    @property
    def local(self) -> bool:
        """
        Whether it takes the password of every system account by itself.
        """
        return self.driver in _LOCAL

    def fields(self, place: str) -> dict[str, str]:
        """
        The fields that a setting such as ``override_fields`` gives.
        """
        words = (word.partition("=") for word in self.get(place).split())
        return {name: value for name, equals, value in words if equals}

    def __str__(self) -> str:
        where = f" for {self.protocol}" if self.protocol else ""
        return f"{self.driver or 'no driver'}{' (deny)' if self.denies else ''}{where}"


def databases(dovecot: DovecotConfig, kind: str) -> tuple[Database, ...]:
    """
    All databases of a *kind* (``passdb``, ``userdb``), those of single protocols included.
    """
    found = [_database(each) for each in dovecot.root.of(kind)]
    for section in dovecot.root.of("protocol"):
        found += [_database(each, section.name) for each in section.of(kind)]
    return tuple(found)


def _database(section: Section, protocol: str = "") -> Database:
    driver = section.get("driver") or section.name
    # Dovecot 2.4 has a block in the place of override_fields.
    fields = [f"{name}={value}" for each in section.of("fields") for name, value in each.settings]
    forced = (("override_fields", " ".join(fields)),) if fields else ()
    return Database(driver, (*section.settings, *forced), protocol)


def pam_services(dovecot: DovecotConfig) -> tuple[str, ...]:
    """
    The PAM services that Dovecot asks.
    """
    found: dict[str, None] = {}
    for each in databases(dovecot, "passdb"):
        if each.driver != "pam":
            continue
        words = [word for word in each.get("args").split() if not word.startswith(_PAM_OPTIONS)]
        name = words[-1] if words else "dovecot"
        if name in {"%s", "*"}:
            asked_by_postfix = any("/postfix/" in it.path for it in dovecot.unix_listeners("auth"))
            names = [name for name in _WITH_LOGIN if name in dovecot.protocols]
            found.update(dict.fromkeys([*names, *(["smtp"] if asked_by_postfix else [])]))
        else:
            found[name] = None
    return tuple(found)


def system_name(dovecot: DovecotConfig, user: str) -> str:
    """
    The name under which Dovecot looks *user* up.
    """
    form = dovecot.setting("auth_username_format") or "%u"
    local, _, domain = user.partition("@")
    if "%{" in form:
        name = local if "username" in form else user
        return name.lower() if "lower" in form else name
    for variable, value in (("u", user), ("n", local), ("d", domain)):
        form = form.replace(f"%L{variable}", value.lower()).replace(f"%{variable}", value)
    return user if "%" in form else form
