"""The folder, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


def _channel(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.folder import FolderChannel

    return FolderChannel(kind, settings)


FOLDER = Adapter(
    name="folder",
    kinds=tuple(ChannelKind),
    channel=_channel,
    stays_here=lambda _settings: True,
)
