"""
Conversations over UNIX sockets, held on the host as one of its accounts.
"""

from mailvet.context import ProbeContext
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.socket_talk import SocketTalk, parse_talk
from mailvet.probes.shell import quote, run

# One program in the two languages that are found on hosts. Arguments: seconds to wait for each
# answer, account, socket or inet:host:port as Postfix writes it, the beginning of the last line of
# what the server has to say, commands. Without such a beginning each command has a reply in SMTP's
# way. Like Postfix's daemons and people who log in, the program has all groups of the account.
# COOKIE lines hold secrets.
_PYTHON = r"""
import errno, os, pwd, socket, sys
seconds, account, path, until = sys.argv[1:5]
seconds = int(seconds)
def show(mark, octets):
    octets = octets.replace(b"\t", b" ")
    print(mark, "".join(chr(o) if 32 <= o < 127 else "?" for o in octets[:900]))
def connected():
    if path.startswith("inet:"):
        host, _, port = path[5:].rpartition(":")
        return socket.create_connection((host.strip("[]") or "localhost", port), seconds)
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(seconds)
    peer.connect(path)
    return peer
try:
    entry = pwd.getpwnam(account)
    gid = entry.pw_gid
    os.chdir("/")
    os.setgroups(os.getgrouplist(account, gid))
    os.setgid(gid)
    os.setuid(entry.pw_uid)
    peer = connected()
    print("* opened")
    lines = peer.makefile("rb")
    for command in sys.argv[5:] if until else [""] + sys.argv[5:]:
        if command:
            print(">", command)
            peer.sendall(command.encode() + (b"\n" if until else b"\r\n"))
        if until and command != sys.argv[-1]:
            continue
        for _ in range(100):
            line = lines.readline(4000)
            if not line:
                print("* the server closed the connection")
                sys.exit()
            if not line.startswith(b"COOKIE"):
                show("<", line.rstrip(b"\r\n"))
            if line.startswith(until.encode()) if until else line[3:4] != b"-":
                break
except KeyError:
    print("* unknown account")
except socket.timeout:
    print("* no answer within", seconds, "s")
except OSError as exc:
    print("*", errno.errorcode.get(exc.errno, "E"), exc.strerror)
"""

_PERL = r"""
use strict; use Socket; use IO::Handle; use Errno;
my ($seconds, $account, $path, $until, @commands) = @ARGV;
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
$SIG{ALRM} = sub { print "* no answer within $seconds s\n"; exit };
alarm $seconds;
my $peer;
if ($path =~ /^inet:(.*):([^:]+)$/) {
    my ($host, $port) = ($1, $2);
    $host =~ tr/[]//d;
    my $class = eval { require IO::Socket::IP; 1 } ? "IO::Socket::IP" : "IO::Socket::INET";
    eval "require $class";
    $peer = $class->new(PeerHost => $host || "localhost", PeerPort => $port) or failed();
} else {
    socket($peer, AF_UNIX, SOCK_STREAM, 0) or failed();
    connect($peer, sockaddr_un($path)) or failed();
}
$peer->autoflush(1);
print "* opened\n";
my ($end, $last) = (length $until ? "\n" : "\r\n", $#commands);
unshift @commands, "" unless length $until;
for my $number (0 .. $#commands) {
    my $command = $commands[$number];
    if (length $command) { print "> $command\n"; print $peer "$command$end" }
    next if length $until && $number < $last;
    for (1 .. 100) {
        alarm $seconds;
        my $line = <$peer>;
        defined $line or do { print "* the server closed the connection\n"; exit };
        $line =~ s/[\r\n]+$//; $line =~ tr/\t/ /; $line =~ s/[^ -~]/?/g;
        print "< ", substr($line, 0, 900), "\n" unless $line =~ /^COOKIE/;
        last if length $until ? index($line, $until) == 0 : substr($line, 3, 1) ne "-";
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

    Attributes:
        title: What stands for the script in the evidence.
        until: How the last line begins of what the server has to say after all commands; empty
            if each command has a reply of its own.
        seconds: How long to wait for each answer, in seconds.
    """

    def __init__(
        self,
        title: str = "LMTP over the socket, on the host",
        until: str = "",
        seconds: int = 8,
    ) -> None:
        self.title = title
        self.until = until
        self.seconds = seconds
        self.planned: list[tuple[str, ...]] = []

    def add(self, account: str, path: str, *commands: str) -> None:
        """Plans a conversation."""
        self.planned.append((account, path, self.until, *commands))

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
            script += (
                f"echo; echo {quote(f'@@{number} {title}')}; talk {self.seconds} {arguments}\n"
            )
        limit = max(60, 10 + self.seconds)
        output = await run(context, script, title=self.title, timeout=limit)
        parts = {name.partition(" ")[0]: text for name, text in sections(output.stdout).items()}
        heard = tuple(
            parse_talk(words[0], words[1], parts.get(str(number), ""))
            for number, words in enumerate(self.planned)
        )
        return heard, (output.evidence(),)
