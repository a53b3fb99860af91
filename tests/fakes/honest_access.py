"""
POP3 and ManageSieve on the honest fake host.
"""

# ruff: noqa: ARG002 - each do_ method gets the command, though some need nothing of it

from tests.fakes.grammar import Command, Kind
from tests.fakes.honest_session import Flaw, HonestHost, Session, words
from tests.fakes.mailstore import Message, User
from tests.fakes.stubs import Visit


class Pop3Session(Session):
    """
    POP3.
    """

    def __init__(self, host: HonestHost, visit: Visit) -> None:
        super().__init__(host, visit)
        self.said = ""

    async def unknown(self, command: Command) -> None:
        """What is no command."""
        await self.say("-ERR Unknown command.")

    async def allowed(self, command: Command) -> bool:
        """Commands that need a login, or TLS before it."""
        if command.kind is Kind.AUTH and not self.may_log_in:
            await self.say("-ERR [AUTH] Plaintext authentication disallowed without TLS.")
        elif not (
            command.kind is Kind.AUTH or self.user or command.verb in {"CAPA", "STLS", "QUIT"}
        ):
            await self.unknown(command)
        else:
            return True
        return False

    async def do_capa(self, command: Command) -> None:
        """CAPA."""
        await self.announce()

    async def do_noop(self, command: Command) -> None:
        """NOOP."""
        await self.succeed(command)

    do_quit = do_rset = do_noop

    async def do_stls(self, command: Command) -> None:
        """STLS."""
        if self.visit.secured or self.host.has(Flaw.NO_STARTTLS):
            await self.say("-ERR TLS is not available.")
        else:
            await self.start_tls(command)

    async def do_user(self, command: Command) -> None:
        """USER."""
        self.said = command.rest
        await self.succeed(command)

    async def do_pass(self, command: Command) -> None:
        """PASS."""
        self.user = self.host.check(self.said, command.rest)
        await self._logged_in(self.user is not None)

    async def do_auth(self, command: Command) -> None:
        """AUTH."""
        mechanism, _, token = command.rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            await self._logged_in(await self.sasl_plain(token, "+ \r\n"))
        else:
            await self.say("-ERR Unsupported authentication mechanism.")

    async def _logged_in(self, outcome: bool | None) -> None:
        if outcome:
            await self.say("+OK Logged in.")
        else:
            await self.say("-ERR [AUTH] Authentication failed.")

    @property
    def messages(self) -> list[Message]:
        """
        The messages of the INBOX.
        """
        assert self.user is not None
        return self.user.folders["INBOX"]

    async def do_stat(self, command: Command) -> None:
        """STAT."""
        size = sum(len(each.octets) for each in self.messages)
        await self.say(f"+OK {len(self.messages)} {size}")

    async def do_list(self, command: Command) -> None:
        """LIST."""
        sizes = (len(each.octets) for each in self.messages)
        await self.say("+OK", *(f"{n} {size}" for n, size in enumerate(sizes, 1)), ".")

    async def do_uidl(self, command: Command) -> None:
        """UIDL."""
        await self.say("+OK", *(f"{n} {each.uid}" for n, each in enumerate(self.messages, 1)), ".")

    async def do_retr(self, command: Command) -> None:
        """RETR and TOP."""
        number = command.rest.partition(" ")[0]
        if not number.isdigit() or not 0 < int(number) <= len(self.messages):
            await self.say("-ERR There is no such message.")
            return
        lines = self.messages[int(number) - 1].octets.decode("latin-1").split("\r\n")
        await self.say(
            "+OK", *(f".{line}" if line.startswith(".") else line for line in lines), "."
        )

    do_top = do_retr


