"""What the program knows of a provider before it opens it: its settings, and where its adapter stands."""

from collections.abc import Callable
from dataclasses import dataclass

from channels.account import Account
from channels.kind import ChannelKind
from channels.loopback import is_loopback
from channels.port import Channel
from channels.settings import ChannelSettings

Says = Callable[[ChannelSettings], str | None]


def _says_nothing(_settings: ChannelSettings) -> str | None:
    return None


def talks_to_this_machine(settings: ChannelSettings) -> bool:
    """Whether its address is loopback's; an empty one is the provider's own."""
    return is_loopback(settings.base_url)


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One provider, as it stands beside its adapter.

    `channel` and `account` open its classes, which they import only then: a provider's library may cost 150 ms.
    Either raises ValueError for an address that is none. `missing` says which variables the provider cannot be used
    without, `deaf_without` the variable without which its webhooks cannot be believed, `stays_here` whether nothing can
    leave the machine.
    """

    name: str
    kinds: tuple[ChannelKind, ...]
    channel: Callable[[ChannelKind, ChannelSettings], Channel]
    account: Callable[[ChannelSettings], Account] | None = None
    missing: Says = _says_nothing
    deaf_without: Says = _says_nothing
    stays_here: Callable[[ChannelSettings], bool] = talks_to_this_machine

    def fault(self, settings: ChannelSettings) -> str | None:
        """What is missing from the settings, or why the provider could not call us back, as a sentence; or None."""
        if fault := self.missing(settings):
            return fault
        if is_loopback(settings.public_url) and not self.stays_here(settings):
            return (
                f"{self.name} cannot call back {settings.public_url}: set DISPATCHER_PUBLIC_URL to the "
                "address under which the world reaches this program"
            )
        return None
