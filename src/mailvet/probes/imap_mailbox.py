"""
What a mail client does after login: folders, subscriptions, messages.

IMAPClient blocks, so each of its calls runs in a thread of its own that nobody has to wait for:
leaving ``open_mailbox`` closes the socket and thereby ends the call.
"""

import contextlib
import imaplib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from mailvet.context import ProbeContext
from mailvet.errors import PeerClosedError, ProbeError
from mailvet.facts.folders import Folder
from mailvet.facts.replies import Reply
from mailvet.model import Account, Cause
from mailvet.probes.imap_log import recorded
from mailvet.probes.imap_login import NOT_IMAP, hang_up, log_in, lost, refusal
from mailvet.probes.threads import in_daemon_thread
from mailvet.transcript import Transcript

_LOOKS = frozenset(
    {
        IMAPClient.folder_status,
        IMAPClient.list_folders,
        IMAPClient.list_sub_folders,
        IMAPClient.noop,
        IMAPClient.search,
        IMAPClient.select_folder,
    }
)
"""What may be asked again in another session, because it changes nothing."""

REOPENED = 3
"""How often a mailbox is opened again that the server closed."""

REAPPEARANCES = 3
"""How often a message is removed again that came back under another UID."""


class Mailbox:
    """
    An account's mail, as its owner sees it.

    A server that says NO is an observation: methods that may be refused return its reply.

    Args:
        client: The session.
        transcript: Its transcript.
        reopen: Logs in once more, for sessions that the server may end.

    Attributes:
        transcript: All that was said.
    """

    def __init__(
        self,
        client: IMAPClient,
        transcript: Transcript,
        reopen: Callable[[], Awaitable[IMAPClient]] | None = None,
    ) -> None:
        self._client = client
        self._reopen = reopen
        self._reopened = 0
        self._examined = ""
        self.transcript = transcript

    async def folders(self) -> tuple[Folder, ...]:
        """
        All folders with their attributes.
        """
        return _folders(await self._listing(IMAPClient.list_folders))

    async def subscriptions(self) -> tuple[str, ...]:
        """
        Names of the folders to which the account is subscribed.
        """
        listed = _folders(await self._listing(IMAPClient.list_sub_folders))
        return tuple(each.name for each in listed)

    async def _listing(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return await self._call(work)
        except IMAPClientError as exc:
            detail = f"the server does not list the mailboxes: {refusal(exc).text}"
            raise ProbeError(Cause.BLOCKED, detail, self.transcript.freeze()) from exc

    async def subscribe(self, folder: str) -> Reply:
        """SUBSCRIBE."""
        return await self._reply(IMAPClient.subscribe_folder, folder)

    async def unsubscribe(self, folder: str) -> Reply:
        """UNSUBSCRIBE."""
        return await self._reply(IMAPClient.unsubscribe_folder, folder)

    async def create(self, folder: str) -> Reply:
        """CREATE."""
        return await self._reply(IMAPClient.create_folder, folder)

    async def delete(self, folder: str) -> Reply:
        """DELETE."""
        return await self._reply(IMAPClient.delete_folder, folder)

    async def leave(self) -> None:
        """
        Opens the INBOX in the place of another mailbox, whose end would end the session too.
        """
        with contextlib.suppress(IMAPClientError):
            await self._call(IMAPClient.select_folder, "INBOX", readonly=True)
            self._examined = "INBOX"

    async def rename(self, old: str, new: str) -> Reply:
        """RENAME."""
        return await self._reply(IMAPClient.rename_folder, old, new)

    async def flag(self, folder: str, message_id: str, *flags: str) -> Reply:
        """
        STORE +FLAGS on the messages in *folder* that have this Message-ID.
        """
        uids = await self.find(folder, message_id)
        selected = await self.select(folder)
        if not selected.positive:
            return selected
        return await self._reply(IMAPClient.add_flags, uids, list(flags), True)

    async def flags(self, folder: str, message_id: str) -> tuple[str, ...]:
        """
        The flags of the message in *folder* that has this Message-ID; none if there is none.
        """
        uids = await self.find(folder, message_id)
        if not uids:
            return ()
        try:
            fetched = await self._call(IMAPClient.get_flags, list(uids))
        except IMAPClientError:
            return ()
        found = fetched.get(uids[-1], ())
        return tuple(each.decode("ascii", "replace") for each in found)

    async def uids(self, folder: str) -> tuple[int, ...]:
        """
        All UIDs in *folder*; none if it cannot be opened.
        """
        try:
            await self._call(IMAPClient.select_folder, folder, readonly=True)
            self._examined = folder
            return tuple(await self._call(IMAPClient.search, ["ALL"]))
        except IMAPClientError:
            self._examined = ""
            return ()

    async def prefix(self) -> str:
        """
        What the names of the owner's folders begin with (RFC 2342); empty if nobody says.
        """
        try:
            personal = (await self._call(IMAPClient.namespace)).personal
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
            status = await self._call(IMAPClient.folder_status, folder, ["MESSAGES"])
        except IMAPClientError:
            return None
        return int(status.get(b"MESSAGES", 0))

    async def select(self, folder: str) -> Reply:
        """
        SELECT; a mailbox that opens read-only is refused in this sense.
        """
        self._examined = ""
        reply = await self._reply(IMAPClient.select_folder, folder)
        if not reply.positive:
            # After READ-ONLY imaplib refuses every other command until EXAMINE makes it right.
            with contextlib.suppress(IMAPClientError):
                await self._call(IMAPClient.select_folder, folder, readonly=True)
        return reply

    async def append(self, folder: str, message: bytes) -> Reply:
        """APPEND."""
        return await self._reply(IMAPClient.append, folder, message)

    async def find(self, folder: str, message_id: str) -> tuple[int, ...]:
        """
        UIDs of the messages in *folder* that have this Message-ID; none if it cannot be opened.
        """
        try:
            if folder != self._examined:
                await self._call(IMAPClient.select_folder, folder, readonly=True)
                self._examined = folder
            await self._call(IMAPClient.noop)
            criteria = ["HEADER", "Message-ID", message_id]
            return tuple(await self._call(IMAPClient.search, criteria))
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
            fetched = await self._call(IMAPClient.fetch, [uids[-1]], ["BODY.PEEK[]"])
        except IMAPClientError:
            return None
        body = fetched.get(uids[-1], {}).get(b"BODY[]")
        return bytes(body) if body is not None else None

    async def remove(
        self, message_id: str, folders: Iterable[str] | None = None
    ) -> tuple[str, ...]:
        """
        Expunges all messages with this in their Message-ID, by default from every folder.

        Returns the names of the folders in which some are found nevertheless.
        """
        names = [each.name for each in await self.folders()] if folders is None else list(folders)
        return tuple([name for name in names if not await self._empty(name, message_id)])

    async def _empty(self, folder: str, message_id: str) -> bool:
        """
        Whether no such message is in *folder* any more.

        Where two servers replicate and gave the same UID to different messages, Dovecot gives the
        message another one, and expunging the old one does nothing.
        """
        tried: set[int] = set()
        for _ in range(REAPPEARANCES + 1):
            uids = await self.find(folder, message_id)
            if tried.issuperset(uids):
                return not uids
            tried.update(uids)
            self._examined = ""
            with contextlib.suppress(IMAPClientError):
                await self._call(_expunge, folder, uids)
        return not await self.find(folder, message_id)

    async def _reply(self, work: Callable[..., Any], *arguments: Any) -> Reply:  # noqa: ANN401
        try:
            if self._reopen is not None:
                # What changes mail is never repeated, so the end of a session has to show before.
                await self._call(IMAPClient.noop)
            await self._call(work, *arguments)
        except IMAPClientError as exc:
            return refusal(exc)
        return Reply("OK", "", ())

    async def _call(
        self,
        work: Callable[..., Any],
        *arguments: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        try:
            return await self._ask(work, *arguments, **options)
        except PeerClosedError:
            if work not in _LOOKS or self._reopen is None or self._reopened == REOPENED:
                raise
        self._reopened += 1
        self._client = await self._reopen()
        if self._examined:
            await self._ask(IMAPClient.select_folder, self._examined, readonly=True)
        return await self._ask(work, *arguments, **options)

    async def _ask(
        self,
        work: Callable[..., Any],
        *arguments: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        try:
            return await in_daemon_thread(lambda: work(self._client, *arguments, **options))
        except imaplib.IMAP4.readonly as exc:
            raise IMAPClientError(f"command failed: {exc}") from exc
        except (imaplib.IMAP4.abort, OSError, *NOT_IMAP) as exc:
            raise lost(exc, self.transcript) from exc

    async def log_out(self) -> None:
        """
        LOGOUT, as far as the server still listens.
        """
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            await in_daemon_thread(self._client.logout)

    def hang_up(self) -> None:
        """
        Closes the connection.
        """
        hang_up(self._client)


@contextlib.asynccontextmanager
async def open_mailbox(
    context: ProbeContext, account: Account, *, lasting: bool = False
) -> AsyncIterator[Mailbox]:
    """
    Logs *account* in to the first declared IMAP service that takes it, and out again.

    Args:
        context: The probe's context.
        account: Whose mail it is.
        lasting: Whether a session that the server ends is begun again, up to ``REOPENED`` times: a
            server that replicates throws out who has a mailbox open that it merges with another.

    Raises:
        ProbeError: There is no such service or password, or the login does not work.
    """
    password = context.password(account)
    transcript = Transcript()
    transcript.hide(password)
    # No place in the lane: whoever has a mailbox open makes other connections meanwhile, and some
    # who all waited for a second place would wait for each other.
    with recorded(transcript):

        async def session() -> IMAPClient:
            with context.permit.in_force():
                return await log_in(context, account, password.reveal(), transcript)

        mailbox = Mailbox(await session(), transcript, session if lasting else None)
        try:
            yield mailbox
            await mailbox.log_out()
        finally:
            mailbox.hang_up()


def _expunge(client: IMAPClient, folder: str, uids: tuple[int, ...]) -> None:
    client.select_folder(folder)
    client.delete_messages(uids, silent=True)
    if client.has_capability("UIDPLUS"):
        client.uid_expunge(uids)
    elif set(client.search(["DELETED"])) <= set(uids):
        # Without UIDPLUS, EXPUNGE takes the owner's own deleted messages along.
        client.expunge()


def _folders(listed: Iterable[tuple[Iterable[bytes], bytes, str]]) -> tuple[Folder, ...]:
    return tuple(
        Folder(str(name), tuple(flag.decode("ascii", "replace") for flag in flags))
        for flags, _, name in listed
    )
