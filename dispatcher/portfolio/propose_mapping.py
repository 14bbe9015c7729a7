"""Proposes a mapping for an unknown file from its names and values, and says how sure it is of each guess."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dispatcher.portfolio.domain.column_names import NAMES
from dispatcher.portfolio.domain.column_words import words_of
from dispatcher.portfolio.domain.portfolio_columns import (
    AMOUNT_COLUMNS,
    DATE_COLUMNS,
    REQUIRED,
    Reader,
    plain_name,
)
from dispatcher.portfolio.sample_rows import Sample, Wanted, sample_rows
from dispatcher.values.written_values import amount_reader, date_reader

DATE_FORMATS = (
    "", "DD.MM.YYYY", "D.M.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "D/M/YYYY", "M/D/YYYY", "DD-MM-YYYY", "DD.MM.YY",
    "DD/MM/YY", "MM/DD/YY", "DD-MMM-YYYY", "DD-MMM-YY", "D MMM YYYY", "MMM D, YYYY", "YYYYMMDD", "YYYY/MM/DD",
)  # fmt: skip
_EXCHANGED = re.compile("MM|M|DD|D")
_DAY_FOR_MONTH = str.maketrans("DM", "MD")
_PLAIN = re.compile(r"[^\W\d_][\w./-]*(?: [\w./-]+)*")
_YAML_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """One setting or field: what is proposed, how sure (sure, likely, asked), and by what it was told."""

    key: str
    value: str
    sure: str
    because: str

    def as_line(self) -> str:
        """For the mapping's file."""
        value = self.value if self.key == "header" else _quoted(self.value)
        return f"{self.key}: {value}  # {self.sure}: {self.because}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A mapping for a file, and what it lacks. `lookups`: column -> the file's word -> our code ("" where unknown)."""

    file: str
    settings: tuple[Guess, ...]
    fields: tuple[Guess, ...]
    missing: tuple[str, ...]
    headers: tuple[str, ...] = field(default=())
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_yaml(self) -> str:
        """The mapping's file, with the doubts as comments."""
        lines = [f"# Proposed from {self.file}: look at each line marked likely or asked before you use it."]
        lines += [guess.as_line() for guess in self.settings]
        if self.lookups:
            lines.append("lookups:")
        for column, words in self.lookups.items():
            lines.append(f"  {column}:")
            lines += [
                f"    {_always_quoted(word)}: {_quoted(code)}" + ("" if code else "  # asked: what is this?")
                for word, code in words.items()
            ]
        lines.append("fields:")
        lines += [f"  {guess.as_line()}" for guess in self.fields]
        lines += [
            f"  # {column}: ?  # asked: every debt needs it, and no column looks like it"
            for column in self.missing
        ]
        return "\n".join(lines) + "\n"

    def as_document(self) -> dict[str, Any]:
        """The mapping as its file would be read; what is missing is missing."""
        settings: dict[str, Any] = {guess.key: guess.value for guess in self.settings}
        if "header" in settings:
            settings["header"] = int(settings["header"])
        known = {
            column: {word: code for word, code in words.items() if code}
            for column, words in self.lookups.items()
        }
        lookups = {column: words for column, words in known.items() if words}
        fields = {guess.key: guess.value for guess in self.fields}
        return settings | ({"lookups": lookups} if lookups else {}) | {"fields": fields}


def propose_mapping(path: Path, wanted: Wanted | None = None) -> Proposal:
    """Look at the beginning of a file; raises PortfolioFileError where it is no table at all."""
    return proposal_of(sample_rows(path, wanted), path.name)


def proposal_of(sample: Sample, file: str) -> Proposal:
    """What its first rows say of a file."""
    values = sample.values
    columns = _columns(list(values))
    fields = [_field(column, header) for column, header in columns.items()]
    lookups = {
        column: words for column, header in columns.items() if (words := words_of(column, values[header]))
    }
    fields = [_looked_up(guess) if guess.key in lookups else guess for guess in fields]
    texts = {column: values[header] for column, header in columns.items()}
    return Proposal(
        file=file,
        settings=(*_form(sample), *_dates(texts), *_decimals(texts)),
        fields=tuple(fields),
        missing=tuple(column for column in REQUIRED if column not in columns),
        headers=sample.headers,
        lookups=lookups,
    )


