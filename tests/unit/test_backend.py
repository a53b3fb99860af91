"""
What the host says about Dovecot's database or directory.
"""

import pytest

from mailvet.facts.backend import (
    BackendFacts,
    BackendFile,
    backend_files,
    central_driver,
    parse_backend,
    parse_settings,
    selected,
    strangers,
)
from mailvet.facts.backend_users import Lookup, parse_backend_users
from mailvet.facts.doveconf import parse_doveconf
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.files import FileStat
from mailvet.facts.host import CommandOutput

FILE = "/etc/dovecot/dovecot-sql.conf.ext"
CONNECT = "host=db1.example.com dbname=mail user=dovecot password=*** ssl_ca=/etc/pki/ca.crt"
OUTPUT = f"""@@file 0
driver = mysql
connect = {CONNECT}

@@sample 0
yes
@@name 0
0
0
2
@@name 1
67
75
2
@@listing
0
@@count
2
@@users
alice
"""


def dovecot(text: str) -> DovecotConfig:
    """
    A configuration with these databases.
    """
    root = parse_doveconf(text)
    return DovecotConfig("2.3.19.1", "/etc/dovecot/dovecot.conf", (), root, root, (), ())


def file_with(connect: str, **settings: str) -> BackendFile:
    """
    A file with this way to the database.
    """
    return BackendFile(FILE, None, (("connect", connect), *settings.items()), sample=False)


def facts(*files: BackendFile, authorities: tuple[FileStat, ...] = ()) -> BackendFacts:
    """
    A backend with these files.
    """
    return BackendFacts("sql", files, authorities, ())


def test_what_the_script_prints_is_read() -> None:
    """
    Settings, the example's password, look-ups and the list of users.
    """
    output = CommandOutput("script", 0, OUTPUT, "")
    (file,) = parse_backend("sql", output, (FILE,)).files
    assert file.words("connect")["host"] == "db1.example.com"
    assert file.sample
    found = parse_backend_users(output, (("alice", True), ("alic_", False)))
    assert [each.right for each in found.lookups] == [True, False]
    assert "no answer (status 75) in the password database" in str(found.lookups[1])
    assert (found.listed, found.unlisted) == (2, ())


def test_a_list_that_fails_is_none() -> None:
    """
    What doveadm said stands in its place, and nobody counts as listed.
    """
    text = "@@listing\n75 Error: User listing returned failure\n@@count\n1\n@@users\n"
    output = CommandOutput("script", 0, text, "")
    found = parse_backend_users(output, (("alice", True),))
    assert (found.listed, found.unlisted) == (None, ("alice",))
    assert found.complaint == "Error: User listing returned failure"


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("driver = mysql\n", {"driver": "mysql"}),
        ("# driver = pgsql\n  driver=mysql  \n", {"driver": "mysql"}),
        ("connect = host=a \\\n  dbname=b\n", {"connect": "host=a  dbname=b"}),
        ('base = "ou=People"\n', {"base": "ou=People"}),
        ("", {}),
    ],
)
def test_settings_are_read_as_dovecot_reads_them(text: str, settings: dict[str, str]) -> None:
    """
    Comments are none, a line goes on after a backslash, quotes do not belong to the value.
    """
    assert dict(parse_settings(text)) == settings


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT username AS user, password FROM users", ("user", "password")),
        ("select u.name as `user`, u.password\nfrom users u", ("user", "password")),
        ("SELECT username, pw FROM users", ("username", "pw")),
        ("SELECT CONCAT(a, '@', b) AS user, password FROM users", None),
        ("SELECT * FROM users", None),
        ("CALL login('%u')", None),
    ],
)
def test_columns_of_a_plain_select(query: str, columns: tuple[str, ...] | None) -> None:
    """
    What is no plain SELECT is left open instead of guessed.
    """
    assert selected(query) == columns


def test_other_backends_are_named() -> None:
    """
    Those that only deny, serve master users or ask nobody let nobody in.
    """
    config = dovecot(
        "passdb {\n  driver = sql\n}\npassdb {\n  driver = pam\n}\n"
        "passdb {\n  driver = passwd-file\n  deny = yes\n}\n"
        "passdb {\n  driver = passwd-file\n  master = yes\n}\n"
        "userdb {\n  driver = prefetch\n}\nuserdb {\n  driver = passwd\n}\n"
    )
    found = [(kind, each.driver) for kind, each in strangers(config, "sql", ())]
    assert found == [("passdb", "pam"), ("userdb", "passwd")]
    assert not strangers(config, "sql", ("pam", "passwd"))


