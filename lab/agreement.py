"""
What testssl.sh and nmap find of TLS versions and cipher suites, beside what an audit finds.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from lab.errors import LabError

Offers = Mapping[int, frozenset[str]]
"""What a port accepts: versions (``TLSv1.2``), and suites as in the registry, without ``TLS_``."""

_SECONDS = 300
_IN_FINDING = re.compile(r"^\s*(TLS|SSL)\s?v?(\S+)\s.*\bTLS_(\w+)")


def of_mailvet(results: Path) -> Offers:
    """
    Read what an audit says, whose profile has rules for TLS.
    """
    rows = json.loads(results.read_text()).get("tls", ())
    return {
        row["port"]: frozenset(
            value
            for each in row["properties"]
            if each["name"] in {"versions", "suites"}
            for value in each["values"]
        )
        for row in rows
    }


def of_testssl(reports: Sequence[str]) -> Offers:
    """
    Read the JSON that testssl.sh writes with ``-E``, for one port each.
    """
    found: dict[int, set[str]] = {}
    for report in reports:
        for entry in json.loads(report):
            names = _IN_FINDING.match(entry["finding"])
            if entry["id"].startswith("cipher-") and names:
                found.setdefault(int(entry["port"]), set()).update(
                    (f"{names[1]}v{names[2]}", names[3])
                )
    return {port: frozenset(each) for port, each in found.items()}


def of_nmap(report: str) -> Offers:
    """
    Read the XML that nmap writes with the script ssl-enum-ciphers.
    """
    found: dict[int, frozenset[str]] = {}
    for port in ET.fromstring(report).iter("port"):  # noqa: S314 - nmap's own output
        script = port.find("script[@id='ssl-enum-ciphers']")
        if script is not None:
            names = (each.text or "" for each in script.iter("elem") if each.get("key") == "name")
            versions = (each.get("key") or "" for each in script.findall("table"))
            found[int(port.get("portid", "0"))] = frozenset(
                name.removeprefix("TLS_").removeprefix("AKE_WITH_") for name in (*names, *versions)
            )
    return found


def ask_testssl(
    base: Sequence[str], address: str, ports: Mapping[int, str], folder: Path
) -> Offers:
    """
    Let testssl.sh list them; *ports* says how TLS starts, or nothing where it does at once.
    """
    reports = []
    for port, starttls in ports.items():
        path = folder / f"testssl-{port}.json"
        path.unlink(missing_ok=True)
        argv = [*base, "-E", "--jsonfile", str(path), *(["-t", starttls] if starttls else [])]
        _run([*argv, f"{address}:{port}"])
        reports.append(path.read_text() if path.exists() else "[]")
    return of_testssl(reports)


def ask_nmap(address: str, ports: Mapping[int, str], folder: Path) -> Offers:
    """
    Let nmap list them.
    """
    path = folder / "nmap.xml"
    wanted = ",".join(map(str, sorted(ports)))
    _run(["nmap", "-Pn", "-n", "-sT", "-p", wanted, "--script", "+ssl-enum-ciphers", "-oX",
          str(path), address])  # fmt: skip
    return of_nmap(path.read_text())


def _run(argv: Sequence[str]) -> None:
    try:
        subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{argv[0]} took longer than {_SECONDS} s") from None


def render_agreement(found: Mapping[str, Offers], seconds: Mapping[str, float]) -> str:
    """
    Return a table as Markdown: how much each tool finds, what not all of them do, and how long it
    took each.
    """
    ports = sorted({port for each in found.values() for port in each})
    rows = []
    for port in ports:
        seen = {name: each.get(port, frozenset()) for name, each in found.items()}
        common = frozenset.intersection(*seen.values())
        odd = sorted(frozenset.union(*seen.values()) - common)
        counts = " | ".join(str(len(each)) for each in seen.values())
        told = ", ".join(f"{each} ({_who(each, seen)})" for each in odd)
        rows.append(f"| {port} | {counts} | {told or 'none'} |")
    head = " | ".join(found)
    line = "|--:" * (len(found) + 1) + "|---|"
    took = " | ".join(f"{seconds[name]:.1f} s" for name in found)
    return "\n".join([f"| port | {head} | not found by all |", line, *rows, f"| | {took} | |"])


def _who(offer: str, seen: Mapping[str, frozenset[str]]) -> str:
    return ", ".join(name for name, each in seen.items() if offer in each)


def agree(found: Mapping[str, Offers]) -> bool:
    """
    Whether all tools find the same on each port.
    """
    first, *others = found.values()
    return all(each == first for each in others)
