"""
Special-use mailboxes (RFC 6154) as the server provides them by itself.
"""

from dataclasses import dataclass

from mailvet.facts.dovecot import DovecotConfig, MailboxSetting
from mailvet.facts.folders import Folder
from mailvet.facts.replies import Reply
from mailvet.model import ExpectMailboxes
from mailvet.transcript import Line


@dataclass(frozen=True, slots=True)
class FolderTrial:
    """
    A mailbox that was opened, written to and tidied.

    Attributes:
        name: Its name.
        select: The reply to SELECT.
        append: The reply to APPEND; None if it could not be selected.
        removed: Whether the message was expunged again.
    """

    name: str
    select: Reply
    append: Reply | None
    removed: bool

    @property
    def worked(self) -> bool:
        """
        Whether all of it was possible.
        """
        return self.append is not None and self.append.positive and self.removed

    def __str__(self) -> str:
        if self.append is None:
            return f"{self.name}: SELECT {self.select}"
        if not self.append.positive:
            return f"{self.name}: APPEND {self.append}"
        return f"{self.name}: {'works' if self.removed else 'EXPUNGE does not work'}"


@dataclass(frozen=True, slots=True)
class SpecialUseFacts:
    """
    What a fresh account finds after everything that earlier sessions left was taken away.

    Attributes:
        account: Name of the account.
        before: All folders as they were found.
        subscribed_before: Subscriptions as they were found.
        folders: All folders that the server provides by itself.
        subscribed: Subscriptions that the server provides by itself.
        remaining: Special-use mailboxes that could not be taken away, and why: what is there now
            may then be left from earlier sessions.
        trials: The special-use mailboxes that were used.
        transcript: All that was said.
    """

    account: str
    before: tuple[Folder, ...]
    subscribed_before: tuple[str, ...]
    folders: tuple[Folder, ...]
    subscribed: tuple[str, ...]
    remaining: tuple[tuple[str, str], ...]
    trials: tuple[FolderTrial, ...]
    transcript: tuple[Line, ...]

    def having(self, use: str) -> tuple[str, ...]:
        """
        Names of the mailboxes with the special use *use*, without the backslash.
        """
        return having(self.folders, use)

    def unsubscribed(self, uses: tuple[str, ...]) -> tuple[str, ...]:
        """
        Those of *uses* without a subscribed mailbox, and their mailboxes.
        """
        return tuple(
            f"\\{use} ({' and '.join(self.having(use)) or 'no mailbox'})"
            for use in uses
            if not set(self.having(use)) & set(self.subscribed)
        )

    def doubt(self, names: tuple[str, ...]) -> str:
        """
        Why it is not known whether the server provides *names* by itself; empty if it is.
        """
        return "; ".join(f"{name}: {why}" for name, why in self.remaining if name in names)

    def not_created(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """
        Those of *names* that do not exist, or to which new users are subscribed.
        """
        there = {each.name for each in self.folders}
        absent = [f"{name} does not exist" for name in names if name not in there]
        subscribed = [name for name in names if name in there and name in self.subscribed]
        return (*absent, *(f"{name} is subscribed" for name in subscribed))

    def unasked(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """
        Those of *names* that exist.
        """
        there = {each.name for each in self.folders}
        return tuple(name for name in names if name in there)

    def uncertain(self, uses: tuple[str, ...]) -> str:
        """
        Why it is not known what the server provides by itself for *uses*; empty if it is.
        """
        return self.doubt(tuple(name for use in uses for name in self.having(use)))

    def described(self, uses: tuple[str, ...]) -> str:
        """
        Each of *uses* and the mailboxes that have it, in words.
        """
        return ", ".join(f"\\{use}: {' and '.join(self.having(use)) or 'none'}" for use in uses)


def misconfigured(config: DovecotConfig, expect: ExpectMailboxes) -> tuple[str, ...]:
    """
    What is wrong with the special-use mailboxes that *config* names, one sentence each.
    """
    wrong = []
    for use in expect.special_use:
        named = [each for each in config.mailboxes if use in each.special_use]
        good = [each for each in named if each.auto == expect.auto(use) and each.inbox_namespace]
        if not named:
            wrong.append(f"no mailbox has special_use \\{use}")
        elif not good:
            seen = ", ".join(_setting(each) for each in named)
            wrong.append(f"\\{use} is on {seen}")
    return tuple(wrong)


def provided(config: DovecotConfig, auto: str) -> tuple[str, ...]:
    """
    Mailboxes that *config* names with this *auto*; patterns, which name many, are left out.
    """
    return tuple(
        each.name
        for each in config.mailboxes
        if each.auto == auto
        and each.inbox_namespace
        and each.name.upper() != "INBOX"
        and not set("*?%") & set(each.name)
    )


def _setting(mailbox: MailboxSetting) -> str:
    place = "" if mailbox.inbox_namespace else ", outside the inbox namespace"
    return f"{mailbox.name} (auto = {mailbox.auto}{place})"


def having(folders: tuple[Folder, ...], use: str) -> tuple[str, ...]:
    """
    Names of those *folders* that have the special use *use*.
    """
    wanted = f"\\{use}".lower()
    return tuple(
        each.name for each in folders if wanted in (flag.lower() for flag in each.attributes)
    )
