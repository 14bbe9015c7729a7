"""Entries that are alike but for whom they speak of: what they share is written once, byte for byte the same."""

from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.values.canonical import canonical_json

_OF_EACH = ("commitment", "person", "personal_id")  # in the order in which canonical JSON has them


class AlikeEntries:
    """All entries that say the same as one of them, each of another person or of other personal values."""

    def __init__(self, entry: LogEntry) -> None:
        self.entry = entry
        self.facet = entry.facet()
        shared = entry.document()
        commitment, person, personal_id = _OF_EACH
        self._before = _members({k: v for k, v in shared.items() if k < commitment})
        self._between = _members({k: v for k, v in shared.items() if commitment < k < person})
        self._after = "".join(f",{_members({k: v})}" for k, v in sorted(shared.items()) if k > personal_id)

    def canonical(self, person: str, personal_id: int, commitment: str) -> str:
        """What `canonical()` of the entry with these three would be; the commitment in hex."""
        return (
            f'{{{self._before},"commitment":"{commitment}",{self._between},"person":{canonical_json(person)}'
            f',"personal_id":{personal_id}{self._after}}}'
        )


def _members(document: dict[str, object]) -> str:
    return canonical_json(document)[1:-1]
