"""
How mail gets into the honest fake host: SMTP and submission.
"""

# ruff: noqa: ARG002 - each do_ method gets the command, though some need nothing of it

import base64
import contextlib
import itertools
import re
from ipaddress import ip_address, ip_network

from mailvet.model import Protocol
from tests.fakes.context import DOMAIN
from tests.fakes.grammar import HOST_NAME, Command
from tests.fakes.honest_session import Flaw, HonestHost, Session
from tests.fakes.stubs import Visit

_queue_ids = itertools.count(1)


class SmtpSession(Session):
    """
    SMTP for other servers, and submission.
    """

    def __init__(self, host: HonestHost, visit: Visit) -> None:
        super().__init__(host, visit)
        self.sender: str | None = None
        self.recipients: list[str] = []

    async def unknown(self, command: Command) -> None:
        """What is no command."""
        await self.say("502 5.5.2 Error: command not recognized")

    async def do_ehlo(self, command: Command) -> None:
        """EHLO."""
        self.sender, self.recipients = None, []
        await self.announce()

    async def do_helo(self, command: Command) -> None:
        """HELO."""
        await self.say(f"250 {HOST_NAME}")

    async def do_noop(self, command: Command) -> None:
        """NOOP."""
        await self.succeed(command)

    async def do_quit(self, command: Command) -> None:
        """QUIT."""
        await self.succeed(command)

    async def do_rset(self, command: Command) -> None:
        """RSET."""
        self.sender, self.recipients = None, []
        await self.succeed(command)

    async def do_starttls(self, command: Command) -> None:
        """STARTTLS."""
        if self.visit.secured or self.host.has(Flaw.NO_STARTTLS):
            await self.say("503 5.5.1 Error: TLS not available now")
            return
        await self.start_tls(command)
        self.sender, self.recipients = None, []

    async def do_auth(self, command: Command) -> None:
        """AUTH."""
        mechanism, _, token = command.rest.partition(" ")
        if not self.may_log_in:
            await self.say("530 5.7.0 Must issue a STARTTLS command first")
        elif mechanism.upper() == "LOGIN":
            await self._auth_login()
        elif mechanism.upper() != "PLAIN":
            await self.say("504 5.5.4 Unrecognized authentication type")
        else:
            await self._authenticated(await self.sasl_plain(token, "334 \r\n"))

    async def _auth_login(self) -> None:
        answers: list[str] = []
        for prompt in ("Username:", "Password:"):
            await self.say(f"334 {base64.b64encode(prompt.encode()).decode()}")
            line = await self.visit.line()
            if line == "*":
                await self._authenticated(None)
                return
            with contextlib.suppress(ValueError):
                answers.append(base64.b64decode(line).decode(errors="replace"))
        self.name = answers[0] if answers else ""
        self.user = self.host.check(*answers) if len(answers) == 2 else None
        await self._authenticated(self.user is not None)

    async def _authenticated(self, outcome: bool | None) -> None:
        if outcome is None:
            await self.say("501 5.7.0 Authentication aborted")
        elif outcome:
            await self.say("235 2.7.0 Authentication successful")
        else:
            await self.say("535 5.7.8 Error: authentication failed")

    async def do_mail(self, command: Command) -> None:
        """MAIL."""
        found = re.match(r"FROM:\s*<([^<>\s]*)>", command.rest, re.IGNORECASE)
        if not found:
            await self.say("501 5.1.7 Bad sender address syntax")
        elif self.sender is not None:
            await self.say("503 5.5.1 Error: nested MAIL command")
        else:
            self.sender = found[1]
            await self.say("250 2.1.0 Ok")

    async def do_rcpt(self, command: Command) -> None:
        """RCPT."""
        found = re.match(r"TO:\s*<([^<>\s]+)>", command.rest, re.IGNORECASE)
        if self.sender is None:
            await self.say("503 5.5.1 Error: need MAIL command")
        elif not found:
            await self.say("501 5.1.3 Bad recipient address syntax")
        else:
            await self._recipient(found[1])

    async def _recipient(self, address: str) -> None:
        local, at, domain = address.rpartition("@")
        mine = (domain.lower() == DOMAIN or not at) and not set("%!@") & set(local)
        if self._submitting and not self.user and not self._open_to_strangers:
            await self.say(f"530 5.7.0 <{address}>: Authentication required")
        elif not mine and not self._may_relay:
            await self.say(f"554 5.7.1 <{address}>: Relay access denied")
        elif mine and not self._known(f"{local or address}@{DOMAIN}"):
            await self.say(f"550 5.1.1 <{address}>: Recipient address rejected: User unknown")
        else:
            self.recipients.append(f"{local or address}@{DOMAIN}" if mine else address)
            await self.say("250 2.1.5 Ok")

    @property
    def _submitting(self) -> bool:
        return self.visit.endpoint.protocol is Protocol.SUBMISSION

    @property
    def _open_to_strangers(self) -> bool:
        return self.host.has(Flaw.SUBMISSION_WITHOUT_LOGIN)

    @property
    def _may_relay(self) -> bool:
        client = ip_address(self.visit.client)
        trusted = any(client in ip_network(each) for each in self.host.trusted)
        posing = self.host.has(Flaw.SENDER_OPENS_RELAY) and f"@{DOMAIN}" in (self.sender or "")
        opened = self.host.has(Flaw.OPEN_RELAY) and not self._submitting
        stranger = self._submitting and self._open_to_strangers
        return bool(self.user) or trusted or posing or opened or stranger

    def _known(self, address: str) -> bool:
        return address.lower() in self.host.store.users or self.host.has(Flaw.ANY_RECIPIENT)

    async def do_data(self, command: Command) -> None:
        """DATA."""
        if not self.recipients:
            await self.say("503 5.5.1 Error: need RCPT command")
            return
        await self.succeed(command)
        octets = await self.visit.message(careless=self.host.has(Flaw.ENDS_ANYWHERE))
        how = "ESMTPSA" if self.user else "ESMTPS" if self.visit.secured else "ESMTP"
        queue_id = f"{next(_queue_ids):08X}"
        trace = (
            f"Return-Path: <{self.sender}>\r\n"
            f"Received: from client by {HOST_NAME} with {how} id {queue_id};\r\n"
            "\tThu, 1 Jan 2026 00:00:00 +0000\r\n"
        )
        self.host.deliver(self.recipients, trace.encode() + octets)
        self.sender, self.recipients = None, []
        await self.say(f"250 2.0.0 Ok: queued as {queue_id}")
