"""All providers, and what is asked of the one that settings name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from channels.account import Account
from channels.adapter import Adapter
from channels.email.sendgrid_settings import SENDGRID
from channels.email.smtp_settings import SMTP
from channels.folder_settings import FOLDER
from channels.kind import ChannelKind
from channels.letter.lob_settings import LOB
from channels.letter.spool_settings import SPOOL
from channels.port import Channel
from channels.settings import ChannelSettings
from channels.sms.twilio_settings import TWILIO


def _folder(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.folder import FolderChannel

    return FolderChannel(kind, settings)


def _smtp(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.smtp import SmtpChannel

    return SmtpChannel(settings)


def _sendgrid(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.sendgrid import SendGridChannel

    return SendGridChannel(settings)


def _sendgrid_account(settings: ChannelSettings) -> Account:
    from channels.email.sendgrid_account import SendGridAccount

    return SendGridAccount(settings)


def _twilio(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.sms.twilio import TwilioChannel

    return TwilioChannel(settings)


def _twilio_account(settings: ChannelSettings) -> Account:
    from channels.sms.twilio_account import TwilioAccount

    return TwilioAccount(settings)


def _spool(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.spool import SpoolChannel

    return SpoolChannel(settings)


def _lob(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.lob import LobChannel

    return LobChannel(settings)


def _lob_account(settings: ChannelSettings) -> Account:
    from channels.letter.lob_account import LobAccount

    return LobAccount(settings)


@dataclass(frozen=True, slots=True)
class _Provider:
    """An adapter and what opens its classes, importing them only then: a library may cost 150 ms."""

    adapter: Adapter
    channel: Callable[[ChannelKind, ChannelSettings], Channel]
    account: Callable[[ChannelSettings], Account] | None = None


_PROVIDERS: Final = (
    _Provider(FOLDER, _folder),
    _Provider(SMTP, _smtp),
    _Provider(SENDGRID, _sendgrid, _sendgrid_account),
    _Provider(TWILIO, _twilio, _twilio_account),
    _Provider(SPOOL, _spool),
    _Provider(LOB, _lob, _lob_account),
)
ADAPTERS: Final = tuple(provider.adapter for provider in _PROVIDERS)


class UnknownProviderError(ValueError):
    """The settings name a provider that does not serve this kind of channel."""


def providers(kind: ChannelKind) -> list[str]:
    """The names of those that serve a kind of channel; the folder first, which is the default."""
    return [adapter.name for adapter in ADAPTERS if kind in adapter.kinds]


def _named(settings: ChannelSettings) -> _Provider | None:
    return next((each for each in _PROVIDERS if each.adapter.name == settings.provider), None)


def adapter_of(settings: ChannelSettings) -> Adapter | None:
    """The adapter that the settings name."""
    provider = _named(settings)
    return provider.adapter if provider else None


def open_channel(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    """The adapter for one kind. Raises UnknownProviderError, and ValueError for an address that is none."""
    provider = _named(settings)
    if provider is None or kind not in provider.adapter.kinds:
        raise UnknownProviderError(
            f"DISPATCHER_CHANNELS__{kind.name}__PROVIDER is {settings.provider!r}; "
            f"for {kind} it can be {', '.join(providers(kind))}"
        )
    return provider.channel(kind, settings)


def open_account(settings: ChannelSettings) -> Account | None:
    """What can be asked of the provider's account, None where it has none that answers."""
    provider = _named(settings)
    return provider.account(settings) if provider and provider.account else None


def missing(settings: ChannelSettings) -> str | None:
    """Which variables the provider cannot be used without, as a sentence, or None."""
    adapter = adapter_of(settings)
    return adapter.missing(settings) if adapter else None


def deaf_without(settings: ChannelSettings) -> str | None:
    """The variable that is not set and without which the provider's webhooks cannot be believed, or None."""
    adapter = adapter_of(settings)
    return adapter.deaf_without(settings) if adapter else None


def stays_on_this_machine(settings: ChannelSettings) -> bool:
    """Whether nothing sent on this channel can leave the machine."""
    adapter = adapter_of(settings)
    return adapter is not None and adapter.stays_here(settings)
