"""
Conversations over UNIX sockets, held on the host as one of its accounts.
"""

from mailvet.context import ProbeContext
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.socket_talk import SocketTalk, parse_talk
from mailvet.probes.shell import quote, run

# One program in the two languages that are found on hosts. Arguments: account, socket, commands.
# Like Postfix's daemons and people who log in, it has all groups of the account.
_PYTHON = r"""
import errno, os, pwd, socket, sys
account, path = sys.argv[1:3]
def show(mark, octets):
    print(mark, "".join(chr(o) if 32 <= o < 127 else "?" for o in octets[:900]))
try:
    entry = pwd.getpwnam(account)
    gid = entry.pw_gid
    os.chdir("/")
    os.setgroups(os.getgrouplist(account, gid))
    os.setgid(gid)
    os.setuid(entry.pw_uid)
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(8)
    peer.connect(path)
    print("* opened")
    lines = peer.makefile("rb")
    for command in [""] + sys.argv[3:]:
        if command:
            print(">", command)
            peer.sendall(command.encode() + b"\r\n")
        for _ in range(100):
            line = lines.readline(4000)
            if not line:
                print("* the server closed the connection")
                sys.exit()
            show("<", line.rstrip(b"\r\n"))
            if line[3:4] != b"-":
                break
except KeyError:
    print("* unknown account")
except socket.timeout:
    print("* no answer within 8 s")
except OSError as exc:
    print("*", errno.errorcode.get(exc.errno, "E"), exc.strerror)
"""

_PERL = r"""
use strict; use Socket; use IO::Handle; use Errno;
my ($account, $path, @commands) = @ARGV;
$| = 1;
my ($uid, $gid) = (getpwnam $account)[2, 3];
defined $uid or do { print "* unknown account\n"; exit };
my @groups = ($gid);
while (my @g = getgrent) { push @groups, $g[2] if grep { $_ eq $account } split " ", $g[3] }
chdir "/";
$) = "$gid @groups"; $( = $gid; $< = $uid; $> = $uid;
sub failed {
    my ($words, $name) = ("$!", "E");
    for (keys %!) { $name = $_ if $!{$_} && $_ !~ /WOULDBLOCK/ }
    print "* $name $words\n"; exit;
}
$SIG{ALRM} = sub { print "* no answer within 8 s\n"; exit };
alarm 8;
socket(my $peer, AF_UNIX, SOCK_STREAM, 0) or failed();
connect($peer, sockaddr_un($path)) or failed();
$peer->autoflush(1);
print "* opened\n";
for my $command ("", @commands) {
    if (length $command) { print "> $command\n"; print $peer "$command\r\n" }
    for (1 .. 100) {
        alarm 8;
        my $line = <$peer>;
        defined $line or do { print "* the server closed the connection\n"; exit };
        $line =~ s/[\r\n]+$//; $line =~ s/[^ -~]/?/g;
        print "< ", substr($line, 0, 900), "\n";
        last if substr($line, 3, 1) ne "-";
    }
}
"""

_TALK = rf"""
python=$(command -v python3 || command -v /usr/libexec/platform-python)
talk() {{
    if [ -n "$python" ]; then "$python" -I -c {quote(_PYTHON)} "$@"
    elif command -v perl >/dev/null; then perl -e {quote(_PERL)} -- "$@"
    else echo "* no interpreter"
    fi 2>&1
}}
"""


class SocketTalks:
    """
    Conversations that one script holds, one after the other.
    """

    def __init__(self) -> None:
        self.planned: list[tuple[str, ...]] = []

    def add(self, account: str, path: str, *commands: str) -> None:
        """Plans a conversation."""
        self.planned.append((account, path, *commands))

    async def hold(
        self, context: ProbeContext
    ) -> tuple[tuple[SocketTalk, ...], tuple[CommandOutput, ...]]:
        """What was said in each of them."""
        if not self.planned:
            return (), ()
        script = _TALK
        for number, words in enumerate(self.planned):
            arguments = " ".join(quote(word) for word in words)
            title = f"{words[0]} connects to {words[1]}"
            script += f"echo; echo {quote(f'@@{number} {title}')}; talk {arguments}\n"
        output = await run(context, script, title="LMTP over the socket, on the host", timeout=60)
        parts = {name.partition(" ")[0]: text for name, text in sections(output.stdout).items()}
        heard = tuple(
            parse_talk(words[0], words[1], parts.get(str(number), ""))
            for number, words in enumerate(self.planned)
        )
        return heard, (output.evidence(),)