def test_files_of_the_backend_are_those_that_its_databases_name() -> None:
    """
    Each once, and none of another driver.
    """
    block = "{{\n  driver = {}\n  args = {}\n}}\n"
    config = dovecot(
        f"passdb {block.format('sql', FILE)}userdb {block.format('sql', FILE)}"
        f"passdb {block.format('passwd-file', '/etc/dovecot/users')}"
    )
    assert backend_files(config, "sql") == (FILE,)


@pytest.mark.parametrize(
    ("connect", "problem"),
    [
        (CONNECT, None),
        ("host=/run/mysqld/mysqld.sock dbname=mail", None),
        ("host=localhost dbname=mail", None),
        ("host=db1 dbname=mail", "neither ssl_ca nor ssl_ca_path"),
        ("host=db1 ssl_ca=/gone.crt", "/gone.crt does not exist"),
        (f"{CONNECT} ssl_verify_server_cert=no", "ssl_verify_server_cert=no"),
    ],
)
def test_a_database_elsewhere_is_asked_inside_tls(connect: str, problem: str | None) -> None:
    """
    A database on the host itself needs none.
    """
    authority = FileStat("/etc/pki/ca.crt", "/etc/pki/ca.crt", "file", 0o644, "root", "root")
    found = facts(file_with(connect), authorities=(authority,)).unprotected
    assert [each.partition(": ")[2] for each in found] == ([problem] if problem else [])


def test_what_the_way_to_the_database_does_not_say() -> None:
    """
    Each missing part, and a password that everybody knows.
    """
    sample = BackendFile(FILE, None, (("connect", CONNECT),), sample=True)
    assert facts(file_with("host=db1 user=dovecot")).incomplete == (
        f"{FILE}: no dbname",
        f"{FILE}: no password",
    )
    assert facts(sample).incomplete == (f"{FILE}: a password of an example",)


def test_the_role_names_the_driver() -> None:
    """
    Hosts with system accounts have none.
    """
    assert central_driver({"dovecot", "sql"}) == "sql"
    assert central_driver({"dovecot", "pam"}) == ""


@pytest.mark.parametrize(
    ("wanted", "user", "password", "right"),
    [
        (True, 0, 0, True),
        (True, 0, 67, False),
        (True, 75, 0, False),
        (False, 67, 67, True),
        (False, 0, 67, False),
        (False, 67, 0, False),
        (False, 75, 75, False),
    ],
)
def test_a_lookup_without_an_answer_is_never_right(
    wanted: bool, user: int, password: int, right: bool
) -> None:
    """
    A backend that is down neither knows a user nor has shown that it does not.
    """
    assert Lookup("name", wanted, user, password, local=False).right is right


def test_a_template_leaves_the_password_database_without_an_answer() -> None:
    """
    It can tell nothing without a password, so the user database alone counts.
    """
    output = CommandOutput("script", 0, "@@name 0\n0\n67\n2\n", "")
    (found,) = parse_backend_users(output, (("alice", True),), bound=True).lookups
    assert found.right
    assert not found.contradicted
    assert str(found) == "alice: found in the user database"
    (found,) = parse_backend_users(output, (("alice", True),)).lookups
    assert not found.right


def test_a_backend_is_alive_if_it_knows_a_test_account() -> None:
    """
    In one of the two databases.
    """
    output = CommandOutput("script", 0, "@@name 0\n67\n0\n2\n", "")
    assert parse_backend_users(output, (("alice", True),)).alive
    assert not parse_backend_users(output, (("nobody", False),)).alive


@pytest.mark.parametrize(
    ("connect", "servers"),
    [
        ("host=db1 port=3307 dbname=mail", [("db1", 3307, False)]),
        ("host=db1 host=db2 host=db1", [("db1", 3306, False), ("db2", 3306, False)]),
        ("hostaddr=192.0.2.7", [("192.0.2.7", 3306, False)]),
        ("host=/run/mysqld/mysqld.sock", [("/run/mysqld/mysqld.sock", 0, True)]),
        ("host=localhost", [("localhost", 3306, True)]),
        ("host=127.0.0.2", [("127.0.0.2", 3306, True)]),
        ("host=::1", [("::1", 3306, True)]),
        ("host=2001:db8::7", [("2001:db8::7", 3306, False)]),
        ("option_file=/etc/mail.cnf", []),
    ],
)
def test_servers_of_a_way_to_the_database(
    connect: str, servers: list[tuple[str, int, bool]]
) -> None:
    """
    All of them, and whether a network lies in between.
    """
    file = BackendFile("/etc/dovecot/dovecot-sql.conf.ext", None, (("connect", connect),), False)
    assert [(each.name, each.port, each.on_this_machine) for each in file.databases] == servers
