"""
Accounts in an LDAP directory: what the directory says, asked as Dovecot asks it (guide 1.2.4).
"""

from mailvet.facts.backend_users import BackendUsers
from mailvet.facts.directory import DirectoryFacts
from mailvet.facts.directory_answers import (
    ClearAnswer,
    DirectoryAnswers,
    DirectoryAnswersFacts,
)
from mailvet.facts.directory_names import DirectoryNames
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.ldap_settings import SCOPES, listed
from mailvet.facts.passdb import HOST_PASSWORDS, databases
from mailvet.model import Cause, Judgement, Target, judge, not_applicable, together, unverified
from mailvet.plugin import control

NO_SEARCH = "nobody is searched for in the directory"


@control("BACK-26")
def test_search_account_is_limited(directory_answers: DirectoryAnswersFacts) -> Judgement:
    """
    The account has no administrator's name, and does not see where passwords are stored.
    """
    expected = "an account of its own, which does not see userPassword"
    answers = [each for each in directory_answers.answers if each.account]
    if not answers:
        return not_applicable("nobody searches with an account")
    return together((_limited(each, expected) for each in answers), expected=expected)


@control("BACK-27")
def test_base_is_there(
    directory: DirectoryFacts, directory_answers: DirectoryAnswersFacts
) -> Judgement:
    """
    Each file names a base, and the directory has it.
    """
    expected = "a base that the directory has"
    unset = [each for each in directory.settings if not each.get("base")]
    if unset:
        return judge(False, observed=listed(unset, "base"), expected=expected)
    if not directory_answers.answers:
        return not_applicable(NO_SEARCH)
    parts = (_based(each, expected) for each in directory_answers.answers)
    return together(parts, expected=expected)


@control("BACK-28")
def test_scope_reaches_every_user(
    directory: DirectoryFacts, directory_answers: DirectoryAnswersFacts
) -> Judgement:
    """
    Dovecot knows the scope, and no test account is below the base and beyond the scope.
    """
    expected = f"scope is one of {', '.join(SCOPES)}, and every test account is within it"
    unknown = [each for each in directory.settings if each.get("scope") not in SCOPES]
    if unknown:
        return judge(False, observed=listed(unknown, "scope"), expected=expected)
    if not directory_answers.answers:
        return not_applicable(NO_SEARCH)
    parts = (_scoped(each, expected) for each in directory_answers.answers)
    return together(parts, expected=expected)


@control("BACK-30")
def test_names_lead_to_one_entry(
    directory: DirectoryFacts,
    directory_answers: DirectoryAnswersFacts,
    directory_names: DirectoryNames,
) -> Judgement:
    """
    Each test account has one entry, and no other name in the list of users several.
    """
    expected = "one entry for each test account, and no name that Dovecot refuses for having two"
    if directory.by_template:
        return not_applicable("users are bound as what the DN template says, and not searched for")
    several = sum(status not in {0, 67, -1} for status in directory_names.doubles)
    if several:
        observed = f"{several} names that are listed twice cannot be looked up"
        return judge(False, observed=observed, expected=expected)
    parts = (_unique(each, expected) for each in directory_answers.answers)
    return together(parts, expected=expected)


@control("BACK-31")
def test_patterns_lead_to_nobody(
    directory_names: DirectoryNames, backend_users: BackendUsers, directory: DirectoryFacts
) -> Judgement:
    """
    Asterisks and parentheses in a login name are taken for what they are.
    """
    expected = "no user under a name with an asterisk or parentheses in it"
    if directory.by_template:
        return not_applicable("users are bound as what the DN template says, and not searched for")
    if not backend_users.alive:
        observed = "no test account is found either"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    wrong = (*directory_names.matched, *directory_names.unclear)
    names = ", ".join(wrong or (name for name, _ in directory_names.patterns))
    observed = f"{'found, or no answer' if wrong else 'unknown'}: {names}"
    return judge(not wrong, observed=observed, expected=expected)


@control("BACK-32")
def test_accounts_of_the_host_are_nobody(
    dovecot: DovecotConfig,
    directory_names: DirectoryNames,
    backend_users: BackendUsers,
    target: Target,
) -> Judgement:
    """
    No password database takes the host's passwords, and Dovecot does not know its accounts.
    """
    expected = "no password database of the host's accounts, and root unknown to the others"
    if HOST_PASSWORDS & set(target.expect.dovecot.other_backends):
        return not_applicable("the profile accepts passwords of the host's accounts")
    wrong = [str(each) for each in databases(dovecot, "passdb") if each.driver in HOST_PASSWORDS]
    wrong += [f"{each} is known" for each in directory_names.known if backend_users.alive]
    if not wrong and not (backend_users.alive and directory_names.local):
        return unverified(Cause.BLOCKED, observed="no test account is found", expected=expected)
    observed = ", ".join(wrong) or f"unknown: {', '.join(dict(directory_names.local))}"
    return judge(not wrong, observed=observed, expected=expected)


