"""What an adapter needs besides a message's bytes: from whom, to whom, under which subject, on which paper."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from channels.message import PostalAddress


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """Kept with the message until its person is erased; what a channel does not use stays empty.

    `address_text` is a letter's address as the ledger has it: what comes back is found by it.
    """

    to: str = ""
    to_name: str = ""
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    subject: str = ""
    unsubscribe_url: str = ""
    postal_address: PostalAddress | None = None
    address_text: str = ""
    return_address: PostalAddress | None = None
    postage_class: str = "standard"
    pages: int = 0

    @property
    def printed_address(self) -> str:
        """A letter's address on one line, as `PersonFile.postal_text` writes it."""
        if self.address_text:
            return self.address_text
        return ", ".join(line for line in self.postal_address.lines if line) if self.postal_address else ""

    def as_json(self) -> dict[str, Any]:
        """As the message's row keeps it."""
        document = {name: value for name in _NAMES if (value := getattr(self, name))}
        for name in document.keys() & _ADDRESSES:  # `asdict` would copy every word of every message
            document[name] = asdict(document[name])
        return document

    @classmethod
    def read(cls, document: Mapping[str, Any] | None) -> "Envelope":
        """From the message's row; an erased or a missing one is empty."""
        kept = document or {}
        known: dict[str, Any] = {name: kept[name] for name in _NAMES if kept.get(name)}
        for name in known.keys() & _ADDRESSES:
            known[name] = PostalAddress(**{**known[name], "lines": tuple(known[name]["lines"])})
        return cls(**known)


_NAMES = tuple(field.name for field in fields(Envelope))
_ADDRESSES = frozenset({"postal_address", "return_address"})
