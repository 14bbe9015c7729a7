"""Opens the adapter that the settings name; each provider's library is imported only when it is used."""

from collections.abc import Callable, Mapping
from typing import Final

from channels.account import Account
from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


class UnknownProviderError(ValueError):
    """The settings name a provider that does not serve this kind of channel."""


def open_channel(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    """The adapter for one kind. Raises UnknownProviderError, and ValueError for an address that is none."""
    openers = PROVIDERS[kind]
    if (opener := openers.get(settings.provider)) is None:
        raise UnknownProviderError(
            f"DISPATCHER_CHANNELS__{kind.name}__PROVIDER is {settings.provider!r}; "
            f"for {kind} it can be {', '.join(openers)}"
        )
    return opener(kind, settings)


def _folder(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.folder import FolderChannel

    return FolderChannel(kind, settings)


def _smtp(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.smtp import SmtpChannel

    return SmtpChannel(settings)


def _sendgrid(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.sendgrid import SendGridChannel

    return SendGridChannel(settings)


def _twilio(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.sms.twilio import TwilioChannel

    return TwilioChannel(settings)


def _spool(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.spool import SpoolChannel

    return SpoolChannel(settings)


def _lob(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.lob import LobChannel

    return LobChannel(settings)


Opener = Callable[[ChannelKind, ChannelSettings], Channel]
PROVIDERS: Final[Mapping[ChannelKind, Mapping[str, Opener]]] = {
    ChannelKind.EMAIL: {"folder": _folder, "smtp": _smtp, "sendgrid": _sendgrid},
    ChannelKind.SMS: {"folder": _folder, "twilio": _twilio},
    ChannelKind.LETTER: {"folder": _folder, "spool": _spool, "lob": _lob},
}


def open_account(kind: ChannelKind, settings: ChannelSettings) -> Account | None:
    """What can be asked of the provider's account, None where it has none that answers."""
    del kind
    opener = ACCOUNTS.get(settings.provider)
    return opener(settings) if opener else None


def _sendgrid_account(settings: ChannelSettings) -> Account:
    from channels.email.sendgrid_account import SendGridAccount

    return SendGridAccount(settings)


def _twilio_account(settings: ChannelSettings) -> Account:
    from channels.sms.twilio_account import TwilioAccount

    return TwilioAccount(settings)


def _lob_account(settings: ChannelSettings) -> Account:
    from channels.letter.lob_account import LobAccount

    return LobAccount(settings)


ACCOUNTS: Final[Mapping[str, Callable[[ChannelSettings], Account]]] = {
    "sendgrid": _sendgrid_account,
    "twilio": _twilio_account,
    "lob": _lob_account,
}
