r"""
Looks at the files of the mail store, never at more than the profile allows, and tries to read some.

The attempts are real: the script takes on an account that owns no mail and lists and reads. Which
files are worth trying, root has seen before: those that others may read by their mode, and some
more. No content leaves the host.
"""

from mailvet.acts import reads
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.dovecot import DovecotConfig
from mailvet.facts.mail_account import MailAccountFacts
from mailvet.facts.mail_place import static_roots
from mailvet.facts.mail_store import MailStoreFacts, parse_mail_store
from mailvet.facts.passdb import system_name
from mailvet.model import Cause
from mailvet.probes.first_use import after_first_use
from mailvet.probes.shell import quote, run

# A plain file at the top of the mail root is what local(8) or useradd left, unless mail is in mbox.
_SCRIPT = r"""
for root in ROOTS; do [ -e "$root" ] || echo "$root"; done | sed '1i @@missing'
set -- $(for root in ROOTS; do readlink -e -- "$root"; done | sort -u)
[ $# -gt 0 ] || exit 0
walk() { { timeout SECONDS find "$@" -ignore_readdir_race -xdev \
    -printf '%U\t%G\t%m\t%D\t%d\t%y\t%p\n' 2>/dev/null
printf 'end\t%s\n' $?; } | head -n LIMIT | awk -F'\t' -v uid=UID -v gid=GID -v mbox=MBOX '
$1 == "end" { ended = $2; finished = 1; next }
{ finished = 0; seen++; if ($5 == 0) device = $4 }
$4 != device { others++; next }
($1 != uid || $2 != gid) && !($5 == 1 && $6 == "f" && !mbox) && foreign++ < 5 {
    print "foreign\t" $7 " (uid " $1 ", gid " $2 ")" }
$6 == "f" && $5 > 1 && substr($3, length($3)) >= 4 && open++ < 5 { print "try\t" $7 }
$6 == "f" && $5 > 1 && plain++ < 3 { print "try\t" $7 }
END { print "count\t" seen + 0 " " others + 0; print "end\t" (finished ? ended : "cut off") }'; }
# Status 1 is that of a folder that was deleted on the way; a small store is walked again.
begun=$(date +%s)
for try in 1 2 3; do
    listing=$(walk "$@")
    echo "$listing" | grep -qx 'end	1' || break
    [ $(($(date +%s) - begun)) -lt 4 ] || break
done
part() { echo "@@$1"; echo "$listing" | sed -n "s/^$1	//p"; }
part foreign; part count; part end
try=$(echo "$listing" | sed -n 's/^try	//p' | sort -u)
act() { who=$1; shift; setpriv --reuid="$who" --regid="$(id -g "$who")" --init-groups -- "$@"; }
newline='
'
for user in USERS; do
    id -u "$user" >/dev/null 2>&1 || continue
    echo "@@as $user"
    act "$user" head -c 1 /etc/passwd >/dev/null 2>&1 && printf 'works\tyes\n'
    for root; do
        if act "$user" ls -- "$root" >/dev/null 2>&1; then printf 'reached\t%s\n' "$root"
        else printf 'denied\t%s\n' "$root"; fi
        act "$user" test -x "$root" && printf 'enters\t%s\n' "$root"
    done
    IFS=$newline
    for file in $try; do
        if act "$user" head -c 1 -- "$file" >/dev/null 2>&1; then printf 'reached\t%s\n' "$file"
        else printf 'denied\t%s\n' "$file"; fi
        act OWNER head -c 1 -- "$file" >/dev/null 2>&1 && printf 'owner\treads\n'
    done
    unset IFS
done
echo @@selinux; getenforce 2>/dev/null
echo @@types; find "$1" -maxdepth 2 -xdev -printf '%Z %p\n' 2>/dev/null | grep -v '^ ' | head -n 50
echo @@policy; if command -v matchpathcon >/dev/null; then for path in "$1" "$1/user/mailboxes"; do
    echo "$(matchpathcon -n -- "$path") $path"; done; fi
exit 0
"""

_SECONDS = 12.0
"""Seconds that looking through the store may take."""


async def probe_mail_store(context: ProbeContext) -> MailStoreFacts:
    """
    Owners of files, what others can reach, and SELinux types.

    Raises:
        ProbeError: There is no root shell, no mail account, or no mail root is known.
    """
    await after_first_use(context)
    dovecot: DovecotConfig = await context.fact("dovecot")
    mail: MailAccountFacts = await context.fact("mail_account")
    owner = mail.account()
    if owner is None or not mail.mail_root:
        missing = f"account {mail.name}" if owner is None else "known mail root"
        raise ProbeError(Cause.BLOCKED, f"there is no {missing} on the host")
    roots = (mail.mail_root.rstrip("/") or "/", *static_roots(dovecot))
    tested = [
        system_name(dovecot, each.user)
        for each in context.target.accounts.values()
        if system_name(dovecot, each.user) not in {owner.name, "root"}
    ]
    words = {
        "ROOTS": " ".join(quote(each) for each in roots),
        "SECONDS": f"{_SECONDS:g}",
        "LIMIT": str(context.target.expect.dovecot.mail_files),
        "UID": str(owner.uid),
        "GID": str(owner.gid),
        "MBOX": "1" if dovecot.setting("mail_location").startswith("mbox:") else "0",
        "USERS": " ".join(quote(each) for each in ("nobody", *tested[:1])),
        "OWNER": quote(owner.name),
    }
    script = _SCRIPT
    for word, value in words.items():
        script = script.replace(word, value)
    title = f"find {' '.join(roots)} -xdev; setpriv --reuid=nobody … ls, head; matchpathcon"
    return parse_mail_store(await run(context, script, title=title), roots)


FACTS = (
    FactSpec(
        "mail_store",
        probe_mail_store,
        MailStoreFacts,
        acts=reads("owners and reach of the files of the mail store"),
        needs=("first_use", "dovecot", "mail_account"),
    ),
)
