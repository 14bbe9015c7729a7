"""Computes the values a template uses, once for all media of a message, each escaped for its medium."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from babel import Locale
from markupsafe import Markup, escape

from dispatcher.values.money import Money
from dispatcher.writing.formats import date_text, money_text, number_text
from dispatcher.writing.language.placeholders import Kind, Placeholder
from dispatcher.writing.language.problems import MissingValue
from dispatcher.writing.untrusted import is_right_to_left, isolated, one_line

Variables = dict[str, Any]


class Empty:
    """Stands where a value is missing: harmless in an `if`, an error when printed."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        raise MissingValue(self._name)

    __html__ = __str__


@dataclass(frozen=True, slots=True)
class Use:
    """How a template uses one placeholder: printed (in a style), tested, or both; a list's used fields."""

    placeholder: Placeholder
    variable: str
    printed: bool = False
    style: str = "long"  # of a date
    fields: tuple["Use", ...] = field(default=())


_SPECIAL = re.compile("[&<>'\"]")
Write = Callable[[str], Any]


@lru_cache(maxsize=8192)
def html_text(text: str) -> Markup:
    """Another's text in HTML: escaped, and isolated when it runs from right to left."""
    if is_right_to_left(text):
        return Markup("<bdi>%s</bdi>") % text
    return escape(text) if _SPECIAL.search(text) else Markup(text)  # noqa: S704 - nothing in it to escape


def plain_text(text: str) -> str:
    """Another's text in plain Unicode."""
    return text if text.isascii() else isolated(text)


def sms_text(text: str) -> str:
    """Another's text in an SMS: no-break spaces, which would cost half the message, become plain ones."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def strings(
    uses: Iterable[Use], view: Any, locale: Locale, known: Mapping[str, Any] = MappingProxyType({})
) -> Variables:
    """Every used value, not yet escaped: text, tested value, `Empty`, or a list of such mappings.

    `known`: values of the same view, taken as they are. A list's are not: each text uses other fields of its items.
    """
    return {
        use.variable: known[use.variable]
        if use.variable in known and not use.fields
        else _value(use, view, locale)
        for use in uses
    }


def _value(use: Use, source: Any, locale: Locale) -> Any:
    """In one step, without a call for each kind: there are some eighty in a message."""
    placeholder = use.placeholder
    value, kind = placeholder.get(source), placeholder.kind
    if use.fields and kind is Kind.LIST:
        return [strings(use.fields, item, locale) for item in value]
    if not use.printed:  # as conditions see it: amounts as decimals
        return value.amount if isinstance(value, Money) else value
    if value is None or value == "":
        return Empty(placeholder.name)
    if kind is Kind.MONEY and isinstance(value, Money):
        return money_text(value, locale)
    if kind is Kind.DATE and isinstance(value, date):
        return date_text(value, locale, use.style)
    if isinstance(value, Decimal):
        value = number_text(value, locale)
    return one_line(value if type(value) is str else str(value))


def for_medium(uses: Iterable[Use], values: Mapping[str, Any], write: Write) -> Variables:
    """The same values, printed ones written for one medium."""
    variables: Variables = {}
    for use in uses:
        value = values[use.variable]
        if use.printed and type(value) is str:
            value = write(value)
            if use.placeholder.kind is Kind.MONEY and isinstance(value, Markup):
                value = _whole(value)
        elif use.fields:
            value = [for_medium(use.fields, item, write) for item in value]
        variables[use.variable] = value
    return variables


def with_single_stops(text: str, names: Iterable[str], *, html: bool) -> str:
    """A sentence that ends with a name which has a stop of its own needs no other: `Acme Ltd.`, never `Acme Ltd..`."""
    for name in {one_line(name) for name in names if name.endswith(".")}:
        shown = str(escape(name)) if html else name
        if f"{shown}." in text or f"{shown}<" in text:
            text = re.sub(rf"({re.escape(shown)}(?:</\w+>)*)\.(?!\.)", r"\1", text)
    return text


@lru_cache(maxsize=8192)
def _whole(amount: Markup) -> Markup:
    """An amount in HTML is never broken at the end of a line: plutoprint breaks after its point."""
    return Markup('<span class="amount">%s</span>') % amount