@control("BACK-33")
def test_entries_need_no_unix_attributes(
    directory_answers: DirectoryAnswersFacts, backend_users: BackendUsers
) -> Judgement:
    """
    Dovecot finds a test account whose entry is not that of a Unix account.
    """
    expected = "a test account without posixAccount is found in both databases"
    if not directory_answers.answers:
        return not_applicable(NO_SEARCH)
    minimal = directory_answers.minimal
    if minimal is None:
        return unverified(Cause.BLOCKED, observed="no entry was seen", expected=expected)
    if not minimal:
        return not_applicable("every test account has an entry of class posixAccount")
    lost = [each for each in backend_users.wrong if each.name in minimal]
    observed = "; ".join(map(str, lost)) or f"found: {', '.join(sorted(minimal))}"
    return judge(not lost, observed=observed, expected=expected)


@control("BACK-34")
def test_search_account_finds_users(directory_answers: DirectoryAnswersFacts) -> Judgement:
    """
    The directory takes its password, and shows it entries of users.
    """
    expected = "the search account is let in, and finds test accounts"
    answers = [each for each in directory_answers.answers if each.account]
    if not answers:
        return not_applicable("nobody searches with an account")
    return together((_searches(each, expected) for each in answers), expected=expected)


@control("BACK-35")
def test_directory_refuses_passwords_in_clear_text(
    directory_answers: DirectoryAnswersFacts,
) -> Judgement:
    """
    An invented password outside of TLS is refused without a look at it.
    """
    expected = "confidentialityRequired or strongerAuthRequired, or no port without TLS"
    if not directory_answers.clear:
        return not_applicable("the directory is on the host itself")
    return together(
        (_closed(each, expected) for each in directory_answers.clear), expected=expected
    )


def _unasked(answer: DirectoryAnswers, expected: str) -> Judgement | None:
    if answer.doubt is not None:
        doubt = answer.doubt
        return unverified(doubt.cause, observed=doubt.detail, expected=expected)
    if answer.bound is not None and not answer.bound.good:
        observed = f"{answer.server}: {answer.account}: {answer.bound}"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return None


def _unfound(answer: DirectoryAnswers, expected: str) -> Judgement | None:
    unasked = _unasked(answer, expected)
    if unasked is None and not any(each.entries or each.beyond for each in answer.users):
        observed = f"{answer.server}: no test account was found"
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return unasked


def _limited(answer: DirectoryAnswers, expected: str) -> Judgement:
    seen = [each.account for each in answer.users if each.password_shown]
    observed = f"{answer.account} sees the password of {', '.join(seen) or 'nobody'}"
    if answer.administrator:
        return judge(False, observed=f"{answer.account} is an administrator", expected=expected)
    unfound = _unfound(answer, expected)
    return unfound or judge(not seen, observed=observed, expected=expected)


def _based(answer: DirectoryAnswers, expected: str) -> Judgement:
    if answer.base is None or answer.base.temporary:
        unasked = _unfound(answer, expected)
        return unasked or judge(True, observed="users are found below it", expected=expected)
    observed = f"{answer.path}, {answer.server}: {answer.base}"
    return judge(answer.base.good, observed=observed, expected=expected)


def _scoped(answer: DirectoryAnswers, expected: str) -> Judgement:
    lost = [each.account for each in answer.users if each.beyond]
    observed = f"{answer.path}: beyond the scope: {', '.join(lost) or 'nobody'}"
    unfound = _unfound(answer, expected)
    return unfound or judge(not lost, observed=observed, expected=expected)


def _unique(answer: DirectoryAnswers, expected: str) -> Judgement:
    counts = ", ".join(f"{each.account}: {len(each.entries)}" for each in answer.users)
    several = any(len(each.entries) > 1 for each in answer.users)
    unfound = _unfound(answer, expected)
    return unfound or judge(not several, observed=f"entries of {counts}", expected=expected)


def _searches(answer: DirectoryAnswers, expected: str) -> Judgement:
    if answer.doubt or answer.bound is None or answer.bound.temporary:
        return _unasked(answer, expected) or unverified(
            Cause.BLOCKED, observed=f"{answer.server}: not asked", expected=expected
        )
    found = [each.account for each in answer.users if each.entries or each.beyond]
    observed = f"{answer.account}: {answer.bound}; finds {', '.join(found) or 'nobody'}"
    return judge(answer.bound.good and bool(found), observed=observed, expected=expected)


def _closed(answer: ClearAnswer, expected: str) -> Judgement:
    if answer.doubt is not None:
        doubt = answer.doubt
        return unverified(doubt.cause, observed=doubt.detail, expected=expected)
    observed = f"{answer.server}: {answer.result or 'nobody listens'}"
    if not answer.met:
        observed += "; and there was no TLS session either"
    if not answer.met or (answer.result and answer.result.temporary):
        return unverified(Cause.BLOCKED, observed=observed, expected=expected)
    return judge(not answer.result or answer.result.refuses, observed=observed, expected=expected)
