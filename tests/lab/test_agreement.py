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
SUITES = {993: frozenset({"ECDHE_RSA_WITH_AES_256_GCM_SHA384", "AES_256_GCM_SHA384"})}
LESS = {993: frozenset({"AES_256_GCM_SHA384"})}


def test_each_tool_has_its_own_way_to_say_it() -> None:
    """
    Names of suites without prefixes, by port.
    """
    assert of_testssl([TESTSSL]) == SUITES
    assert of_nmap(NMAP) == SUITES


def test_results_of_an_audit_have_the_same_names(tmp_path: Path) -> None:
    """
    Of all properties, the suites.
    """
    values = sorted(SUITES[993])
    properties = [{"name": "versions", "values": ["TLSv1.3"]}, {"name": "suites", "values": values}]
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"tls": [{"port": 993, "properties": properties}]}))
    assert of_mailvet(path) == SUITES


def test_tools_that_agree() -> None:
    """
    One line for each port.
    """
    found = {"a": SUITES, "b": SUITES}
    assert agree(found)
    assert render_agreement(found).splitlines()[-1] == "| 993 | 2 | 2 | none |"


def test_what_only_some_find_is_named() -> None:
    """
    With the tools that find it.
    """
    found = {"a": SUITES, "b": LESS}
    assert not agree(found)
    last = render_agreement(found).splitlines()[-1]
    assert last == "| 993 | 2 | 1 | ECDHE_RSA_WITH_AES_256_GCM_SHA384 (a) |"


def test_a_port_that_one_tool_says_nothing_about_is_no_agreement() -> None:
    """
    Silence is not the same as no suites found by all.
    """
    assert not agree({"a": SUITES, "b": {}})
