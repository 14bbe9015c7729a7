"""The folder, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind

FOLDER = Adapter(
    name="folder",
    kinds=tuple(ChannelKind),
    stays_here=lambda _settings: True,
)
