"""
The files of Dovecot's configuration: where they are, which are read, and whether they are in force.
"""

from mailvet.facts.config_tree import ConfigTree
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.running import RunningFacts
from mailvet.facts.secret_files import SecretFileFacts
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control

MAIN = "/etc/dovecot/dovecot.conf"


@control("HOST-19")
def test_configuration_folder(config_tree: ConfigTree, running: RunningFacts) -> Judgement:
    """
    Tools and daemon read /etc/dovecot/dovecot.conf, and it is there.
    """
    daemon = running.daemon("dovecot")
    used = (daemon.configuration if daemon else "") or config_tree.main
    there = "exists" if config_tree.default else "does not exist"
    return judge(
        config_tree.default and config_tree.main == used == MAIN,
        observed=f"{MAIN} {there}; doveconf reads {config_tree.main}, the daemon {used}",
        expected=f"{MAIN}, for tools and daemon",
    )


@control("HOST-20")
def test_documentation(config_tree: ConfigTree) -> Judgement:
    """
    The package's documentation is there, unless the host installs none on purpose.
    """
    found = ", ".join(config_tree.documentation)
    if not found and config_tree.without_documentation:
        reason = config_tree.without_documentation
        return not_applicable(f"packages are installed without documentation ({reason})")
    return judge(
        bool(found),
        observed=found or "no folder below /usr/share/doc",
        expected="/usr/share/doc/dovecot, on Debian dovecot-core",
    )


@control("HOST-21")
def test_nothing_left_over(config_tree: ConfigTree, target: Target) -> Judgement:
    """
    Every file that is read comes from a package, the guide or the profile.
    """
    declared = target.expect.dovecot.config_files
    left, strange = config_tree.leftovers, config_tree.strangers(declared)
    expected = "only files of the packages, of the guide and of expect.dovecot.config_files"
    if strange and not left and not declared:
        observed = f"{', '.join(strange)}: nobody but you knows whether this belongs here"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    wrong = (*left, *strange)
    seen = ", ".join(wrong) or f"{len(config_tree.read)} files, all known"
    return judge(not wrong, observed=seen, expected=expected)


@control("HOST-22")
def test_configuration_is_in_force(running: RunningFacts) -> Judgement:
    """
    No file was changed after Dovecot last loaded its configuration.
    """
    return running.dovecot().judgement("Dovecot reloaded after the last change of every file")


@control("HOST-23")
def test_every_file_takes_effect(config_tree: ConfigTree, dovecot: DovecotConfig) -> Judgement:
    """
    What stands in conf.d is read, or one file has it all.
    """
    expected = "every *.conf in conf.d is read, or the settings stand in one complete file"
    idle = config_tree.without_effect()
    seen = "; ".join(map(str, idle)) or f"{len(config_tree.read)} files are read"
    lost = [each for each in idle if not config_tree.mentions(each.name)]
    single = not config_tree.includes and dovecot.passdbs
    if config_tree.cut or (single and lost):
        return unverified(Cause.BLOCKED, observed=f"not read: {seen}", expected=expected)
    return judge(not idle or bool(single), observed=seen, expected=expected)


@control("HOST-24")
def test_no_silent_override(config_tree: ConfigTree, target: Target) -> Judgement:
    """
    No two files give a setting different values.
    """
    conflicts = config_tree.conflicts(target.expect.dovecot.config_files)
    expected = "one value for each setting, or an override in a declared file"
    if config_tree.cut:
        return unverified(Cause.BLOCKED, observed="too many files to read", expected=expected)
    seen = f"{len(config_tree.assignments)} settings in {len(config_tree.read)} files"
    return judge(not conflicts, observed="; ".join(conflicts) or seen, expected=expected)


@control("HOST-25")
def test_passwords_are_private(secret_files: SecretFileFacts, target: Target) -> Judgement:
    """
    Nobody but the servers can read a file with a password in it.
    """
    exposed = secret_files.exposed(target.expect.dovecot.mail_user)
    found = "; ".join(f"{each.stat} ({each.holds})" for each in secret_files.files)
    seen = found or f"no password in {secret_files.looked} files"
    return judge(
        not exposed,
        observed="; ".join(exposed) or seen,
        expected="files with passwords are readable by root and the servers only",
    )
