"""
What several tools say of the same suites.
"""

import json
from pathlib import Path

from lab.agreement import agree, of_mailvet, of_nmap, of_testssl, render_agreement

TESTSSL = json.dumps(
    [
        {"id": "service", "port": "993", "finding": "IMAP"},
        {
            "id": "cipher-tls1_2_xc030",
            "port": "993",
            "finding": "TLS 1.2   xc030   ECDHE-RSA-AES256-GCM-SHA384   ECDH 253   AESGCM   256   "
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        },
        {
            "id": "cipher-tls1_3_x1302",
            "port": "993",
            "finding": "TLS 1.3   x1302   TLS_AES_256_GCM_SHA384   ECDH 253   AESGCM   256   "
            "TLS_AES_256_GCM_SHA384",
        },
    ]
)
NMAP = """<?xml version="1.0"?>
<nmaprun><host><ports>
<port protocol="tcp" portid="993"><script id="ssl-enum-ciphers">
<table key="TLSv1.2"><table key="ciphers"><table>
<elem key="kex_info">secp256r1</elem><elem key="name">TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384</elem>
</table></table></table>
<table key="TLSv1.3"><table key="ciphers"><table>
<elem key="name">TLS_AKE_WITH_AES_256_GCM_SHA384</elem>
</table></table></table>
</script></port>
<port protocol="tcp" portid="22"></port>
</ports></host></nmaprun>
"""
VERSIONS = ("TLSv1.2", "TLSv1.3")
SUITES = ("ECDHE_RSA_WITH_AES_256_GCM_SHA384", "AES_256_GCM_SHA384")
ALL = {993: frozenset({*VERSIONS, *SUITES})}
LESS = {993: frozenset({*VERSIONS, "AES_256_GCM_SHA384"})}
SECONDS = {"a": 1.0, "b": 62.5}


def test_each_tool_has_its_own_way_to_say_it() -> None:
    """
    Versions, and names of suites without prefixes, by port.
    """
    assert of_testssl([TESTSSL]) == ALL
    assert of_nmap(NMAP) == ALL


def test_results_of_an_audit_have_the_same_names(tmp_path: Path) -> None:
    """
    Of all properties, the versions and suites.
    """
    properties = [
        {"name": "versions", "values": VERSIONS},
        {"name": "suites", "values": SUITES},
        {"name": "groups", "values": ["x25519"]},
    ]
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"tls": [{"port": 993, "properties": properties}]}))
    assert of_mailvet(path) == ALL


def test_tools_that_agree() -> None:
    """
    One line for each port, and the time that it took them.
    """
    found = {"a": ALL, "b": ALL}
    assert agree(found)
    *_, port, took = render_agreement(found, SECONDS).splitlines()
    assert port == "| 993 | 4 | 4 | none |"
    assert took == "| | 1.0 s | 62.5 s | |"


def test_what_only_some_find_is_named() -> None:
    """
    With the tools that find it.
    """
    found = {"a": ALL, "b": LESS}
    assert not agree(found)
    port = render_agreement(found, SECONDS).splitlines()[-2]
    assert port == "| 993 | 4 | 3 | ECDHE_RSA_WITH_AES_256_GCM_SHA384 (a) |"


def test_a_port_that_one_tool_says_nothing_about_is_no_agreement() -> None:
    """
    Silence is not the same as no suites found by all.
    """
    assert not agree({"a": ALL, "b": {}})
