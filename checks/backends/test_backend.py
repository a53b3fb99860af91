"""
Accounts in a database or a directory: who is asked, and how (guide 1.2.4, 1.3.4).
"""

from mailvet.facts.backend import PACKAGES, BackendFacts, selected, strangers
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mail_account import MailAccountFacts
from mailvet.facts.packages import PackageFacts
from mailvet.facts.passdb import databases
from mailvet.facts.userdb import undecided, unforced
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, unverified
from mailvet.plugin import control


@control("BACK-01")
def test_driver_is_installed(packages: PackageFacts, backend: BackendFacts) -> Judgement:
    """
    The package that has Dovecot's driver is there.
    """
    if not packages.manager:
        return not_applicable("the host has neither rpm nor dpkg")
    if packages.manager == "rpm" and backend.driver == "ldap":
        return not_applicable("the driver for LDAP is part of Dovecot's own package there")
    wanted = PACKAGES[backend.driver]
    return judge(
        not packages.missing(wanted),
        observed=str(packages),
        expected=f"installed: {', '.join(wanted)}",
    )


@control("BACK-02")
def test_passwords_are_asked_there(dovecot: DovecotConfig, backend: BackendFacts) -> Judgement:
    """
    A password database has the driver, and its settings are in a file that exists.
    """
    drivers = [each for each in databases(dovecot, "passdb") if each.driver == backend.driver]
    named = [each.get("args") for each in drivers]
    kinds = {each.get("driver") or "no driver" for each in backend.files}
    wrong = [f"{each} does not exist" for each in backend.missing]
    wrong += [f"driver = {each}" for each in sorted(kinds - {"mysql"}) if backend.driver == "sql"]
    shown = ", ".join(map(str, databases(dovecot, "passdb"))) or "none"
    return judge(
        bool(drivers) and all(named) and not wrong,
        observed="; ".join([f"passdb: {shown}, args: {', '.join(named) or 'none'}", *wrong]),
        expected=f"a passdb with driver = {backend.driver}, whose settings are in a file",
    )


@control("BACK-03")
def test_no_other_backend(
    dovecot: DovecotConfig, backend: BackendFacts, target: Target
) -> Judgement:
    """
    Nobody else's passwords or users count.
    """
    accepted = target.expect.dovecot.other_backends
    found = [f"{kind} {each}" for kind, each in strangers(dovecot, backend.driver, accepted)]
    wanted = ", ".join((backend.driver, *accepted))
    return judge(
        not found,
        observed=", ".join(found) or f"every passdb and userdb is {wanted}, or asks nobody",
        expected=f"no passdb and userdb but {wanted}",
    )


@control("BACK-04")
def test_users_belong_to_the_mail_account(
    dovecot: DovecotConfig, backend: BackendFacts, mail_account: MailAccountFacts
) -> Judgement:
    """
    The user database gives everybody's mail to the mail account, and can be asked.
    """
    expected = f"a userdb that exists, with uid, gid and home of {mail_account.name} for everybody"
    wrong = [*unforced(dovecot, mail_account), *(f"{each} is missing" for each in backend.missing)]
    if not wrong and (left := undecided(dovecot)):
        return unverified(Cause.BLOCKED, observed="; ".join(left), expected=expected)
    shown = ", ".join(map(str, databases(dovecot, "userdb")))
    return judge(not wrong, observed="; ".join(wrong) or f"userdb: {shown}", expected=expected)


@control("BACK-05")
def test_settings_belong_to_root(backend_settings: BackendFacts) -> Judgement:
    """
    Owner and group of every file with the backend's settings.
    """
    stats = backend_settings.stats
    return judge(
        all((each.owner, each.group) == ("root", "root") for each in stats),
        observed=", ".join(map(str, stats)),
        expected="root:root",
    )


@control("BACK-06")
def test_settings_are_for_root_alone(backend_settings: BackendFacts) -> Judgement:
    """
    Mode of every such file; where there is an access control list, the mode has its mask.
    """
    stats, careless = backend_settings.stats, backend_settings.careless
    return judge(
        not any(each.permissions & 0o177 for each in stats) and not careless,
        observed=", ".join(map(str, (*stats, *careless))),
        expected="mode 600 or 400, and no access control list that gives more; "
        "a password in an option_file is for Dovecot's group at most",
    )


@control("BACK-10")
def test_database_is_named_in_full(backend_settings: BackendFacts) -> Judgement:
    """
    Host, database, user and password, none of them the guide's example password.
    """
    expected = "host, dbname, user and password, not the password of the guide's example"
    wrong, unread = backend_settings.incomplete, "; ".join(backend_settings.unread)
    if unread and not wrong:
        return unverified(Cause.CLIENT_LIMIT, observed=unread, expected=expected)
    observed = "; ".join(wrong) or backend_settings.connections
    return judge(not wrong, observed=observed, expected=expected)


@control("BACK-11")
def test_database_is_asked_inside_tls(backend_settings: BackendFacts) -> Judgement:
    """
    The authority of the database server is named, and its certificate is not waved through.
    """
    expected = "ssl_ca names a file with certificates, and ssl_verify_server_cert is not off"
    wrong, unread = "; ".join(backend_settings.unprotected), "; ".join(backend_settings.unread)
    if unread and not wrong:
        return unverified(Cause.CLIENT_LIMIT, observed=unread, expected=expected)
    if not backend_settings.remote:
        return not_applicable("the database is on the host itself")
    return judge(not wrong, observed=wrong or backend_settings.connections, expected=expected)


@control("BACK-12")
def test_password_query_names_its_columns(backend_settings: BackendFacts) -> Judgement:
    """
    Dovecot finds the password under the name that it looks for, and the user's real name.
    """
    expected = "a password_query whose columns are called user and password"
    files = [each for each in backend_settings.files if each.for_passwords]
    if not files:
        observed = f"no passdb asks {backend_settings.driver}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    shown = "; ".join(each.get("password_query") or f"{each.path}: none" for each in files)
    columns = [selected(each.get("password_query")) for each in files]
    if any(each.get("password_query") for each in files) and None in columns:
        observed = f"not a plain SELECT: {shown}"
        return unverified(Cause.CLIENT_LIMIT, observed=observed, expected=expected)
    right = all({"user", "password"} <= set(each or ()) for each in columns)
    return judge(right, observed=shown, expected=expected)
