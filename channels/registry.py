"""All providers, and what is asked of the one that settings name."""

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

ADAPTERS: Final = (FOLDER, SMTP, SENDGRID, TWILIO, SPOOL, LOB)


class UnknownProviderError(ValueError):
    """The settings name a provider that does not serve this kind of channel."""


def providers(kind: ChannelKind) -> list[str]:
    """The names of those that serve a kind of channel; the folder first, which is the default."""
    return [adapter.name for adapter in ADAPTERS if kind in adapter.kinds]


def adapter_of(settings: ChannelSettings) -> Adapter | None:
    """The adapter that the settings name."""
    return next((adapter for adapter in ADAPTERS if adapter.name == settings.provider), None)


def open_channel(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    """The adapter for one kind. Raises UnknownProviderError, and ValueError for an address that is none."""
    adapter = adapter_of(settings)
    if adapter is None or kind not in adapter.kinds:
        raise UnknownProviderError(
            f"DISPATCHER_CHANNELS__{kind.name}__PROVIDER is {settings.provider!r}; "
            f"for {kind} it can be {', '.join(providers(kind))}"
        )
    return adapter.channel(kind, settings)


def open_account(settings: ChannelSettings) -> Account | None:
    """What can be asked of the provider's account, None where it has none that answers."""
    adapter = adapter_of(settings)
    return adapter.account(settings) if adapter and adapter.account else None


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
