"""What a person chooses for a ledger that was handed in: a mapping, and which of the file's columns each of ours is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.column_words import words_of
from dispatcher.portfolio.domain.import_request import ImportRequest
from dispatcher.portfolio.domain.mapping_choices import Choices, FieldChoice, choices_of, document_of
from dispatcher.portfolio.domain.portfolio_columns import DATE_COLUMNS, REQUIRED
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.propose_mapping import days_may_be_months
from dispatcher.portfolio.sample_rows import Sample, Wanted, sample_rows
from dispatcher.portfolio.show_rows import show_first
from dispatcher.portfolio.storage import mappings
from dispatcher.rulebook.mappings import load_mappings, mapping_document, mapping_text, read_mapping
from dispatcher.values.plain_values import plain
from dispatcher.web.operators.import_words import LABELS
from dispatcher.web.site.visit import RefusedError, Visit

OWN, PROPOSED = "own", "proposed"  # bases that are no mapping's name
_OF_FILE = ("encoding", "delimiter", "header", "sheet")  # how the file itself is read
_SETTINGS = (*_OF_FILE, "date_format", "decimal")


class FileFormError(ValueError):
    """The file cannot be read in the form that was named; `kept`: everything else that was chosen."""

    def __init__(self, why: str, kept: dict[str, Any]) -> None:
        super().__init__(why)
        self.kept = kept


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingView:
    """What the page shows of a mapping: what is chosen, what could be, and what every debt still lacks."""

    choices: Choices
    sample: Sample
    examples: Mapping[str, str]
    words: Mapping[
        str, Mapping[str, str]
    ]  # column -> the file's words with their codes, where they are no codes
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    days_unsure: bool  # every day could be read with its month for its day

    @property
    def unclear(self) -> tuple[str, ...]:
        """Columns with words whose meaning nobody has said."""
        return tuple(column for column, table in self.words.items() if not all(table.values()))

    @property
    def names_creditor(self) -> bool:
        """Whether the rows say whose debts they are; one value for the whole file is no row's word."""
        choice = self.choices.fields.get("creditor", FieldChoice())
        return bool(choice.header or choice.kept)


def known_mappings(visit: Visit) -> list[PortfolioMapping]:
    """Those that were saved on these pages before those of the configuration."""
    with visit.program.database.reading() as connection:
        saved = mappings.in_use(connection)
    return [
        *(read_mapping(mapping.text, mapping.name) for mapping in saved),
        *load_mappings(visit.program.config("mappings")),
    ]


def document_in(visit: Visit, base: str) -> dict[str, Any]:
    """What the mapping of that name holds; nothing for the file's own names."""
    if base in {OWN, PROPOSED}:
        return {"fields": {}}
    with visit.program.database.reading() as connection:
        saved = mappings.texts(connection)
    return mapping_document(visit.program.config("mappings"), base, saved)


def shipped_names(visit: Visit) -> frozenset[str]:
    """Names that the configuration has given away."""
    return frozenset(mapping.name for mapping in load_mappings(visit.program.config("mappings")))


def is_new(visit: Visit, chosen: Mapping[str, Any]) -> bool:
    """Whether the mapping was made here, so that it has to be named and saved."""
    if chosen["base"] == PROPOSED:
        return True
    return bool(chosen["document"] != document_in(visit, chosen["base"]))


def mapping_chosen(chosen: Mapping[str, Any]) -> PortfolioMapping | None:
    """The mapping of these choices; None for the file's own names."""
    document = chosen["document"]
    if not document.get("fields"):
        return None
    name = chosen["name"] or (chosen["base"] if chosen["base"] not in {OWN, PROPOSED} else "")
    return replace(read_mapping(mapping_text(document), name or "this mapping"), name=name)


def view_of(file: Path, chosen: Mapping[str, Any]) -> MappingView:
    """For the page; raises PortfolioFileError where the file is no table."""
    document = chosen["document"]
    sample = sample_rows(file, _wanted(document))
    choices = choices_of(document, sample.headers)
    values = sample.values
    words = {
        column: _coded(words_of(column, values.get(choice.header, ())), choices.words.get(column, {}))
        for column, choice in choices.fields.items()
        if choice.header
    }
    used = {header for choice in choices.fields.values() for header in (choice.header, choice.also)}
    return MappingView(
        choices=replace(choices, settings=_settings_seen(sample) | dict(choices.settings)),
        sample=sample,
        examples={header: _some(texts) for header, texts in values.items()},
        words={column: table for column, table in words.items() if table},
        missing=tuple(column for column in REQUIRED if column not in choices.fields),
        unused=tuple(header for header in values if header not in used),
        days_unsure=_days_unsure(choices, values),
    )


