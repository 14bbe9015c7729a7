"""Opens the providers of the channels, where they may be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from channels.kind import ChannelKind
from dispatcher.bootstrap.opened import Opened
from dispatcher.settings import SettingsError

if TYPE_CHECKING:
    from channels.account import Account
    from channels.port import Channel


@dataclass
class Providers(Opened):
    """The channels' providers, each opened once for the whole process."""

    _channels: dict[ChannelKind, Channel] = field(default_factory=dict)
    _seconds: dict[ChannelKind, Channel] = field(default_factory=dict)

    def channel(self, kind: ChannelKind) -> Channel:
        """The opened channel, one for the whole process; raises SettingsError where it must not be used yet."""
        from channels.registry import open_channel

        if kind not in self._channels:
            self.refuse_if_not_ready()
            self._channels[kind] = open_channel(kind, self.settings.channel(kind))
        return self._channels[kind]

    def second_channel(self, kind: ChannelKind) -> Channel | None:
        """The provider that takes over while the first one fails, opened likewise; None where there is none."""
        from channels.registry import open_channel

        settings = self.settings.second_channel(kind)
        if settings is None:
            return None
        if kind not in self._seconds:
            self.refuse_if_not_ready()
            self._seconds[kind] = open_channel(kind, settings)
        return self._seconds[kind]

    def provider(self, kind: ChannelKind, name: str) -> Channel:
        """The channel's provider of that name, else its first."""
        second = self.second_channel(kind)
        return second if second is not None and second.provider == name else self.channel(kind)

    def accounts(self, kind: ChannelKind) -> list[Account]:
        """The accounts of a channel's providers that can be asked, opened anew."""
        from channels.registry import open_account

        self.refuse_if_not_ready()
        opened = (open_account(settings) for settings in self.settings.providers(kind))
        return [account for account in opened if account is not None]

    def refuse_if_not_ready(self) -> None:
        """Raise SettingsError while a real provider is set and something it needs is not."""
        if obstacles := self.settings.obstacles():
            raise SettingsError("\n".join(obstacles))

    def close_channels(self) -> None:
        """Give back what was opened."""
        for channel in (*self._channels.values(), *self._seconds.values()):
            channel.close()
