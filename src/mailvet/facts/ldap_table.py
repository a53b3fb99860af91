"""
Files that tell Postfix how to look something up in a directory (ldap_table(5)).
"""

import re
from dataclasses import dataclass

from mailvet.facts.backend_tls import on_this_machine
from mailvet.facts.files import FileStat

_YES = frozenset({"yes", "true", "on", "1"})
_SETTING = re.compile(r"^(\w+)\s*=\s*(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LdapTable:
    """
    The definition of a table.

    Attributes:
        name: As it is configured: ``ldap:/etc/postfix/ldap-aliases.cf``.
        path: The file; empty if the settings stand in main.cf, which is not read here.
        stat: Its owner and mode; None if it does not exist.
        settings: What it sets; passwords are ``***``.
    """

    name: str
    path: str
    stat: FileStat | None
    settings: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """
        A setting; the *default* if it is unset.
        """
        return dict(self.settings).get(name, default)

    def on(self, name: str) -> bool:
        """
        Whether a setting is switched on.
        """
        return self.get(name).lower() in _YES

    @property
    def servers(self) -> tuple[tuple[str, str], ...]:
        """
        Scheme and host of each server; ``ldap`` where none is written.
        """
        found = []
        for word in re.split(r"[\s,]+", self.get("server_host").strip()):
            scheme, slashes, rest = word.partition("://")
            host = (rest if slashes else word).rstrip("/")
            bare = (
                host.partition("]")[0].strip("[")
                if host.startswith("[")
                else host.partition(":")[0]
            )
            if word:
                found.append((scheme.lower() if slashes else "ldap", bare))
        return tuple(found)

    @property
    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        """
        Those that are asked over a network.
        """
        return tuple(
            (scheme, host)
            for scheme, host in self.servers
            if scheme != "ldapi" and not on_this_machine(host)
        )

    @property
    def incomplete(self) -> tuple[str, ...]:
        """
        What is missing, or still says what stands in the place of something.
        """
        if self.stat is None:
            return (f"{self.path} does not exist",)
        found = []
        for name in ("server_host", "search_base"):
            value = self.get(name)
            if not value or "<" in value or ">" in value:
                found.append(f"{self.path}: {name} = {value or '(unset)'}")
        return tuple(found)

    @property
    def unprotected(self) -> tuple[str, ...]:
        """
        What is missing for TLS with a verified certificate to servers elsewhere.
        """
        found = []
        for scheme, host in self.elsewhere:
            if scheme != "ldaps" and not self.on("start_tls"):
                found.append(f"{self.path}: {scheme}://{host} without start_tls = yes")
        if self.elsewhere and not self.on("tls_require_cert"):
            found.append(f"{self.path}: tls_require_cert = {self.get('tls_require_cert', 'no')}")
        return tuple(found)

    @property
    def exposed(self) -> str:
        """
        Who may read the password in it besides Postfix, in words; empty if there is none to read.
        """
        stat = self.stat
        if not self.get("bind_pw") or stat is None:
            return ""
        right = (
            stat.owner == "root"
            and stat.group in {"root", "postfix"}
            and not stat.permissions & 0o027
        )
        return "" if right else str(stat)


def parse_ldap_table(text: str) -> tuple[tuple[str, str], ...]:
    """
    The settings of such a file; a line that begins with a blank continues the one before it.
    """
    rows: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and rows:
            rows[-1] += f" {line.strip()}"
        else:
            rows.append(line.strip())
    found = (_SETTING.match(row) for row in rows)
    return tuple((each[1], each[2].strip()) for each in found if each)
