"""Which records of different creditors are surely one human, and which may be: by what of them agrees.

Sure: the same normal name and address, and the same mailbox, number or birth date, where nothing speaks against it.
Likely: the name and one of the others. Each key is looked at once, and its records are paired with the oldest of them
alone: the cost grows with the records and not with their pairs.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

MOST_ALIKE = 20  # records that share something weak: then it is a sign of nobody
_NO_LETTER = re.compile(r"[^\w]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What a record says of who somebody is. `mailboxes` and `numbers` are as addresses are compared."""

    id: int
    creditor_id: int
    name: str
    address: str  # one line, as it is compared; empty: not complete
    birth_date: date | None = None
    reached_at: frozenset[str] = frozenset()  # mailboxes and numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """Two records, the older first, and what of them agrees."""

    older: int
    newer: int
    sure: bool
    agrees: tuple[str, ...]


def normal_name(name: str) -> str:
    """A name as it is compared: its words in any order, without case, accents and marks."""
    return " ".join(sorted(_words(name)))


def normal_address(lines: Iterable[str], postal_code: str, city: str, country: str) -> str:
    """A postal address as it is compared; empty where street or country is missing."""
    street = " ".join(word for line in lines for word in _words(line))
    code = "".join(_words(postal_code))
    return f"{street}|{code or ' '.join(_words(city))}|{country}" if street and country else ""


def _words(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [word for word in _NO_LETTER.split(plain) if word]


def alike(records: Iterable[Identity]) -> list[Alike]:
    """Pairs of records that are, or may be, one human; none within one creditor's records alone."""
    groups: dict[tuple[str, ...], list[Identity]] = defaultdict(list)
    for record in sorted(records, key=lambda each: each.id):
        for key in _keys(record):
            groups[key].append(record)
    found: dict[tuple[int, int], Alike] = {}
    for key, group in groups.items():
        if len({record.creditor_id for record in group}) > 1:
            for pair in _pairs(key[0], group):
                _keep(found, pair)
    sure = together(key for key, pair in found.items() if pair.sure)
    return [found[key] for key in sorted(found) if found[key].sure or not _are_one(sure, key)]


def _are_one(sure: Mapping[int, int], pair: tuple[int, int]) -> bool:
    """Whether others make them one already, so that nobody need ask."""
    return sure.get(pair[0], pair[0]) == sure.get(pair[1], pair[1])


def _keys(record: Identity) -> Iterator[tuple[str, ...]]:
    name = record.name
    if not name:
        return
    signs = [("birth date", record.birth_date.isoformat())] if record.birth_date else []
    signs += [("mailbox" if "@" in each else "number", each) for each in sorted(record.reached_at)]
    for sign, value in signs:
        yield sign, name, value
        if record.address:
            yield f"address and {sign}", name, record.address, value
    if record.address:
        yield "address", name, record.address


def _pairs(sign: str, group: list[Identity]) -> Iterator[Alike]:
    strong = sign.startswith("address and ")
    if not strong and len(group) > MOST_ALIKE:
        return
    agrees = ("name", *sign.split(" and "))
    for one in _parted(group):
        oldest = one[0]
        for record in one[1:]:
            sure = strong and not (sign != "address and birth date" and _in_doubt(group))
            if sure or record.creditor_id != oldest.creditor_id:
                yield Alike(older=oldest.id, newer=record.id, sure=sure, agrees=agrees)


def _in_doubt(group: list[Identity]) -> bool:
    """Father and son of one name at one address: two birth dates among records that else agree."""
    return len({record.birth_date for record in group if record.birth_date}) > 1


def _parted(group: list[Identity]) -> Iterator[list[Identity]]:
    """Records that no birth date sets apart; who has none may be any of them."""
    born: Mapping[date, list[Identity]] = defaultdict(list)
    for record in group:
        if record.birth_date:
            born[record.birth_date].append(record)
    unborn = [record for record in group if not record.birth_date]
    if not born:
        yield unborn
    for records in born.values():
        yield sorted([*records, *unborn], key=lambda each: each.id)


def _keep(found: dict[tuple[int, int], Alike], pair: Alike) -> None:
    key = (pair.older, pair.newer)
    known = found.get(key)
    if known is None or (pair.sure, len(pair.agrees)) > (known.sure, len(known.agrees)):
        found[key] = pair


def together(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """By record, the oldest of those that the pairs, one after the other, make one with it."""
    above: dict[int, int] = {}

    def oldest(key: int) -> int:
        while above.setdefault(key, key) != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    for one, other in pairs:
        first, second = sorted((oldest(one), oldest(other)))
        above[second] = first
    return {key: oldest(key) for key in above}
