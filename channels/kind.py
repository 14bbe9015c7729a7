"""The media on which a debtor can be written to."""

from enum import StrEnum


class ChannelKind(StrEnum):
    """A medium this program can send on; the law knows more (calls, visits), which we only count."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"


class CallKind(StrEnum):
    """The medium on which a person speaks: nothing is sent, but the gate judges it as it judges a message."""

    CALL = "call"


Medium = ChannelKind | CallKind
