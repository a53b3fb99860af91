"""
Both servers accept their configuration, and nobody but root can change it.
"""

from mailvet.facts.dovecot import DovecotCheck, DovecotConfig
from mailvet.facts.files import FileFacts
from mailvet.facts.postfix import PostfixCheck, PostfixConfig
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("HOST-05")
def test_protocols_declared(dovecot: DovecotConfig, target: Target) -> Judgement:
    """
    Dovecot's protocols are the declared ones, no more and no fewer.
    """
    wanted = frozenset(target.expect.dovecot.protocols)
    if not wanted:
        return not_applicable("the profile declares no expect.dovecot.protocols")
    return judge(
        dovecot.protocols == wanted,
        observed=f"protocols = {' '.join(sorted(dovecot.protocols))}",
        expected=f"protocols = {' '.join(sorted(wanted))}, in any order",
    )


@control("HOST-06")
def test_dovecot_configuration_valid(dovecot_check: DovecotCheck) -> Judgement:
    """
    doveconf shows the configuration without an error.
    """
    errors = "; ".join(dovecot_check.problems) or "no message"
    return judge(
        dovecot_check.status == 0 and not dovecot_check.problems,
        observed=f"doveconf -n ends with {dovecot_check.status}: {errors}",
        expected="doveconf -n ends with 0 and complains about nothing",
    )


@control("HOST-07")
def test_postfix_check_clean(postfix_check: PostfixCheck) -> Judgement:
    """
    ``postfix check`` ends with 0 and says nothing.
    """
    said = "; ".join(postfix_check.complaints) or "no message"
    observed = f"postfix check ends with {postfix_check.status}: {said}"
    expected = "postfix check ends with 0 and says nothing"
    clean = postfix_check.status == 0 and not postfix_check.complaints
    if clean and not postfix_check.audible:
        observed += ", but without script(1) its warnings go to the log"
        return unverified(Cause.TOOL, observed=observed, expected=expected)
    return judge(clean, observed=observed, expected=expected)


@control("HOST-08")
def test_postconf_clean(postfix_check: PostfixCheck) -> Judgement:
    """
    postconf warns of no unused, misspelt or doubly defined parameter.
    """
    said = "; ".join(postfix_check.warnings) or "no warning"
    return judge(
        postfix_check.postconf_status == 0 and not postfix_check.warnings,
        observed=f"postconf -n, -M and -P: {said}",
        expected="no warning",
    )


@control("HOST-15")
def test_configuration_belongs_to_root(files: FileFacts, postfix: PostfixConfig) -> Judgement:
    """
    main.cf and master.cf exist, and only root can change them.
    """
    names = [f"{postfix.config_directory}/{each}" for each in ("main.cf", "master.cf")]
    stats = [files.stat(name) for name in names]
    shown = (str(each or f"{name} is missing") for name, each in zip(names, stats, strict=True))
    return judge(
        all(each is not None and each.only_root_writes for each in stats),
        observed="; ".join(shown),
        expected="both exist, belong to root:root, and nobody else can write them",
    )


@control("HOST-18")
def test_dovecot_release(dovecot_check: DovecotCheck) -> Judgement:
    """
    The daemon, doveadm and doveconf are there, of the release whose syntax the guide uses.
    """
    tools = "runs" if dovecot_check.doveadm else "does not run"
    version = dovecot_check.version or "not to be run"
    # 126 and 127 are the shell's: the command cannot be executed, or there is none.
    doveconf = dovecot_check.status not in {126, 127}
    return judge(
        dovecot_check.version.startswith("2.3.") and dovecot_check.doveadm and doveconf,
        observed=f"dovecot is {version}, doveadm {tools}, doveconf: {dovecot_check.status}",
        expected="dovecot 2.3, and doveadm and doveconf run",
    )
