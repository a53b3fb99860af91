"""
The tables that Postfix looks things up in: whether they are there, compiled, and up to date.
"""

from dataclasses import dataclass

from mailvet.facts.host import CommandOutput, sections

COMPILED = {
    "hash": (".db",),
    "btree": (".db",),
    "lmdb": (".lmdb",),
    "cdb": (".cdb",),
    "dbm": (".dir", ".pag"),
    "sdbm": (".dir", ".pag"),
}
"""Types of tables that have to be compiled, and what the compiled files end with."""

PLAIN = frozenset({"cidr", "pcre", "regexp", "texthash"})
"""Types of tables that Postfix reads as they are written."""

AS_LIST = "file"
"""In the place of a type: a file whose content stands in the place of its path."""


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table in a file.

    Attributes:
        kind: Its type (``hash``).
        path: Its path, without what the compiled file ends with.
        source: Whether there is a file to be edited.
        compiled: Whether there is the compiled file; true for types that need none.
        older: Whether the compiled file is older than the source.
        same: Whether both have the same content; None if they could not be compared.
        complaint: What postmap said when asked for a key that does not exist.
    """

    kind: str
    path: str
    source: bool
    compiled: bool
    older: bool
    same: bool | None
    complaint: str

    @property
    def problem(self) -> str:
        """
        What is wrong with it; empty if nothing.
        """
        name = f"{self.kind}:{self.path}"
        if not self.source and (self.kind not in COMPILED or not self.compiled):
            return f"{name} does not exist"
        if not self.compiled:
            return f"{name} is not compiled"
        # Content decides where it is known: a date changes without a reason, or is kept by a copy.
        if self.same is False or (self.same is None and self.older):
            return f"{name} was compiled before its source was last changed"
        return f"{name}: {self.complaint}" if self.complaint else ""


@dataclass(frozen=True, slots=True)
class AliasFacts:
    """
    Where mail for the postmaster goes.

    Attributes:
        domain: The domain that was looked up besides the bare name.
        maps: What alias_maps names.
        chain: Every name that was come by, in order; ``name -> value``.
        ends: Where it ends: ``KIND VALUE``, the kind being ``account``, ``elsewhere``, ``program``,
            ``discarded`` or ``nobody``.
    """

    domain: str
    maps: str
    chain: tuple[str, ...]
    ends: tuple[str, ...]

    @property
    def resolves(self) -> bool:
        """
        Whether somebody gets the mail.
        """
        return any(each.split(" ")[0] in {"account", "elsewhere", "program"} for each in self.ends)


@dataclass(frozen=True, slots=True)
class TableFacts:
    """
    Postfix's tables in files, and its postmaster.

    Attributes:
        tables: The tables that the configuration names.
        postmaster: Where mail for the postmaster goes.
        commands: What was run.
    """

    tables: tuple[Table, ...]
    postmaster: AliasFacts
    commands: tuple[CommandOutput, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """
        What is wrong with tables.
        """
        return tuple(each.problem for each in self.tables if each.problem)

    def aliases(self) -> tuple[Table, ...]:
        """
        The tables of local aliases.
        """
        named = self.postmaster.maps
        return tuple(each for each in self.tables if f"{each.kind}:{each.path}" in named.split())


def parse_tables(output: CommandOutput, names: tuple[tuple[str, str], ...]) -> TableFacts:
    """
    What the script in ``probes.tables`` printed about the tables called *names*.
    """
    parts = sections(output.stdout)
    way = [line.strip().partition(" ") for line in parts.get("way", "").splitlines()]
    return TableFacts(
        tuple(_table(*name, parts.get(f"table {n}", "")) for n, name in enumerate(names)),
        AliasFacts(
            parts.get("domain", "").strip(),
            " ".join(parts.get("maps", "").replace(",", " ").split()),
            tuple(rest for word, _, rest in way if word == "chain"),
            tuple(rest for word, _, rest in way if word == "ends"),
        ),
        (output.evidence(),),
    )


def _table(kind: str, path: str, text: str) -> Table:
    values = dict(line.partition(" ")[::2] for line in text.splitlines())
    same = {"yes": True, "no": False}.get(values.get("same", ""))
    return Table(
        kind,
        path,
        source="source" in values,
        compiled=kind not in COMPILED or "compiled" in values,
        older="older" in values,
        same=same,
        complaint=values.get("complaint", ""),
    )
