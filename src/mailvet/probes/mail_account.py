"""
Looks up the mail account, the mail root and the test users on the host.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.host import sections
from mailvet.facts.mail_account import MailAccountFacts, mail_root, parse_lookups, parse_passwd
from mailvet.probes.files import stat_paths
from mailvet.probes.shell import quote, run

_ACCOUNTS = r"""
echo @@passwd; getent passwd NAME root postfix dovecot dovenull SERVERS
uid=$(id -u NAME 2>/dev/null) && getent passwd | awk -F: -v u="$uid" '$3 == u'
echo @@group; id -gn NAME 2>/dev/null
"""

_USER = 'echo "@@user {number}"; doveadm user {user} 2>&1; echo "exit $?"\n'


async def probe_mail_account(context: ProbeContext) -> MailAccountFacts:
    """
    Who owns all mail, where it is, and what the user database says about the test accounts.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    name = context.target.expect.dovecot.mail_user
    users = [each.user for each in context.target.accounts.values()]
    users.append(f"no-such-user-{context.nonce}")
    server_users = ("default_internal_user", "default_login_user")
    servers = " ".join(
        quote(dovecot.setting(each)) for each in server_users if dovecot.setting(each)
    )
    script = _ACCOUNTS.replace("NAME", quote(name)).replace("SERVERS", servers)
    for number, user in enumerate(users):
        script += _USER.format(number=number, user=quote(user))
    output = await run(context, script, title=f"getent passwd {name}; doveadm user …")
    lookups = parse_lookups(output.stdout, users)
    parts = sections(output.stdout)
    accounts = parse_passwd(parts.get("passwd", ""))
    own_home = next((each.home for each in accounts if each.name == name), "")
    root = mail_root(context.target, dovecot) or own_home
    stats = await stat_paths(context, [root]) if root else ()
    return MailAccountFacts(
        name=name,
        accounts=accounts,
        group=parts.get("group", "").strip(),
        mail_root=root,
        root=next(iter(stats), None),
        users=lookups[:-1],
        unknown=lookups[-1],
        commands=(output.evidence(),),
    )


FACTS = (
    FactSpec(
        "mail_account",
        probe_mail_account,
        MailAccountFacts,
        acts=reads("the mail account, the mail root, the test accounts", most=2),
        needs=("dovecot",),
    ),
)
