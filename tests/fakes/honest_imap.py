"""
IMAP on the honest fake host.
"""

from tests.fakes.grammar import Command, Kind
from tests.fakes.honest_session import Flaw, HonestHost, Session, words
from tests.fakes.mailstore import SPECIAL_USE, Message, User
from tests.fakes.stubs import Visit


class ImapSession(Session):
    """
    IMAP, as much of it as a client needs that looks for a message and removes it.
    """

    def __init__(self, host: HonestHost, visit: Visit) -> None:
        super().__init__(host, visit)
        self.folder = ""

    async def unknown(self, command: Command) -> None:
        """What is no command."""
        await self.say(f"{command.tag} BAD Unknown command")

    async def no(self, command: Command, why: str) -> None:
        """
        Refuses *command*.
        """
        await self.say(f"{command.tag} NO {why}")

    async def allowed(self, command: Command) -> bool:
        """Commands that need a login, or TLS before it."""
        always = {"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "ID"}
        if command.kind is Kind.AUTH and not self.may_log_in:
            await self.no(command, "[PRIVACYREQUIRED] Plaintext authentication disallowed")
        elif command.verb not in always and command.kind is not Kind.AUTH and not self.user:
            await self.say(f"{command.tag} BAD Log in first")
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
    def messages(self) -> list[Message]:
        """
        The messages of the selected folder.
        """
        return self.owner.folders.setdefault(self.folder, [])

    @property
    def provided(self) -> tuple[str, ...]:
        """
        Special-use mailboxes that everybody has and is subscribed to.
        """
        return () if self.host.has(Flaw.NO_SPECIAL_USE) else SPECIAL_USE

    async def do_capability(self, command: Command) -> None:
        """CAPABILITY."""
        await self.announce(command.tag)

    async def do_noop(self, command: Command) -> None:
        """NOOP."""
        if "((" in command.rest and not self.host.has(Flaw.NO_BOUNDS):
            await self.unknown(command)
        else:
            await self.succeed(command)

    do_logout = do_id = do_close = do_noop

    async def do_namespace(self, command: Command) -> None:
        """NAMESPACE."""
        await self.say('* NAMESPACE (("" "/")) NIL NIL')
        await self.succeed(command)

    async def do_starttls(self, command: Command) -> None:
        """STARTTLS."""
        if self.visit.secured or self.host.has(Flaw.NO_STARTTLS):
            await self.say(f"{command.tag} BAD TLS is not available")
        else:
            await self.start_tls(command)

    async def do_login(self, command: Command) -> None:
        """LOGIN."""
        self.user = self.host.check(*[*words(command.rest), "", ""][:2])
        await self._logged_in(command, self.user is not None)

    async def do_authenticate(self, command: Command) -> None:
        """AUTHENTICATE."""
        mechanism, _, token = command.rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            await self._logged_in(command, await self.sasl_plain(token, "+ \r\n"))
        else:
            await self.no(command, "Unsupported authentication mechanism")

    async def _logged_in(self, command: Command, outcome: bool | None) -> None:
        if outcome is None:
            await self.say(f"{command.tag} BAD Authentication aborted")
        elif outcome:
            await self.succeed(command, "Logged in")
        else:
            await self.no(command, "[AUTHENTICATIONFAILED] Authentication failed.")

    async def do_list(self, command: Command) -> None:
        """LIST."""
        for name in dict.fromkeys((*self.owner.folders, *self.provided)):
            use = f" \\{name}" if name in self.provided else ""
            await self.say(f'* LIST (\\HasNoChildren{use}) "/" "{name}"')
        await self.succeed(command)

    async def do_lsub(self, command: Command) -> None:
        """LSUB."""
        for name in sorted({*self.owner.subscribed, *self.provided}):
            await self.say(f'* LSUB () "/" "{name}"')
        await self.succeed(command)

    async def do_subscribe(self, command: Command) -> None:
        """SUBSCRIBE."""
        self.owner.subscribed.add(words(command.rest)[0])
        await self.succeed(command)

    async def do_unsubscribe(self, command: Command) -> None:
        """UNSUBSCRIBE."""
        self.owner.subscribed.discard(words(command.rest)[0])
        await self.succeed(command)

    async def do_create(self, command: Command) -> None:
        """CREATE."""
        name = words(command.rest)[0]
        if name in self.owner.folders:
            await self.no(command, "[ALREADYEXISTS] Mailbox already exists")
        else:
            self.owner.folders[name] = []
            await self.succeed(command)

    async def do_delete(self, command: Command) -> None:
        """DELETE."""
        if self.owner.folders.pop(words(command.rest)[0], None) is None:
            await self.no(command, "[NONEXISTENT] Mailbox does not exist")
        else:
            await self.succeed(command)

    async def do_status(self, command: Command) -> None:
        """STATUS."""
        name = words(command.rest)[0]
        await self.say(f'* STATUS "{name}" (MESSAGES {len(self.owner.folders.get(name, ()))})')
        await self.succeed(command)

    async def do_select(self, command: Command) -> None:
        """SELECT and EXAMINE."""
        name = words(command.rest)[0]
        if name not in {*self.owner.folders, *self.provided}:
            await self.no(command, "[NONEXISTENT] Mailbox does not exist")
            return
        self.folder = name
        await self.say(
            f"* {len(self.messages)} EXISTS",
            "* OK [UIDVALIDITY 1] Valid",
            "* FLAGS (\\Deleted \\Seen)",
        )
        await self.succeed(command)

    do_examine = do_select

    async def do_append(self, command: Command) -> None:
        """APPEND."""
        arguments = words(command.rest)
        self.host.store.store(self.owner, arguments[0], arguments[-1].encode("latin-1"))
        await self.succeed(command)

    async def do_expunge(self, command: Command) -> None:
        """EXPUNGE."""
        self.messages[:] = [each for each in self.messages if not each.deleted]
        await self.succeed(command)

    async def do_uid(self, command: Command) -> None:
        """UID, with the command behind it."""
        verb, _, rest = command.rest.partition(" ")
        meant = Command(command.tag, verb.upper(), rest)
        if meant.verb == "SEARCH":
            await self._search(meant)
        elif meant.verb == "FETCH":
            await self._fetch(meant)
        elif meant.verb == "STORE":
            for message in self._numbered(rest):
                message.deleted = "\\Deleted" in rest and "-FLAGS" not in rest
            await self.succeed(meant)
        elif meant.verb == "EXPUNGE":
            await self.do_expunge(meant)
        else:
            await self.unknown(meant)

    def _numbered(self, rest: str) -> list[Message]:
        uids = {int(each) for each in words(rest)[0].split(",") if each.isdigit()}
        return [each for each in self.messages if each.uid in uids]

    async def _search(self, command: Command) -> None:
        criteria = words(command.rest)
        found = list(self.messages)
        if "HEADER" in criteria:
            name, value = criteria[criteria.index("HEADER") + 1 :][:2]
            found = [each for each in found if value in each.header(name)]
        if "DELETED" in criteria:
            found = [each for each in found if each.deleted]
        await self.say(" ".join(("* SEARCH", *(str(each.uid) for each in found))))
        await self.succeed(command)

    async def _fetch(self, command: Command) -> None:
        for message in self._numbered(command.rest):
            number = self.messages.index(message) + 1
            head = f"* {number} FETCH (UID {message.uid} BODY[] {{{len(message.octets)}}}\r\n"
            await self.visit.send(head.encode() + message.octets + b")\r\n")
        await self.succeed(command)
