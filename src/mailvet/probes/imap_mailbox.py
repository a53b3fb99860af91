"""
What a mail client does after login: folders, subscriptions, messages.

IMAPClient blocks, so each of its calls runs in a thread of its own that nobody has to wait for:
leaving ``open_mailbox`` closes the socket and thereby ends the call.
"""

import asyncio
import contextlib
import functools
import imaplib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.folders import Folder
from mailvet.facts.replies import Reply
from mailvet.model import Account, Cause, Endpoint, Protocol, Security
from mailvet.probes.imap_client import Guard, GuardedClient
from mailvet.probes.imap_log import recorded
from mailvet.probes.sasl import SECOND_TRY
from mailvet.probes.threads import in_daemon_thread
from mailvet.transcript import Transcript

_NOT_IMAP = (ValueError, LookupError, TypeError, AssertionError)
"""What IMAPClient stumbles over when a server talks nonsense."""


class Mailbox:
    """
    An account's mail, as its owner sees it.

    A server that says NO is an observation: methods that may be refused return its reply.

    Attributes:
        transcript: All that was said.
    """

    def __init__(self, client: IMAPClient, transcript: Transcript) -> None:
        self._client = client
        self._examined = ""
        self.transcript = transcript

    async def folders(self) -> tuple[Folder, ...]:
        """
        All folders with their attributes.
        """
        return _folders(await self._listing(self._client.list_folders))

    async def subscriptions(self) -> tuple[str, ...]:
        """
        Names of the folders to which the account is subscribed.
        """
        listed = _folders(await self._listing(self._client.list_sub_folders))
        return tuple(each.name for each in listed)

    async def _listing(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return await self._call(work)
        except IMAPClientError as exc:
            detail = f"the server does not list the mailboxes: {_refusal(exc).text}"
            raise ProbeError(Cause.BLOCKED, detail, self.transcript.freeze()) from exc

    async def subscribe(self, folder: str) -> Reply:
        """SUBSCRIBE."""
        return await self._reply(self._client.subscribe_folder, folder)

    async def unsubscribe(self, folder: str) -> Reply:
        """UNSUBSCRIBE."""
        return await self._reply(self._client.unsubscribe_folder, folder)

    async def create(self, folder: str) -> Reply:
        """CREATE."""
        return await self._reply(self._client.create_folder, folder)

    async def delete(self, folder: str) -> Reply:
        """DELETE."""
        return await self._reply(self._client.delete_folder, folder)

    async def leave(self) -> None:
        """
        Opens the INBOX in the place of another mailbox, whose end would end the session too.
        """
        with contextlib.suppress(IMAPClientError):
            await self._call(self._client.select_folder, "INBOX", readonly=True)
            self._examined = "INBOX"

    async def rename(self, old: str, new: str) -> Reply:
        """RENAME."""
        return await self._reply(self._client.rename_folder, old, new)

    async def flag(self, folder: str, message_id: str, *flags: str) -> Reply:
        """
        STORE +FLAGS on the messages in *folder* that have this Message-ID.
        """
        uids = await self.find(folder, message_id)
        selected = await self.select(folder)
        if not selected.positive:
            return selected
        return await self._reply(self._client.add_flags, uids, list(flags), True)

    async def flags(self, folder: str, message_id: str) -> tuple[str, ...]:
        """
        The flags of the message in *folder* that has this Message-ID; none if there is none.
        """
        uids = await self.find(folder, message_id)
        if not uids:
            return ()
        try:
            fetched = await self._call(self._client.get_flags, list(uids))
        except IMAPClientError:
            return ()
        found = fetched.get(uids[-1], ())
        return tuple(each.decode("ascii", "replace") for each in found)

    async def uids(self, folder: str) -> tuple[int, ...]:
        """
        All UIDs in *folder*; none if it cannot be opened.
        """
        try:
            await self._call(self._client.select_folder, folder, readonly=True)
            self._examined = folder
            return tuple(await self._call(self._client.search, ["ALL"]))
        except IMAPClientError:
            self._examined = ""
            return ()

    async def prefix(self) -> str:
        """
        What the names of the owner's folders begin with (RFC 2342); empty if nobody says.
        """
        try:
            personal = (await self._call(self._client.namespace)).personal
        except IMAPClientError:
            return ""
        return str(personal[0][0]) if personal else ""

    async def discard(self, folder: str) -> bool:
        """
        Deletes *folder* if it is empty; True if there is none of that name any more.
        """
        if await self.count(folder) == 0:
            self._examined = ""
            await self.delete(folder)
        return folder not in {each.name for each in await self.folders()}

    async def count(self, folder: str) -> int | None:
        """
        Number of messages in *folder*; None if the server refuses to tell.
        """
        try:
            status = await self._call(self._client.folder_status, folder, ["MESSAGES"])
        except IMAPClientError:
            return None
        return int(status.get(b"MESSAGES", 0))

    async def select(self, folder: str) -> Reply:
        """
        SELECT; a mailbox that opens read-only is refused in this sense.
        """
        self._examined = ""
        reply = await self._reply(self._client.select_folder, folder)
        if not reply.positive:
            # After READ-ONLY imaplib refuses every other command until EXAMINE makes it right.
            with contextlib.suppress(IMAPClientError):
                await self._call(self._client.select_folder, folder, readonly=True)
        return reply

    async def append(self, folder: str, message: bytes) -> Reply:
        """APPEND."""
        return await self._reply(self._client.append, folder, message)

    async def find(self, folder: str, message_id: str) -> tuple[int, ...]:
        """
        UIDs of the messages in *folder* that have this Message-ID; none if it cannot be opened.
        """
        try:
            if folder != self._examined:
                await self._call(self._client.select_folder, folder, readonly=True)
                self._examined = folder
            await self._call(self._client.noop)
            criteria = ["HEADER", "Message-ID", message_id]
            return tuple(await self._call(self._client.search, criteria))
        except IMAPClientError:
            self._examined = ""
            return ()

    async def fetch(self, folder: str, message_id: str) -> bytes | None:
        """
        The octets of the message in *folder* that has this Message-ID; None if there is none.
        """
        uids = await self.find(folder, message_id)
        if not uids:
            return None
        try:
            fetched = await self._call(self._client.fetch, [uids[-1]], ["BODY.PEEK[]"])
        except IMAPClientError:
            return None
        body = fetched.get(uids[-1], {}).get(b"BODY[]")
        return bytes(body) if body is not None else None

    async def remove(
        self, message_id: str, folders: Iterable[str] | None = None
    ) -> tuple[str, ...]:
        """
        Expunges all messages with this Message-ID, by default from every folder.

        Returns the names of the folders in which some are found nevertheless.
        """
        names = [each.name for each in await self.folders()] if folders is None else list(folders)
        left: list[str] = []
        for name in names:
            uids = await self.find(name, message_id)
            if not uids:
                continue
            with contextlib.suppress(IMAPClientError):
                await self._call(self._expunge, name, uids)
            if await self.find(name, message_id):
                left.append(name)
        return tuple(left)

    def _expunge(self, folder: str, uids: tuple[int, ...]) -> None:
        self._examined = ""
        self._client.select_folder(folder)
        self._client.delete_messages(uids, silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        elif set(self._client.search(["DELETED"])) <= set(uids):
            # Without UIDPLUS, EXPUNGE takes the owner's own deleted messages along.
            self._client.expunge()

    async def _reply(self, work: Callable[..., Any], *arguments: Any) -> Reply:  # noqa: ANN401
        try:
            await self._call(work, *arguments)
        except IMAPClientError as exc:
            return _refusal(exc)
        return Reply("OK", "", ())

    async def _call(
        self,
        work: Callable[..., Any],
        *arguments: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        try:
            return await in_daemon_thread(lambda: work(*arguments, **options))
        except imaplib.IMAP4.readonly as exc:
            raise IMAPClientError(f"command failed: {exc}") from exc
        except (imaplib.IMAP4.abort, OSError, *_NOT_IMAP) as exc:
            raise _lost(exc, self.transcript) from exc


@contextlib.asynccontextmanager
async def open_mailbox(context: ProbeContext, account: Account) -> AsyncIterator[Mailbox]:
    """
    Logs *account* in to the first declared IMAP service that takes it, and out again.

    Raises:
        ProbeError: There is no such service or password, or the login does not work.
    """
    password = context.password(account)
    transcript = Transcript()
    transcript.hide(password)
    # No place in the lane: whoever has a mailbox open makes other connections meanwhile, and some
    # who all waited for a second place would wait for each other.
    with recorded(transcript):
        client = await _logged_in(context, account, password.reveal(), transcript)
        try:
            yield Mailbox(client, transcript)
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                await in_daemon_thread(client.logout)
        finally:
            _hang_up(client)


async def _logged_in(
    context: ProbeContext, account: Account, password: str, transcript: Transcript
) -> IMAPClient:
    """
    A refusal is asked again, once, for the reason that ``sasl.logged_in`` gives.
    """
    for last in (False, True):
        client = await _connect(context, transcript)
        try:
            await in_daemon_thread(functools.partial(client.plain_login, account.user, password))
        except LoginError as exc:
            _hang_up(client)
            if last:
                detail = f"{account.name} cannot log in to IMAP: {_refusal(exc).text}"
                raise ProbeError(Cause.BLOCKED, detail, transcript.freeze()) from exc
            await asyncio.sleep(SECOND_TRY)
        except (imaplib.IMAP4.error, OSError, *_NOT_IMAP) as exc:
            _hang_up(client)
            raise _lost(exc, transcript) from exc
        except BaseException:
            _hang_up(client)
            raise
        else:
            break
    return client


def _hang_up(client: IMAPClient) -> None:
    with contextlib.suppress(OSError, imaplib.IMAP4.error):
        client.shutdown()


async def _connect(context: ProbeContext, transcript: Transcript) -> IMAPClient:
    services = [each for each in context.target.endpoints if each.protocol is Protocol.IMAP]
    services = [each for each in services if each.security is not Security.CLEARTEXT]
    failure = ProbeError(Cause.BLOCKED, "no IMAP service with TLS is declared to see the mailbox")
    for service in sorted(services, key=lambda each: each.security is Security.STARTTLS):
        transcript.add("*", f"connecting to {context.target.address} port {service.port}")
        try:
            return await _client(context, service)
        except (imaplib.IMAP4.error, OSError, *_NOT_IMAP) as exc:
            failure = _lost(exc, transcript)
    raise failure


async def _client(context: ProbeContext, service: Endpoint) -> IMAPClient:
    guard = Guard(context.permit.connection(service.port))
    try:
        return await in_daemon_thread(functools.partial(GuardedClient, context, service, guard))
    except asyncio.CancelledError:
        guard.end()
        raise


def _folders(listed: Iterable[tuple[Iterable[bytes], bytes, str]]) -> tuple[Folder, ...]:
    return tuple(
        Folder(str(name), tuple(flag.decode("ascii", "replace") for flag in flags))
        for flags, _, name in listed
    )


def _refusal(exc: Exception) -> Reply:
    """
    The server's words in an exception of IMAPClient.
    """
    text = str(exc)
    found = re.match(r"\w+ failed: (.*)", text, re.DOTALL)
    return Reply("NO", found[1] if found else text, ())


def _lost(exc: Exception, transcript: Transcript) -> ProbeError:
    detail = f"IMAP: {exc or type(exc).__name__}"
    transcript.add("*", detail)
    if isinstance(exc, TimeoutError):
        return ProbeError(Cause.TIMEOUT, detail, transcript.freeze())
    if isinstance(exc, ConnectionRefusedError):
        return ProbeError(Cause.UNREACHABLE, detail, transcript.freeze())
    return PeerClosedError(Cause.BLOCKED, detail, transcript.freeze())