def chosen_in(visit: Visit, file: Path, before: Mapping[str, Any]) -> dict[str, Any]:
    """The choices after a form was sent; raises RefusedError with a sentence for what cannot be meant.

    Raises FileFormError, which keeps the columns as they were chosen, where the file cannot be read as the form says.
    """
    base = visit.text("base")
    if visit.text("do") == "base":
        proposed = before.get("proposed") if base == PROPOSED else None
        return {**before, "base": base, "document": proposed or document_in(visit, base), "name": ""}
    wanted = Wanted(
        encoding=visit.field("encoding"), delimiter=visit.field("delimiter"), sheet=visit.field("sheet"),
        header=_line(visit),
    )  # fmt: skip
    try:
        seen = sample_rows(file, _wanted(before["document"]))
    except (PortfolioFileError, LookupError, UnicodeError) as error:
        raise RefusedError(422, str(error)) from None
    try:
        sample, unreadable = sample_rows(file, wanted), ""
    except (PortfolioFileError, LookupError, UnicodeError) as error:
        sample, unreadable = seen, str(error)
    known = choices_of(before["document"], sample.headers)
    sent = _choices_sent(visit, sample.headers)
    if unreadable:
        form = {name: text for name, text in known.settings.items() if name in _OF_FILE}
        rest = {name: text for name, text in sent.settings.items() if name not in _OF_FILE}
        sent = replace(sent, settings=form | rest)
    if "header" not in before["document"] and sent.settings.get("header") == str(seen.place + 1):
        sent = replace(sent, settings={k: v for k, v in sent.settings.items() if k != "header"})
    if sent == replace(known, words=_words_of_columns(known)) and not unreadable:
        return dict(before)
    document = document_of(sent, before["document"], sample.headers)
    chosen = {**before, "document": _said_of_form(before["document"], sample) | document}
    if unreadable:
        raise FileFormError(unreadable, chosen)
    return chosen


def _words_of_columns(known: Choices) -> dict[str, Mapping[str, str]]:
    """Tables that the page shows: those of columns of ours that are one of the file's."""
    return {
        column: {word: code for word, code in table.items() if word != "*"}
        for column, table in known.words.items()
        if known.fields.get(column, FieldChoice()).header
    }


def _said_of_form(before: Mapping[str, Any], sample: Sample) -> dict[str, Any]:
    """What a mapping has to say where the person left it to the file."""
    tried = before.get("encoding")
    encoding = tried if isinstance(tried, list) else sample.encoding
    seen = {"encoding": encoding, "delimiter": sample.delimiter}
    return {name: value for name, value in seen.items() if value}


def first_rows(request: ImportRequest, limit: int) -> tuple[list[dict[str, Any]], str]:
    """Rows as they will be read, or why the file as a whole cannot be."""
    try:
        return plain(show_first(request, limit=limit)), ""
    except PortfolioFileError as error:
        return [], str(error)


def _choices_sent(visit: Visit, headers: tuple[str, ...]) -> Choices:
    fields = {column: choice for column in LABELS if (choice := _field_sent(visit, column)) != FieldChoice()}
    settings = {name: text for name in _SETTINGS if (text := visit.field(name).strip(" "))}
    return Choices(
        fields={
            c: choice
            for c, choice in fields.items()
            if choice.kept or choice.value or choice.header in headers
        },
        settings=settings,
        words=_words_sent(visit, fields),
        skip_column=visit.field("skip_column"),
        skip_values=tuple(text for part in visit.text("skip_values").split(";") if (text := part.strip())),
        skip_kept=visit.text("skip_kept"),
    )


def _field_sent(visit: Visit, column: str) -> FieldChoice:
    chosen = visit.field(f"col_{column}")
    if chosen == "*":
        return FieldChoice(kept=visit.field(f"kept_{column}"))
    if chosen.startswith("h:"):
        also = visit.field(f"also_{column}").removeprefix("h:")
        return FieldChoice(header=chosen[2:], also=also if also != chosen[2:] else "")
    value = visit.text(f"fix_{column}")
    if "'" in value:
        raise RefusedError(422, f"{LABELS[column]}: a value for all rows may not hold an apostrophe.")
    return FieldChoice(value=value)


def _words_sent(visit: Visit, fields: Mapping[str, FieldChoice]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for column in fields:
        words, codes = visit.fields(f"word_{column}"), visit.fields(f"code_{column}")
        table = {word: code.strip() for word, code in zip(words, codes, strict=False) if code.strip()}
        if table:
            found[column] = table
    return found


def _line(visit: Visit) -> int:
    text = visit.text("header")
    if text and not (text.isascii() and text.isdecimal() and 0 < int(text) <= 1000):
        raise RefusedError(422, f"{text!r} is no line: the line of the column names is a number from 1 on.")
    return int(text or 0)


def _wanted(document: Mapping[str, Any]) -> Wanted:
    encoding, header = document.get("encoding", ""), document.get("header", 0)
    return Wanted(
        encoding=encoding if isinstance(encoding, str) else "",
        delimiter=document.get("delimiter", ""),
        sheet=document.get("sheet", ""),
        header=header if isinstance(header, int) else 0,
    )


def _settings_seen(sample: Sample) -> dict[str, str]:
    return {"header": str(sample.place + 1)}


def _days_unsure(choices: Choices, values: Mapping[str, list[str]]) -> bool:
    days = [
        text
        for column in DATE_COLUMNS
        if column in choices.fields
        for text in values.get(choices.fields[column].header, ())
    ]
    try:
        return bool(days) and days_may_be_months(choices.settings.get("date_format", ""), days)
    except ValueError:  # a form without a year: the batch says its period
        return False


def _coded(words: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    """The file's words with the codes that a person gave, else those that they are known by."""
    return {word: chosen.get(word, code) for word, code in words.items()} | {
        word: code for word, code in chosen.items() if word not in words and word != "*"
    }


def _some(texts: list[str]) -> str:
    return ", ".join(text[:30] for text in list(dict.fromkeys(texts[:40]))[:3])
