"""What the program knows of a provider before it opens it."""

from collections.abc import Callable
from dataclasses import dataclass

from channels.kind import ChannelKind
from channels.loopback import is_loopback
from channels.settings import ChannelSettings

Says = Callable[[ChannelSettings], str | None]


def _says_nothing(_settings: ChannelSettings) -> str | None:
    return None


def talks_to_this_machine(settings: ChannelSettings) -> bool:
    """Whether its address is loopback's; an empty one is the provider's own."""
    return is_loopback(settings.base_url)


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One provider, as it stands beside its adapter, which the registry opens.

    `missing` says which variables the provider cannot be used without, `deaf_without` the variable without which its
    webhooks cannot be believed, `stays_here` whether nothing can leave the machine.
    """

    name: str
    kinds: tuple[ChannelKind, ...]
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
