"""What somebody has read of the law of a place; a place without an answer is one whose law nobody knows."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from dispatcher.gate.facts import LawRead

COVERED, NO_SPECIAL_RULES, OPEN = "covered", "no-special-rules", "open"
WORDS = (COVERED, NO_SPECIAL_RULES, OPEN)
NOBODY = "nobody"
NO_REGION = "-"  # a telephone number's country: no region of it is meant


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One reading: `word` is one of WORDS, `packs` (upper case) hold the law that was read.

    `roles`: the senders that it speaks of; empty: all. `postcodes`: how the postal codes of a region begin.
    """

    word: str
    packs: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    source: str = ""
    on: date | None = None
    confirmed_by: str = NOBODY
    postcodes: frozenset[str] = frozenset()

    def speaks_of(self, role: str) -> bool:
        """Whether it is about senders of that role."""
        return not self.roles or role in self.roles


@dataclass(frozen=True, kw_only=True, slots=True)
class CountryAnswer:
    """A country's answer, which serves its regions too, unless one has its own."""

    answer: Answer
    regions: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def packs(self) -> frozenset[str]:
        """Every pack that covers the country or a part of it."""
        return self.answer.packs.union(*(answer.packs for answer in self.regions.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """The answers by country (ISO 3166-1 alpha-2)."""

    countries: Mapping[str, CountryAnswer] = field(default_factory=dict)

    def read(
        self,
        country: str,
        region: str,
        postal_code: str,
        *,
        role: str,
        loaded: Collection[str],
    ) -> LawRead:
        """What is known of the law at an address for a sender of that role; `loaded`: names of packs in force.

        Without a region the postal code says which it is; without either every region's answer counts.
        """
        answers = dict(self._answers(country, region, postal_code, role))
        unread = [place for place, answer in answers.items() if answer is None or answer.word == OPEN]
        return LawRead(
            places=tuple(sorted(answers)),
            unread=(*sorted(unread), *self.gone(country, loaded)),
            unconfirmed=tuple(
                place for place, answer in sorted(answers.items()) if answer and answer.confirmed_by == NOBODY
            ),
        )

    def gone(self, country: str, loaded: Collection[str]) -> tuple[str, ...]:
        """The country, where a pack that covers it or a part of it is not loaded: nobody can say whom it would bind."""
        entry = self.countries.get(country)
        gone = sorted(entry.packs.difference(loaded)) if entry else []
        return (f"{country} (covered by {', '.join(gone)}, not loaded)",) if gone else ()

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Each place (`US`, `US-NY`) with what is said of it."""
        for country, entry in self.countries.items():
            yield country, entry.answer
            yield from ((f"{country}-{name}", answer) for name, answer in entry.regions.items())

    def answer_of(self, place: str) -> Answer | None:
        """What is said of a place; None where nothing is."""
        country, _, region = place.partition("-")
        entry = self.countries.get(country)
        if entry is None:
            return None
        return entry.regions.get(region) if region else entry.answer

    def unconfirmed(self) -> Iterator[str]:
        """The places whose answers nobody has confirmed."""
        for place, answer in self.answers():
            if answer.word != OPEN and answer.confirmed_by == NOBODY:
                yield place

    def _answers(
        self, country: str, region: str, postal_code: str, role: str
    ) -> Iterator[tuple[str, Answer | None]]:
        entry = self.countries.get(country)
        if entry is None:
            yield country or "an unknown country", None
            return
        marked = {name: answer for name, answer in entry.regions.items() if answer.speaks_of(role)}
        names = [region] if region else _coded(marked, postal_code)
        if len(names) == 1 and names[0] in marked:
            yield f"{country}-{names[0]}", marked[names[0]]
            return
        yield country, entry.answer if entry.answer.speaks_of(role) else None
        if not region:
            yield from ((f"{country}-{name}", marked[name]) for name in names)


def answer_digest(answer: Answer) -> str:
    """SHA-256 of what is said of a place, whoever has confirmed it: a changed answer is to be read again."""
    parts = (
        answer.word,
        *(" ".join(sorted(names)) for names in (answer.packs, answer.roles, answer.postcodes)),
        answer.source,
        answer.on.isoformat() if answer.on else "",
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _coded(marked: Mapping[str, Answer], postal_code: str) -> list[str]:
    """The regions in which the postal code lies, or may lie."""
    code = "".join(char for char in postal_code.upper() if char.isalnum())
    lying = [name for name, answer in marked.items() if code and code.startswith(tuple(answer.postcodes))]
    if lying:
        return lying
    return [name for name, answer in marked.items() if not (code and answer.postcodes)]
