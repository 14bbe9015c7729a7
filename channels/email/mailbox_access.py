"""Where the mailbox is that answers come to."""

from dataclasses import dataclass

from channels.settings import ChannelSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxAccess:
    """Where the mailbox is. `account` holds user name, password or the fields of an access token."""

    account: ChannelSettings
    folder: str = "INBOX"

    @property
    def name(self) -> str:
        """By it what was read is remembered: user, host and folder."""
        return f"{self.account.username}@{self.account.host}/{self.folder}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How far a mailbox was read (RFC 3501, 2.3.1.1): uids of another validity mean other mails."""

    validity: int = 0
    uid: int = 0
