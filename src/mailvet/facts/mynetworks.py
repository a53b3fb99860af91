"""
The syntax of mynetworks: patterns, files and tables (postconf(5), mynetworks).
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from mailvet.facts.networks import Network, NetworkElement

EVERYBODY = ("0.0.0.0/0", "::/0")

LISTED_TABLES = frozenset({"cidr", "hash", "btree", "lmdb", "dbm", "cdb", "sdbm", "texthash"})
"""Types of tables whose keys can be listed; others are asked one address at a time."""


def tokens(value: str) -> Iterator[str]:
    """
    The elements of a list in a Postfix parameter: blanks and commas part them outside of braces.
    """
    depth, word = 0, ""
    for letter in value:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth <= 0 and (letter == "," or letter.isspace()):
            if word:
                yield word
            word = ""
        else:
            word += letter
    if word:
        yield word


def sources(value: str) -> tuple[str, ...]:
    """
    The files and tables in *value* that have to be read on the host.
    """
    names = (each.lstrip("!") for each in tokens(value))
    return tuple(
        dict.fromkeys(
            each for each in names if each.startswith("/") or _kind(each) in LISTED_TABLES
        )
    )


def parse_networks(value: str, contents: Mapping[str, str]) -> tuple[NetworkElement, ...]:
    """
    The elements of *value*; *contents* holds the text of files and tables, by their names.
    """
    elements: list[NetworkElement] = []
    for token in tokens(value):
        negated = token.startswith("!")
        name = token.lstrip("!")
        if name.startswith("/"):
            elements += _file(token, contents.get(name), negated=negated)
        elif _kind(name):
            elements.append(_table(token, name, contents.get(name), negated=negated))
        else:
            elements.append(_pattern(token, name, negated=negated))
    return tuple(elements)


def _kind(name: str) -> str:
    found = re.match(r"([a-z][a-z0-9_-]*):", name)
    return found[1] if found and not _address_like(name) else ""


def _address_like(name: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-fA-F:.]+(?:/\d+)?", name)) and name.count(":") > 1


def _file(token: str, text: str | None, *, negated: bool) -> list[NetworkElement]:
    if text is None:
        return [NetworkElement(token, negated, problem="the file cannot be read")]
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = []
    for inner in tokens("\n".join(lines)):
        out = inner.startswith("!")
        found.append(_pattern(inner, inner.lstrip("!"), negated=negated != out))
    return found


def _table(token: str, name: str, text: str | None, *, negated: bool) -> NetworkElement:
    kind, _, rest = name.partition(":")
    if kind == "static":
        return NetworkElement(token, negated, EVERYBODY)
    if kind == "inline":
        keys = re.findall(r"([^\s{},=]+)\s*=", rest)
        return _joined(token, keys, negated=negated)
    if kind == "cidr" and rest.startswith("{"):
        return _joined(token, _inline_rows(rest), negated=negated)
    if kind not in LISTED_TABLES:
        return NetworkElement(token, negated, opaque=True)
    if text is None:
        return NetworkElement(token, negated, problem="the table cannot be read", opaque=True)
    keys = _cidr_keys(text) if kind == "cidr" else [each.split()[0] for each in _rows(text)]
    return _joined(token, keys, negated=negated)


def _cidr_keys(text: str) -> list[str]:
    keys = [line.split()[0] for line in _rows(text)]
    return [key for key in keys if key.lower() not in {"if", "endif"}]


def _inline_rows(text: str) -> list[str]:
    return _cidr_keys("\n".join(row.strip() for row in re.findall(r"\{([^{}]*)\}", text[1:])))


def _rows(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip() and not line.startswith(("#", " ", "\t")):
            yield line


def _joined(token: str, keys: list[str], *, negated: bool) -> NetworkElement:
    networks: list[str] = []
    problems: list[str] = []
    for key in keys:
        if key.startswith("!"):
            # A table has no "not": everybody else is in it.
            networks += EVERYBODY
            continue
        element = _pattern(key, key, negated=False, bracketed=False)
        networks += element.networks
        problems += [f"{key} {element.problem}"] if element.problem else []
    return NetworkElement(token, negated, tuple(networks), "; ".join(problems))


def _pattern(token: str, name: str, *, negated: bool, bracketed: bool = True) -> NetworkElement:
    bare = _unbracketed(name)
    if bare is None:
        return NetworkElement(token, negated, problem="unbalanced brackets")
    try:
        network = ip_network(bare, strict=False)
    except ValueError:
        return NetworkElement(token, negated, problem="not a network address")
    if network.version == 6 and bracketed and bare == name:
        problem = "an IPv6 address without brackets"
    elif "/" in bare and not bare.rpartition("/")[2].isdigit():
        problem = "a mask that is not a number of bits"
    elif ip_address(bare.partition("/")[0]) != network.network_address:
        problem = f"bits are set to the right of the mask (write {_written(network)})"
    else:
        problem = ""
    return NetworkElement(token, negated, (str(network),), problem)


def _unbracketed(name: str) -> str | None:
    if "[" not in name and "]" not in name:
        return name
    found = re.fullmatch(r"\[([^\[\]/]+)(?:\](/\d+)?|(/\d+)\])", name)
    return found[1] + (found[2] or found[3] or "") if found else None


def _written(network: Network) -> str:
    address, _, bits = str(network).partition("/")
    return f"[{address}]/{bits}" if network.version == 6 else str(network)
