"""Reads what a message says: whom it wrote to before and when, which debts it names in which part, and how much."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

_MONTHS = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]
_WROTE = re.compile(
    r"(?:We wrote to you on|Le escribimos el) (.+?) (?:about|sobre) (.+?)(?:\.|$)", re.MULTILINE
)
_FIRST = ("The first time we write to you about these", "La primera vez que le escribimos sobre esto")
_BEFORE = ("We have written to you about these before", "Sobre esto ya le hemos escrito")
_ROW = re.compile(r"^- (?:Reference|Referencia): (\S+); [^:]+: ([^;]+); [^:]+: (.+)$", re.MULTILINE)
_ONE = re.compile(
    r"(?:slipped by|this again|pasó|sobre esto): (?:el (?P<due_es>.+?) era la fecha para pagar )?(?P<amount>[^\d\s]*[\d,]+\.\d\d) (?:to|a) .+?"
    r"(?:was due on (?P<due_en>.+?) )?\((?:reference|referencia) (?P<reference>\S+)\)"
)
_AGAIN = re.compile(r"We are writing about this again:|Volvemos a escribirle sobre esto:")
_MADE_UP = re.compile(
    r"\((\S+)\)\n- (?:Original amount|Cantidad original): .+?"
    r"\n(?:- .+\n)*?- (?:Balance as of|Saldo al) [^:]+: (\S+)",
)
_AMOUNT = r"([^\d\s]*[\d,]+\.\d\d)"
_BALANCE = re.compile(rf"(?:Your balance with .+? is|su saldo con .+? es de) {_AMOUNT}")
_IN_ALL = re.compile(r"^(?:In all|En total)[^:]*: (.+)$", re.MULTILINE)
_OF = re.compile(
    r"(?:as of|[Aa]l|son los del) ((?:[A-Z][a-z]+ \d+, \d{4})|(?:\d+ (?:de )?[A-Za-z]+ (?:de )?\d{4}))"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A debt as a text shows it; what it does not say is None."""

    reference: str
    due: date | None = None
    balance: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a text says of the past and of what is owed."""

    wrote_on: date | None = None
    wrote_about: str = ""
    again: bool = False  # it comes back to what was written about before
    rows: tuple[Row, ...] = ()  # in its main part
    first_time: tuple[Row, ...] = ()
    told_before: tuple[Row, ...] = ()
    totals: tuple[Decimal, ...] = ()
    days: frozenset[date] = field(default=frozenset())  # as of which it speaks


def read(text: str) -> Said:
    """Everything that can be true or false in an English or Spanish reminder."""
    main, parts = _parts(text)
    wrote = _WROTE.search(main)
    first, before = (parts.get(which, "") for which in ("first", "before"))
    return Said(
        wrote_on=a_day(wrote[1]) if wrote else None,
        wrote_about=wrote[2] if wrote else "",
        again=_AGAIN.search(main) is not None,
        rows=(*_listed(main), *_single(main), *_made_up(main)),
        first_time=_listed(first),
        told_before=_listed(before),
        totals=tuple(amount(each) for each in (*_BALANCE.findall(main), *_IN_ALL.findall(text))),
        days=frozenset(a_day(each) for each in _OF.findall(text)),
    )


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """The main text, and by name the part that stands apart."""
    body = text.split("\n----\n", maxsplit=1)[0]
    for name, starts in (("first", _FIRST), ("before", _BEFORE)):
        for start in starts:
            if start in body:
                main, part = body.split(start, 1)
                return main, {name: part}
    return body, {}


def _listed(text: str) -> tuple[Row, ...]:
    return tuple(
        Row(reference=reference, due=a_day(due), balance=amount(balance))
        for reference, due, balance in _ROW.findall(text)
    )


def _single(text: str) -> tuple[Row, ...]:
    found = _ONE.search(text)
    if not found:
        return ()
    due = found["due_en"] or found["due_es"]
    return (Row(reference=found["reference"], due=a_day(due), balance=amount(found["amount"])),)


def _made_up(text: str) -> tuple[Row, ...]:
    return tuple(
        Row(reference=reference, balance=amount(balance)) for reference, balance in _MADE_UP.findall(text)
    )


def amount(text: str) -> Decimal:
    """$1,264.33 -> 1264.33"""
    return Decimal(re.sub(r"[^\d.]", "", text.replace(",", "").rstrip(".")))


def a_day(text: str) -> date:
    """September 13, 2026; 13 September 2026; 13 de septiembre de 2026."""
    spanish = re.fullmatch(r"(\d+) de (\w+) de (\d{4})", text.strip())
    if spanish:
        return date(int(spanish[3]), _MONTHS.index(spanish[2]) + 1, int(spanish[1]))
    for form in ("%B %d, %Y", "%d %B %Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a day of a letter has no zone
        except ValueError:
            continue
    raise ValueError(f"no day: {text!r}")