def _form(sample: Sample) -> list[Guess]:
    found = []
    if sample.encoding:
        because = "the bytes are no UTF-8; other Western encodings differ in few letters"
        found.append(Guess(key="encoding", value=sample.encoding, sure="likely", because=because))
    if sample.delimiter:
        because = "it parts the lines into the most columns of one number"
        found.append(Guess(key="delimiter", value=sample.delimiter, sure="sure", because=because))
    if sample.sheet:
        because = f"of {len(sample.sheets)} sheets its names are most like ours"
        found.append(Guess(key="sheet", value=sample.sheet, sure="likely", because=because))
    if sample.place:
        line = str(sample.place + 1)
        found.append(Guess(key="header", value=line, sure="likely", because="the first line of names"))
    return found


def _columns(headers: Sequence[str]) -> dict[str, str]:
    """Our column -> the first of the file's that is called so."""
    found: dict[str, str] = {}
    for header in headers:
        column = NAMES.get(plain_name(header))
        if column is not None:
            found.setdefault(column, header)
    return found


def _field(column: str, header: str) -> Guess:
    exact = plain_name(header) == plain_name(column)
    return Guess(
        key=column,
        value=header,
        sure="sure" if exact else "likely",
        because="the name is ours" if exact else "so such columns are called",
    )


def _looked_up(guess: Guess) -> Guess:
    source = f'row[{json.dumps(guess.value, ensure_ascii=False)}] | lookup("{guess.key}")'
    return Guess(key=guess.key, value=source, sure="likely", because="the file writes words, not codes")


def _dates(texts: Mapping[str, Sequence[str]]) -> list[Guess]:
    dates = [text for column in DATE_COLUMNS for text in texts.get(column, ())]
    counts = {form: _count(date_reader(form), dates) for form in DATE_FORMATS}
    fitting = _best(counts, len(dates))
    if not fitting or "" in fitting:
        return []
    readings = {tuple(_read(date_reader(form), text) for text in dates) for form in fitting}
    count = counts[fitting[0]]
    sure = _sureness(count, len(dates)) if len(readings) == 1 else "asked"
    because = (
        f"{_how_many(count, len(dates))} dates fit"
        if sure != "asked"
        else f"these fit as well: {', '.join(fitting[1:4])}"
    )
    return [Guess(key="date_format", value=fitting[0], sure=sure, because=because)]


def _decimals(texts: Mapping[str, Sequence[str]]) -> list[Guess]:
    amounts = [text for column in AMOUNT_COLUMNS for text in texts.get(column, ())]
    counts = {mark: _count(amount_reader(mark), amounts) for mark in (".", ",")}
    fitting = _best(counts, len(amounts))
    if len(fitting) == 1:
        count = counts[fitting[0]]
        because = f"{_how_many(count, len(amounts))} amounts fit"
        sure = _sureness(count, len(amounts))
        return [Guess(key="decimal", value=fitting[0], sure=sure, because=because)]
    if fitting and any("," in text or "." in text for text in amounts):
        because = "the amounts fit a point and a comma alike"
        return [Guess(key="decimal", value=".", sure="asked", because=because)]
    return []


def days_may_be_months(date_format: str, texts: Sequence[str]) -> bool:
    """Whether every date could be read with day and month exchanged too, and would be another day then."""
    other = _EXCHANGED.sub(lambda token: token[0].translate(_DAY_FOR_MONTH), date_format)
    if not date_format or "MMM" in date_format or other == date_format:
        return False
    here, there = ([_read(date_reader(form), text) for text in texts] for form in (date_format, other))
    return None not in there and here != there


def _best(counts: Mapping[str, int], of: int) -> list[str]:
    """Those by which most can be read, if that is more than half: a file may hold spoilt cells."""
    most = max(counts.values())
    return [name for name, count in counts.items() if count == most] if 2 * most > of else []


def _sureness(count: int, of: int) -> str:
    return "sure" if count == of else "likely"


def _how_many(count: int, of: int) -> str:
    return f"all {of}" if count == of else f"{count} of {of}"


def _count(reader: Reader, texts: Sequence[str]) -> int:
    return sum(_read(reader, text) is not None for text in texts)


def _read(reader: Reader, text: str) -> object:
    try:
        return reader(text)
    except ValueError:
        return None


def _quoted(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and value.casefold() not in _YAML_WORDS
    return value if plain else _always_quoted(value)


def _always_quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
