"""The shape of a fact: its fields, how they are read from the words of any door, and what a repeat adds.

The facts themselves stand in `fact_table.py`. Command line, page, API, schema and docs are made from them, so a fact
means the same whoever writes it down.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from dispatcher.values import written

_YES = frozenset({"yes", "true", "1", "on"})
_NO = frozenset({"no", "false", "0", "off"})
_LONGEST = 2_000  # characters of words; a longer text belongs into a document

Given = Mapping[str, Sequence[str]]  # field -> what was typed, as a form sends it
Values = Mapping[str, Any]  # field -> what it means: text, bool, date, datetime, or a tuple of texts


class RecordError(ValueError):
    """A fact that cannot be recorded as it was said; the text says what to do."""


class Takes(StrEnum):
    """What a field takes."""

    TEXT = "text"
    WORDS = "words"  # several lines
    DAY = "day"
    INSTANT = "instant"
    FLAG = "yes or no"
    AMOUNT = "amount"
    ADDRESS = "e-mail address or telephone number"
    DEBT = "debt"


class Merge(StrEnum):
    """What a repeat does to what stands there already, where it says something else."""

    NEWEST = "the newest word counts"
    EARLIEST = "the earlier day counts"
    BOTH = "both are kept"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One thing that can be said with a fact.

    It becomes a column of the fact's table, a detail, or neither (it says whom the fact concerns). `only`: the kinds
    that know it; `default_for`: those of them that get the default where nobody says anything (empty: all).
    `implies`: what else is said by saying this (`{detail: value}`). `also`: names that doors took before.
    """

    name: str
    says: str
    takes: Takes = Takes.TEXT
    label: str = ""
    many: bool = False
    positional: bool = False
    required: str = ""  # the sentence that asks for it
    default: Any = None
    default_for: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    noun: str = ""
    only: tuple[str, ...] = ()
    column: str = ""
    detail: str = ""
    erasable: bool = False
    merge: Merge = Merge.NEWEST
    implies: Mapping[str, Any] = field(default_factory=dict)
    option: str = ""
    also: tuple[str, ...] = ()

    @property
    def option_name(self) -> str:
        """As the command line calls it."""
        return self.option or f"--{self.name.replace('_', '-')}"

    @property
    def title(self) -> str:
        """As a form calls it."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def names(self) -> frozenset[str]:
        """Every name that a form or the API may use for it."""
        return frozenset({self.name, self.option_name[2:].replace("-", "_"), *self.also})

    def is_for(self, kind: str) -> bool:
        """Whether a kind knows it."""
        return not self.only or kind in self.only

    def has_default_for(self, kind: str) -> bool:
        """Whether it means its default where nobody says anything."""
        return self.default is not None and kind in (self.default_for or self.only or (kind,))

    def read(self, texts: Sequence[str]) -> Any:
        """What the words mean; raises RecordError saying what would be understood."""
        if self.many:
            return tuple(dict.fromkeys(self._one(text) for text in texts))
        if len(set(texts)) > 1:
            raise RecordError(f"{self.title}: say one of {', '.join(map(repr, texts))}, not several")
        return self._one(texts[0])

    def _one(self, text: str) -> Any:
        if self.choices:
            return self._choice(text)
        if self.takes is Takes.FLAG:
            return self._flag(text)
        if self.takes is Takes.DAY:
            return _day(text)
        if self.takes is Takes.INSTANT:
            return _instant(text)
        if len(text) > _LONGEST:
            raise RecordError(f"{self.title}: {len(text):,} characters are too many; {_LONGEST:,} at most")
        return text

    def _choice(self, text: str) -> str:
        known = text if text in self.choices else text.replace("-", "_")
        if known not in self.choices:
            raise RecordError(
                f"{text!r} is no {self.noun or self.title.lower()}; there are: {', '.join(self.choices)}"
            )
        return known

    def _flag(self, text: str) -> bool:
        word = text.casefold()
        if word not in _YES | _NO:
            raise RecordError(f"{self.title}: {text!r} is neither yes nor no")
        return word in _YES


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of a fact: what it means, and which fact of the gate it becomes."""

    says: str
    gate: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that can be recorded of a person: a command, a form, an operation of the API.

    `same`: the columns by which a repeat is known (empty: nothing is a repeat, or the verb has its own rule).
    `title`: its form on the page; empty: it has none of its own.
    """

    name: str
    says: str
    example: str
    kept_in: str
    fields: tuple[Field, ...]
    title: str = ""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    kind: str = ""  # the one kind of a fact that offers no choice
    gate: str = ""  # where the kinds do not say it: the gate's fact
    same: tuple[str, ...] = ()
    repeat: str = ""  # what a repeat is, where `same` does not say it

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(one for one in self.fields if one.name == name)

    def kind_of(self, values: Values) -> str:
        """The kind that is meant."""
        return self.kind or str(values.get("kind", ""))

    def for_kind(self, kind: str) -> tuple[Field, ...]:
        """The fields that a kind knows."""
        return tuple(one for one in self.fields if one.is_for(kind))

    def columns(self, values: Values) -> dict[str, Any]:
        """What was said of the columns of the table."""
        return {f.column: values[f.name] for f in self.fields if f.column and f.name in values}

    def details(self, values: Values) -> dict[str, Any]:
        """What was said of the details, and what that implies."""
        kind = self.kind_of(values)
        known = {f.detail for f in self.for_kind(kind) if f.detail}
        said = [f for f in self.fields if f.name in values]
        implied = {name: value for f in said for name, value in f.implies.items() if name in known}
        return implied | {f.detail: plain(values[f.name]) for f in said if f.detail}

    def unsaid(self, values: Values) -> dict[str, Any]:
        """The details that a first record gets because nobody said anything else."""
        kind = self.kind_of(values)
        return {f.detail: f.default for f in self.for_kind(kind) if f.detail and f.has_default_for(kind)}


def narrowed(fact: Fact, kind: str, **changes: Any) -> Fact:
    """A fact of one kind alone, as a command and a form of its own; `changes` to its other parts."""
    known = tuple(replace(one, only=()) for one in fact.for_kind(kind) if one.name != "kind")
    fields = {"name": kind, "kind": kind, "kinds": {}, "fields": known}
    return replace(fact, **(fields | changes))


def read_fields(fact: Fact, given: Given) -> Values:
    """What was said, by field; raises RecordError for a name, a word or a kind that nothing would understand.

    A field that is not there has not been said: defaults are for whoever writes a first record.
    """
    texts = {name: [text.strip() for text in each if text.strip()] for name, each in given.items()}
    unsaid = {one.name: one.default for one in fact.fields if one.name == "kind" and one.default}
    values = unsaid | dict(_read(fact, {name: each for name, each in texts.items() if each}))
    for one in fact.fields:
        if one.required and one.name not in values and one.is_for(fact.kind_of(values)):
            raise RecordError(one.required)
    kind = fact.kind_of(values)
    for one in fact.fields:
        if one.name in values and not one.is_for(kind):
            raise RecordError(f"{one.title}: only {', '.join(one.only)} can say it, not {kind}")
    return values


def _read(fact: Fact, texts: Given) -> Iterator[tuple[str, Any]]:
    by_name = {name: one for one in reversed(fact.fields) for name in one.names}
    by_name |= {one.name: one for one in fact.fields}
    strange = sorted(texts.keys() - by_name.keys())
    if strange:
        known = ", ".join(one.name for one in fact.fields)
        raise RecordError(f"{strange[0]!r} is nothing that a {words(fact.name)} can say; there are: {known}")
    for one in fact.fields:
        said = [text for name, each in texts.items() if by_name[name] is one for text in each]
        if said:
            yield one.name, one.read(said)


def merged(fields: Sequence[Field], standing: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What a repeat changes in the details that stand: what is new, and what says something else."""
    rules = {one.detail: one.merge for one in fields if one.detail}
    changes: dict[str, Any] = {}
    for name, value in said.items():
        after = _merged(standing.get(name), value, rules.get(name, Merge.NEWEST))
        if after != standing.get(name):
            changes[name] = after
    return changes


def _merged(old: Any, new: Any, rule: Merge) -> Any:
    if old in (None, ""):
        return new
    if rule is Merge.EARLIEST:
        return min(old, new)
    if rule is Merge.BOTH:
        return old if str(new) in str(old) else f"{old}\n{new}"
    return new


def plain(value: Any) -> Any:
    """A value as details keep it: days and instants as text, several as a list."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


def _day(text: str) -> date:
    day = written.day(text)
    if day is None:
        raise RecordError(f"{text!r} is not a day; write it as 2026-11-23")
    return day


def _instant(text: str) -> datetime:
    instant = written.local_minute(text)
    if instant is None:
        raise RecordError(f"{text!r} is not an instant; write it as 2026-11-23T18:00:00Z")
    if instant.tzinfo is None:
        raise RecordError(
            f"{text!r} has no offset; add Z for UTC, or +02:00: an hour decides what the law allows"
        )
    return instant.astimezone(UTC)
