"""
Whom stacks of PAM modules let in.
"""

import pytest

from mailvet.facts.pam import PamHost, Person, outcomes
from mailvet.facts.pam_stack import PamFiles

ROOT = Person("root", 0, right=True)
ALICE = Person("alice", 1001, right=True)
WRONG = Person("alice", 1001, right=False)

YES, NO = frozenset({True}), frozenset({False})
EITHER = YES | NO

RHEL9 = {
    "dovecot": """#%PAM-1.0
auth       required     pam_nologin.so
auth       include      password-auth
account    include      password-auth
session    include      password-auth
""",
    "password-auth": """
auth        required                                     pam_env.so
auth        required                                     pam_faildelay.so delay=2000000
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        [default=1 ignore=ignore success=ok]         pam_localuser.so
auth        sufficient                                   pam_unix.so nullok
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        sufficient                                   pam_sss.so forward_pass
auth        required                                     pam_deny.so

account     required                                     pam_unix.so
account     sufficient                                   pam_localuser.so
account     sufficient                                   pam_usertype.so issystem
account     [default=bad success=ok user_unknown=ignore] pam_sss.so
account     required                                     pam_permit.so
""",
}
DEBIAN = {
    "dovecot": "@include common-auth\n@include common-account\n@include common-session\n",
    "common-auth": """
auth    [success=1 default=ignore]      pam_unix.so nullok
auth    requisite                       pam_deny.so
auth    required                        pam_permit.so
""",
    "common-session": "session required pam_unix.so\n",
    "common-account": """
account [success=1 new_authtok_reqd=done default=ignore]        pam_unix.so
account requisite                       pam_deny.so
account required                        pam_permit.so
""",
}
GUARD = "auth requisite pam_succeed_if.so uid >= 1000 quiet\n"


def ends(
    files: dict[str, str], person: Person, kind: str = "auth", host: PamHost | None = None
) -> frozenset[bool]:
    """How the stack of Dovecot ends."""
    stack = PamFiles(tuple(files.items())).stack("dovecot", kind)
    return outcomes(stack, kind, person, host or PamHost())


def auth(*lines: str) -> dict[str, str]:
    """A service with these lines of its own."""
    return {"dovecot": "".join(f"auth {line}\n" for line in lines)}


@pytest.mark.parametrize("files", [RHEL9, DEBIAN])
def test_distributions_let_in_whoever_has_the_right_password(files: dict[str, str]) -> None:
    """Root too: neither distribution keeps it out of the mail service."""
    assert ends(files, ALICE) == YES
    assert ends(files, ROOT) == YES
    assert ends(files, ROOT, "account") == YES


@pytest.mark.parametrize("files", [RHEL9, DEBIAN])
def test_distributions_refuse_a_wrong_password(files: dict[str, str]) -> None:
    """Debian's pam_permit at the end of the stack does not matter."""
    assert ends(files, WRONG) == NO


@pytest.mark.parametrize("files", [RHEL9, DEBIAN])
def test_a_line_before_the_others_keeps_system_accounts_out(files: dict[str, str]) -> None:
    """That is the remedy of the guide's pitfall."""
    guarded = files | {"dovecot": GUARD + files["dovecot"]}

    assert ends(guarded, ROOT) == NO
    assert ends(guarded, ALICE) == YES


def test_a_system_account_without_a_password_fails_by_it_alone() -> None:
    """SSSD is asked for ordinary users only."""
    assert ends(RHEL9, Person("root", 0, right=False)) == NO


@pytest.mark.parametrize(
    ("lines", "person", "expected"),
    [
        (("sufficient pam_unix.so", "required pam_succeed_if.so uid >= 1000"), ROOT, YES),
        (("required pam_succeed_if.so uid >= 1000", "sufficient pam_unix.so"), ROOT, NO),
        (("required pam_succeed_if.so uid >= 1000", "sufficient pam_unix.so"), ALICE, YES),
        (("required pam_unix.so", "required pam_succeed_if.so user != root quiet"), ROOT, NO),
        (("required pam_unix.so", "required pam_succeed_if.so uid > 0 user != bob"), ALICE, YES),
        (("required pam_unix.so", "required pam_succeed_if.so user notin root:bin"), ROOT, NO),
        (("required pam_unix.so", "required pam_succeed_if.so user ingroup mail"), ROOT, EITHER),
        (("required pam_unix.so", "required pam_usertype.so isregular"), ROOT, NO),
        (("optional pam_succeed_if.so uid >= 1000", "required pam_unix.so"), ROOT, YES),
        (("sufficient pam_permit.so",), WRONG, YES),
        (("sufficient pam_rootok.so", "required pam_unix.so"), WRONG, YES),
        (("required pam_env.so",), ALICE, NO),
        (("required pam_unix.so", "required pam_strange.so"), ROOT, EITHER),
        (("sufficient pam_strange.so", "required pam_deny.so"), WRONG, NO),
        (("required pam_faillock.so preauth", "sufficient pam_unix.so",
          "[default=die] pam_faillock.so authfail", "required pam_deny.so"), ALICE, YES),
        (("required pam_faillock.so preauth", "sufficient pam_unix.so",
          "[default=die] pam_faillock.so authfail", "required pam_deny.so"), WRONG, NO),
        (("[success=3 default=ignore] pam_unix.so", "required pam_permit.so"), ALICE, NO),
        (("include gone",), ALICE, NO),
        (("-required pam_unix.so",), ALICE, NO),
    ],
)  # fmt: skip
def test_modules_are_put_together_as_libpam_does(
    lines: tuple[str, ...], person: Person, expected: frozenset[bool]
) -> None:
    """Order, controls, jumps and conditions decide."""
    assert ends(auth(*lines), person) == expected


def test_a_substack_ends_with_the_decision_but_the_stack_goes_on() -> None:
    """What stands behind the substack still counts."""
    files = {
        "dovecot": "auth substack inner\n" + GUARD.replace("requisite", "required"),
        "inner": "auth sufficient pam_unix.so\nauth required pam_deny.so\n",
    }

    assert ends(files, ALICE) == YES
    assert ends(files, ROOT) == NO


def test_an_include_that_leads_to_itself_ends() -> None:
    """libpam refuses it."""
    assert ends(auth("include dovecot"), ALICE) == NO


def test_a_service_without_a_file_has_the_rules_of_others() -> None:
    """So has one without lines of a kind."""
    files = {"other": "auth required pam_deny.so\naccount required pam_permit.so\n"}

    assert ends(files, ALICE) == NO
    assert ends(files | auth("required pam_unix.so"), ALICE, "account") == YES


def test_continued_lines_and_dashes_are_read() -> None:
    """A dash before the type means that the module may be missing."""
    files = {"dovecot": "-auth required \\\n pam_unix.so # the password\n"}

    assert ends(files, WRONG) == NO
    assert ends(files, ALICE) == YES


@pytest.mark.parametrize(("sense", "expected"), [("deny", NO), ("allow", YES)])
def test_lists_of_names_are_looked_up(sense: str, expected: frozenset[bool]) -> None:
    """A list that could not be read leaves the question open."""
    files = auth(
        f"required pam_listfile.so item=user sense={sense} file=/etc/names onerr=fail",
        "required pam_unix.so",
    )
    known = PamHost(lists=(("/etc/names", ("root", "bin")),))

    assert ends(files, ROOT, host=known) == expected
    assert ends(files, ROOT) == EITHER
