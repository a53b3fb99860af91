"""
Trying variants, with an audit that costs nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.gate import Trial
from lab.inventory import render_inventory
from lab.pki import ensure_authority, other_certificate
from lab.place import Lab
from lab.scenario import Scenario
from lab.variant import Variant, load_variants
from lab.variants import Outcome, Result, attempt, render_results
from lab.verdicts import Expected, load_expected

EXPECTED = Expected({"AUTH-01": "pass", "TLS-01": "pass"})
GOOD = """\
[[variant]]
id = "single-file"
host = "mail1"
summary = "x"
apply = "true"
certificate = "ec"
profile = 'without = ["pop3"]'
changes = { TLS-01 = "not-applicable" }
"""


def variant(changes: Mapping[str, str] | None = None) -> Variant:
    """
    A variant that changes no verdict unless *changes* says so.
    """
    return Variant("v", "mail1", "x", "true", "", "", changes or {})


def run(
    lab: Lab, scenario: Scenario, *audits: Mapping[str, str] | str, of: Variant | None = None
) -> Result:
    """
    Try a variant; its audits come to *audits*, or break with such words.
    """
    waiting = iter(audits)

    def audit(*_: object) -> Mapping[str, str]:
        found = next(waiting)
        if isinstance(found, str):
            raise LabError(found)
        return found

    trial = Trial(scenario, EXPECTED, audit)
    return attempt(lab, trial, of or variant(), configurer=lambda *_: None)


def verdicts(auth: str = "pass", tls: str = "pass") -> dict[str, str]:
    """
    What an audit came to.
    """
    return {"AUTH-01": auth, "TLS-01": tls}


def test_variant_that_changes_nothing_is_accepted(cold_lab: Lab, scenario: Scenario) -> None:
    """
    The host is right, and every control says so.
    """
    assert run(cold_lab, scenario, verdicts()).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("verdict", ["fail", "unverified", "not-applicable"])
def test_other_verdict_is_a_false_alarm(cold_lab: Lab, scenario: Scenario, verdict: str) -> None:
    """
    A control that no longer applies is one that nobody looks at: it must be declared.
    """
    result = run(cold_lab, scenario, verdicts(verdict), verdicts(verdict))

    assert result.outcome is Outcome.FALSE_ALARM
    assert f"AUTH-01 {verdict} (pass)" in str(result)
    assert render_results([result]).endswith("1 variants: 1 FALSE ALARM")


def test_declared_change_must_come(cold_lab: Lab, scenario: Scenario) -> None:
    """
    A service that is not declared makes its findings vanish.
    """
    quiet = variant({"TLS-01": "not-applicable"})
    found = verdicts(tls="not-applicable")

    assert run(cold_lab, scenario, found, of=quiet).outcome is Outcome.ACCEPTED
    assert run(cold_lab, scenario, verdicts(), verdicts(), of=quiet).outcome is Outcome.FALSE_ALARM


def test_unsteady_verdict_gets_a_second_try_and_stays_visible(
    cold_lab: Lab, scenario: Scenario
) -> None:
    """
    What differed only once is shown.
    """
    result = run(cold_lab, scenario, verdicts("fail"), verdicts())

    assert result.outcome is Outcome.ACCEPTED
    assert "[first try: AUTH-01 fail (pass)]" in str(result)


def test_audit_that_breaks_accepts_nothing(cold_lab: Lab, scenario: Scenario) -> None:
    """
    Without verdicts there is no opinion.
    """
    result = run(cold_lab, scenario, "no results", "no results")

    assert result.outcome is Outcome.BROKEN
    assert "no results" in str(result)


def test_variant_is_read(scenario: Scenario, tmp_path: Path) -> None:
    """
    All that a file says about a variant is there.
    """
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants/a.toml").write_text(GOOD)

    (found,) = load_variants(replace(scenario, folder=tmp_path), EXPECTED)

    assert found.certificate == "ec"
    assert found.changes == {"TLS-01": "not-applicable"}
    assert found.profile.startswith("without")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("apply =", "aply =", "unknown key 'aply'; did you mean 'apply'"),
        ('summary = "x"\n', "", "key 'summary' is missing"),
        ("single-file", "Single_file", "an id is small letters"),
        ("mail1", "outside", "'outside' is no server"),
        ('"ec"', '"dsa"', "certificate is one of ec, direct"),
        ("without =", "without", "profile: "),
        ("TLS-01", "TLS-10", "'TLS-10' is not in expected.toml; did you mean 'TLS-01'"),
        ("not-applicable", "unverified", "TLS-01 may not be 'unverified'"),
        ("not-applicable", "pass", "TLS-01 is pass without it as well"),
    ],
    ids=["key", "missing", "id", "host", "kind", "profile", "control", "bad", "no-change"],
)
def test_mistake_in_a_variant_is_named(
    scenario: Scenario, tmp_path: Path, old: str, new: str, message: str
) -> None:
    """
    A mistake leads to one line that says what is wrong.
    """
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants/a.toml").write_text(GOOD.replace(old, new))

    with pytest.raises(LabError) as error:
        load_variants(replace(scenario, folder=tmp_path), EXPECTED)

    assert message in str(error.value)


def test_variants_of_the_scenario_are_in_order(scenario: Scenario) -> None:
    """
    What ships with the project can be read.
    """
    assert len(load_variants(scenario, load_expected(scenario.folder / "expected.toml"))) > 40


def test_declaration_of_a_variant_is_merged_over_the_scenario(
    cold_lab: Lab, scenario: Scenario
) -> None:
    """
    The inventory names the scenario's profile, then the variant's.
    """
    text = render_inventory(cold_lab, scenario, IPv4Network("192.0.2.0/26"), ["variant.toml"])

    assert 'profiles = ["scenarios/single/profile.toml", "variant.toml"]' in text


def test_certificate_on_an_elliptic_curve_has_a_chain(cold_lab: Lab) -> None:
    """
    One is issued by the intermediate, which is sent with it; one by the root.
    """
    ensure_authority(cold_lab.state)

    chains = [
        other_certificate(cold_lab.state, "mail1", "mail1.example.com", kind).read_text()
        for kind in ("ec", "direct")
    ]

    assert [chain.count("BEGIN CERTIFICATE") for chain in chains] == [2, 1]
    assert len((cold_lab.state / "mail1-ec.key").read_text()) < 400
