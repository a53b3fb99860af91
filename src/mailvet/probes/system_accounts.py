"""
Looks at the host's own accounts: passwords' states, PAM's files, names in NSS, users' domains.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.passdb import databases, pam_services, system_name
from mailvet.facts.system_accounts import SystemAccountFacts, parse_system_accounts
from mailvet.probes.shell import quote, run

# Of the shadow file only the kind of entry leaves the host. A hash has at least 13 characters.
_ACCOUNTS = r"""
accounts() { { getent passwd | sed 's/^/P:/'; getent shadow | sed 's/^/S:/'; } |
awk -F: -v kind="$1" -v limit=LIMIT -v own=NAME '
$1 == "P" && ($4 + 0 < limit || $2 == own) && n++ < 500 {
    known[$2]; if (kind == "P" && $4 + 0 < limit) print $2 ":x:" $4 ":" $5 "::" $7 ":" $8 }
$1 == "S" && $2 in known && kind == "S" {
    print $2 ":" ($3 == "" ? "empty" : $3 ~ /^[!*]/ || length($3) < 13 ? "locked" : "set") }'; }
echo @@system; accounts P
echo @@passwords; accounts S
echo "@@mail home"; readlink -e -- "$(getent passwd NAME | cut -d: -f6)"
echo "@@uid min"; awk '$1 == "UID_MIN" {print $2; exit}' /etc/login.defs
echo "@@sys uid max"; awk '$1 == "SYS_UID_MAX" {print $2; exit}' /etc/login.defs
for file in /etc/pam.d/* /usr/lib/pam.d/*; do
    [ -f "$file" ] && { echo "@@pam $file"; head -c 20000 -- "$file"; echo; }
done
for file in $(sed -n '/pam_listfile/s/.*file=\([^ ]*\).*/\1/p' /etc/pam.d/* | sort -u); do
    [ -f "$file" ] && { echo "@@list $file"; head -c 20000 -- "$file"; echo; }
done
accounts S | awk -F: -v own=NAME '$2 != "locked" && $1 != own {print $1}' | head -n 10 |
while read -r user; do
    echo "@@lookup $user"; doveadm user "$user" 2>&1; echo "exit $?"
done
"""

_USER = r"""
echo "@@nss {number}"; entry=$(getent passwd {name})
[ -z "$entry" ] || echo "$entry" | awk -F: -v OFS=: '{{$2 = "x"}} 1'
home=$(echo "$entry" | cut -d: -f6); [ -n "$home" ] && [ -d "$home" ] && echo "home exists"
"""

_FOREIGN = 'echo "@@user {number}"; doveadm user {user} 2>&1; echo "exit $?"\n'

# Of all users that can be listed: their domains, and three local parts that occur in two of them.
_NAMESAKES = r"""
users=$(timeout 5 doveadm user '*' 2>/dev/null | head -n 50000 | grep @)
echo @@domains; echo "$users" | sed -n 's/.*@//p' | sort -u | head -n 20
echo "$users" | sort -u | awk -F@ '
$1 != last { last = $1; first = $0; paired = 0; next }
!paired && n++ < 3 { print first; print $0; paired = 1 }' | while read -r user; do
    echo "@@pair $user"; doveadm user "$user" 2>&1; echo "exit $?"
done
"""

_DENY = 'echo "@@deny {title}"; head -c 20000 -- {path} 2>/dev/null | cut -d: -f1\n'


async def probe_system_accounts(context: ProbeContext) -> SystemAccountFacts:
    """
    Accounts below the lowest uid of users, the test accounts in NSS, and users' domains.
    """
    dovecot: DovecotConfig = await context.fact("dovecot")
    expect = context.target.expect
    limit = expect.dovecot.first_valid_uid
    script = _ACCOUNTS.replace("LIMIT", str(limit)).replace("NAME", quote(expect.dovecot.mail_user))
    users = [
        (each.name, system_name(dovecot, each.user)) for each in context.target.accounts.values()
    ]
    for number, (_, name) in enumerate(users):
        script += _USER.format(number=number, name=quote(name))
    locals_ = [each.user.partition("@")[0] for each in context.target.accounts.values()][:1]
    foreign = [f"{each}@{domain}" for each in locals_ for domain in expect.relay.foreign_domains]
    for number, user in enumerate(foreign):
        script += _FOREIGN.format(number=number, user=quote(user))
    for each in databases(dovecot, "passdb"):
        path = each.get("args").split()[-1:]
        if each.denies and each.driver == "passwd-file" and path and path[0].startswith("/"):
            script += _DENY.format(title=path[0], path=quote(path[0]))
    title = f"getent passwd; cat /etc/pam.d/{'|'.join(pam_services(dovecot))}; doveadm user …"
    output = await run(context, script + _NAMESAKES, title=title)
    return parse_system_accounts(output, limit, users, foreign)


FACTS = (
    FactSpec(
        "system_accounts",
        probe_system_accounts,
        SystemAccountFacts,
        acts=reads("the host's accounts, PAM's files, the user database"),
        needs=("dovecot",),
    ),
)
