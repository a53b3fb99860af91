"""
What the database lets Dovecot's account do, and what is stored there (guide 1.3.4).
"""

from collections.abc import Callable, Iterable, Sequence

from mailvet.facts.backend_users import MOST_USERS, BackendUsers
from mailvet.facts.database import ENCRYPTED, DatabaseAnswers, DatabaseFacts, SqlRefusal, UserRows
from mailvet.facts.pass_schemes import DEFAULT, UNSAFE, contradicts, unsafe
from mailvet.facts.sql import ROLE
from mailvet.model import Cause, Judgement, judge, not_applicable, together, unverified
from mailvet.plugin import control


@control("BACK-54")
def test_account_requires_tls(database: DatabaseFacts) -> Judgement:
    """
    The account, or the server, has nobody in without TLS.
    """
    expected = "REQUIRE SSL of the account, or require_secure_transport of the server"

    def decide(seen: DatabaseAnswers) -> Judgement:
        observed = f"{seen.where}: {seen.account} REQUIRE {seen.requires or '(not told)'}"
        if not seen.requires and not seen.secure_transport:
            return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
        secure = seen.requires in ENCRYPTED or bool(seen.secure_transport)
        return judge(secure, observed=observed, expected=expected)

    elsewhere = [each for each in database.answers if not each.server.on_this_machine]
    if database.answers and not elsewhere:
        return not_applicable("the database is on the host itself")
    return _of_each(elsewhere, expected, decide)


@control("BACK-55")
def test_table_has_its_columns(database: DatabaseFacts) -> Judgement:
    """
    Table and columns of the password query exist.
    """
    expected = "a table with the columns that the password query names"

    def decide(seen: DatabaseAnswers) -> Judgement:
        absent = seen.refusal is not None and seen.refusal.absent
        observed = f"{seen.where}: {seen.refusal or 'the query finds its columns'}"
        return judge(not absent, observed=observed, expected=expected)

    return _of_each_query(database, expected, decide, lambda seen: seen.absent)


@control("BACK-56")
def test_account_reads_the_table(database: DatabaseFacts) -> Judgement:
    """
    The login succeeds, and SELECT on the table of the password query does.
    """
    expected = "the account logs in and reads the users"

    def decide(seen: DatabaseAnswers) -> Judgement:
        observed = f"{seen.where}: {seen.refusal or f'{seen.account} reads the users'}"
        return judge(seen.refusal is None, observed=observed, expected=expected)

    return _of_each_query(database, expected, decide, lambda seen: seen.denied)


@control("BACK-57")
def test_account_only_reads(database: DatabaseFacts) -> Judgement:
    """
    SHOW GRANTS has nothing but reading, and nothing of other databases.
    """
    known = frozenset(database.databases)
    expected = f"SELECT in {', '.join(database.databases)}, and nothing more"

    def decide(seen: DatabaseAnswers) -> Judgement:
        wrong = [each.excess(known) for each in seen.grants or () if each.excess(known)]
        roles = any(ROLE in each.privileges for each in seen.grants or ())
        if seen.grants is None or (roles and not wrong):
            observed = f"{seen.where}: {'it has roles' if roles else 'the server does not tell'}"
            return unverified(Cause.PRIVILEGE, observed=observed, expected=expected)
        observed = f"{seen.where}: {seen.account}: {'; '.join(wrong) or 'reads only'}"
        return judge(not wrong, observed=observed, expected=expected)

    return _of_each(database.answers, expected, decide)


@control("BACK-58")
def test_stored_passwords_are_hashed(database: DatabaseFacts) -> Judgement:
    """
    Every stored password is of a salted scheme that Dovecot knows.
    """
    expected = "salted hashes of schemes that Dovecot knows"

    def decide(seen: DatabaseAnswers, rows: UserRows) -> Judgement:
        default, known = database.default(seen.path), database.known_schemes
        wrong = [str(each) for each in rows.schemes if unsafe(each, default, known)]
        return judge(not wrong, observed=_shown(seen, rows, wrong), expected=expected)

    return _of_all_rows(database, expected, decide)


@control("BACK-59")
def test_stored_passwords_agree_with_the_default(database: DatabaseFacts) -> Judgement:
    """
    Passwords without a prefix in braces are all of the default scheme.
    """
    expected = "one scheme, the default, for all passwords without a prefix"

    def decide(seen: DatabaseAnswers, rows: UserRows) -> Judgement:
        default = database.default(seen.path)
        bare = [each for each in rows.schemes if each.unprefixed]
        wrong = [str(each) for each in bare if contradicts(each, default)]
        if not default and len(bare) > 1:
            wrong = [str(each) for each in bare]
        return judge(not wrong, observed=_shown(seen, rows, wrong), expected=expected)

    return _of_all_rows(database, expected, decide)