class SieveSession(Session):
    """
    ManageSieve.
    """

    async def greet(self) -> None:
        """The capabilities are the greeting."""
        await self.announce()

    async def unknown(self, command: Command) -> None:
        """What is no command."""
        await self.say('NO "Unknown command."')

    async def allowed(self, command: Command) -> bool:
        """Commands that need a login, or TLS before it."""
        always = {"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS"}
        if command.kind is Kind.AUTH and not self.may_log_in:
            await self.say('NO (ENCRYPT-NEEDED) "Plaintext authentication disallowed."')
        elif not (command.kind is Kind.AUTH or command.verb in always or self.user):
            await self.say('NO "Log in first."')
        else:
            return True
        return False

    @property
    def owner(self) -> User:
        """
        Who is logged in.
        """
        assert self.user is not None
        return self.user

    @property
    def shown(self) -> dict[str, str]:
        """
        The scripts that the owner is shown.
        """
        if not self.host.has(Flaw.SHARED_SCRIPTS):
            return self.owner.scripts
        users = self.host.store.users.values()
        return {name: text for user in users for name, text in user.scripts.items()}

    async def do_capability(self, command: Command) -> None:
        """CAPABILITY."""
        await self.announce()

    async def do_noop(self, command: Command) -> None:
        """NOOP."""
        await self.succeed(command)

    do_logout = do_noop

    async def do_havespace(self, command: Command) -> None:
        """HAVESPACE."""
        if int(command.rest.split()[-1]) > self.most:
            await self.say('NO (QUOTA/MAXSIZE) "Too large."')
        else:
            await self.succeed(command)

    async def do_checkscript(self, command: Command) -> None:
        """CHECKSCRIPT."""
        if await self._compiles(words(command.rest)[0]):
            await self.succeed(command)

    async def _compiles(self, text: str) -> bool:
        """
        Whether *text* is a script, as far as braces tell; if not, that was said.
        """
        if text.count("{") == text.count("}") or self.host.has(Flaw.ANY_SCRIPT):
            return True
        error = "line 3: error: expected end of command.\r\nerror: parse failed.\r\n"
        await self.say(f"NO {{{len(error)}}}", error)
        return False

    async def do_starttls(self, command: Command) -> None:
        """STARTTLS."""
        if self.visit.secured or self.host.has(Flaw.NO_STARTTLS):
            await self.say('NO "TLS is not available."')
            return
        await self.start_tls(command)
        await self.announce()

    async def do_authenticate(self, command: Command) -> None:
        """AUTHENTICATE."""
        arguments = words(command.rest)
        if arguments[:1] != ["PLAIN"]:
            await self.say('NO "Unsupported authentication mechanism."')
            return
        outcome = await self.sasl_plain("".join(arguments[1:2]), '""\r\n')
        await self.say('OK "Logged in."' if outcome else 'NO "Authentication failed."')

    async def do_putscript(self, command: Command) -> None:
        """PUTSCRIPT."""
        name, text = words(command.rest)[:2]
        if "/" in name:
            await self.say('NO "Invalid script name."')
        elif await self._compiles(text):
            self.owner.scripts[name] = text
            await self.succeed(command)

    async def do_setactive(self, command: Command) -> None:
        """SETACTIVE."""
        self.owner.active = "".join(words(command.rest)[:1])
        await self.succeed(command)

    async def do_deletescript(self, command: Command) -> None:
        """DELETESCRIPT."""
        name = words(command.rest)[0]
        if name == self.owner.active:
            await self.say('NO (ACTIVE) "It is the active script."')
        elif self.owner.scripts.pop(name, None) is None:
            await self.say('NO (NONEXISTENT) "There is no such script."')
        else:
            await self.succeed(command)

    async def do_listscripts(self, command: Command) -> None:
        """LISTSCRIPTS."""
        for name in self.shown:
            await self.say(f'"{name}"' + " ACTIVE" * (name == self.owner.active))
        await self.succeed(command)

    async def do_getscript(self, command: Command) -> None:
        """GETSCRIPT."""
        text = self.shown.get(words(command.rest)[0])
        if text is None:
            await self.say('NO (NONEXISTENT) "There is no such script."')
        else:
            await self.say(f"{{{len(text)}}}", text)
            await self.succeed(command)
