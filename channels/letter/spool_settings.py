"""The print house's spool, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


def _channel(_kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.spool import SpoolChannel

    return SpoolChannel(settings)


SPOOL = Adapter(
    name="spool",
    kinds=(ChannelKind.LETTER,),
    channel=_channel,
    stays_here=lambda _settings: False,  # what lies in the spool, the print house collects
)