@control("BACK-60")
def test_default_scheme_is_set(database: DatabaseFacts) -> Judgement:
    """
    Passwords without a prefix are read as the file says, and that is a salted scheme.
    """
    expected = "default_pass_scheme is a salted scheme, or every password has a prefix"

    def decide(seen: DatabaseAnswers, rows: UserRows) -> Judgement:
        default = database.default(seen.path)
        bare = any(each.unprefixed for each in rows.schemes)
        good = default in database.known_schemes and default not in UNSAFE
        observed = f"{seen.path}: {default or f'not set, so {DEFAULT}'}"
        satisfied = good if default else not bare
        return judge(satisfied, observed=f"{observed}; {_shown(seen, rows)}", expected=expected)

    return _of_all_rows(database, expected, decide)


@control("BACK-61")
def test_every_user_is_listed(database: DatabaseFacts, backend_users: BackendUsers) -> Judgement:
    """
    doveadm lists as many users as there are names in the table.
    """
    listed, expected = backend_users.listed, "as many users in doveadm user '*' as in the table"

    def decide(seen: DatabaseAnswers, rows: UserRows) -> Judgement:
        observed = f"{seen.where}: {rows.names} users; doveadm lists: {backend_users}"
        if listed is None:
            return unverified(Cause.BLOCKED, observed=observed, expected=expected)
        if rows.names > listed >= MOST_USERS:
            return unverified(Cause.CLIENT_LIMIT, observed=observed, expected=expected)
        return judge(listed >= rows.names, observed=observed, expected=expected)

    return _of_all_rows(database, expected, decide)


@control("BACK-62")
def test_names_are_unique(database: DatabaseFacts) -> Judgement:
    """
    No name stands in two rows.
    """
    expected = "every name in one row"

    def decide(seen: DatabaseAnswers, rows: UserRows) -> Judgement:
        observed = f"{seen.where}: {rows.repeated} rows with a name that another row has, too"
        return judge(not rows.repeated, observed=observed, expected=expected)

    return _of_all_rows(database, expected, decide)


def _of_each(
    answers: Iterable[DatabaseAnswers],
    expected: str,
    decide: Callable[[DatabaseAnswers], Judgement],
) -> Judgement:
    def decided(seen: DatabaseAnswers) -> Judgement:
        if seen.doubt is not None:
            return unverified(seen.doubt.cause, observed=seen.doubt.detail, expected=expected)
        return decide(seen) if seen.account else _refused(seen, expected)

    return together(map(decided, answers), expected=expected)


def _of_each_query(
    database: DatabaseFacts,
    expected: str,
    decide: Callable[[DatabaseAnswers], Judgement],
    about: Callable[[SqlRefusal], bool],
) -> Judgement:
    """
    What the password query comes to; an error that is not *about* the question leaves it open.
    """

    def decided(seen: DatabaseAnswers) -> Judgement:
        if seen.doubt is not None:
            return unverified(seen.doubt.cause, observed=seen.doubt.detail, expected=expected)
        if seen.refusal is not None:
            return decide(seen) if about(seen.refusal) else _refused(seen, expected)
        return decide(seen) if seen.table else _not_plain(seen, expected)

    return together(map(decided, database.about_passwords), expected=expected)


def _of_all_rows(
    database: DatabaseFacts,
    expected: str,
    decide: Callable[[DatabaseAnswers, UserRows], Judgement],
) -> Judgement:
    def decided(seen: DatabaseAnswers) -> Judgement:
        if seen.table is None:
            return _not_plain(seen, expected)
        if seen.rows is None or not seen.rows.names:
            return _refused(seen, expected)
        return decide(seen, seen.rows)

    return _of_each(database.about_passwords, expected, decided)


def _refused(seen: DatabaseAnswers, expected: str) -> Judgement:
    observed = f"{seen.where}: {seen.refusal or 'no user is counted there'}"
    return unverified(Cause.BLOCKED, observed=observed, expected=expected)


def _not_plain(seen: DatabaseAnswers, expected: str) -> Judgement:
    observed = f"{seen.path}: password_query is no plain SELECT from tables"
    return unverified(Cause.CLIENT_LIMIT, observed=observed, expected=expected)


def _shown(seen: DatabaseAnswers, rows: UserRows, wrong: Sequence[str] = ()) -> str:
    return f"{seen.where}: {', '.join(wrong or map(str, rows.schemes))}"
