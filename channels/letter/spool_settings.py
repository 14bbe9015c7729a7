"""The print house's spool, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind

SPOOL = Adapter(
    name="spool",
    kinds=(ChannelKind.LETTER,),
    stays_here=lambda _settings: False,  # what lies in the spool, the print house collects
)
