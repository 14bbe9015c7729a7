"""The kill switch: what is stopped and whether it takes in a message."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.messages.domain.message import Message

SCOPES = ("all", "creditor", "channel", "template", "pack")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """One thing that is stopped; `name` is empty for `all`."""

    scope: str
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse what would stop nothing."""
        if self.scope not in SCOPES:
            raise ValueError(f"{self.scope!r} cannot be stopped; choose {', '.join(SCOPES)}")
        if bool(self.name) == (self.scope == "all"):
            raise ValueError("a stop of all has no name; any other names what it stops")
        if self.scope == "pack":  # messages carry packs in lower case, the law's lists do not
            object.__setattr__(self, "name", self.name.lower())

    def takes_in(self, message: Message) -> bool:
        """Whether this message may not go."""
        match self.scope:
            case "creditor":
                return message.creditor == self.name
            case "channel":
                return message.channel == self.name
            case "template":
                return message.template == self.name
            case "pack":
                return any(pack_name(pack) == self.name for pack in message.rule_packs)
            case _:
                return True

    def __str__(self) -> str:
        return f"{self.scope} {self.name}".strip()


def pack_name(pack: str) -> str:
    """A pack's name in lower case, as messages carry it, without the version that stands behind an @."""
    return pack.partition("@")[0].lower()


def stopping(message: Message, stops: Sequence[Stop]) -> Stop | None:
    """The first stop that takes in the message."""
    return next((stop for stop in stops if stop.takes_in(message)), None)
