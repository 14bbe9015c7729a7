"""Reads the e-mail addresses and telephone numbers of a row; a bad one costs itself alone."""

from collections.abc import Mapping
from datetime import date

from dispatcher.portfolio.domain.portfolio import LedgerContactPoint, RowProblem
from dispatcher.portfolio.domain.portfolio_columns import Reader, label
from dispatcher.portfolio.domain.stand_ins import StandIns
from dispatcher.values.email_address import addresses_in, normal_email
from dispatcher.values.phone import PhoneProblem, WrittenNumber, numbers_in, read_number
from dispatcher.values.written_address import address_key

_CONSENTS = {"email": "email_consent_on", "phone": "sms_consent_on"}
_STAND_IN = "not used: it stands for no address (stand_ins in import.yaml)"
_NO_TEXTS = "takes no text messages: it is a toll-free, premium, shared-cost or company-wide number"


def contact_points(
    cells: Mapping[str, str],
    country: str,
    read_date: Reader,
    warnings: list[RowProblem],
    stand_ins: StandIns,
) -> tuple[LedgerContactPoint, ...]:
    """All that can be used, each once; `warnings` hears of the others."""
    points: dict[tuple[str, str], LedgerContactPoint] = {}
    for medium in _CONSENTS:
        if medium in cells:
            for point in _of_medium(medium, cells, country, read_date, warnings):
                points[medium, address_key(point.address)] = point
    for key, point in list(points.items()):
        if stand_ins.is_known(point.address):
            del points[key]
            warnings.append(RowProblem(column=point.medium, value=point.address, reason=_STAND_IN))
    return tuple(points.values())


def _of_medium(
    medium: str, cells: Mapping[str, str], country: str, read_date: Reader, warnings: list[RowProblem]
) -> list[LedgerContactPoint]:
    consent = _consent(cells, _CONSENTS[medium], read_date, warnings)
    found = []
    for raw in (addresses_in if medium == "email" else numbers_in)(cells[medium]):
        try:
            number = None if medium == "email" else _number(raw, country)
            address = number.e164 if number else normal_email(raw)
            where = _label(cells, f"{medium}_label")
        except ValueError as error:
            warnings.append(RowProblem(column=medium, value=raw, reason=f"not used: {error}"))
            continue
        if number and not number.texts:
            warnings.append(RowProblem(column=medium, value=raw, reason=_NO_TEXTS))
        found.append(LedgerContactPoint(medium, address, where, consent))
    return found


def _number(raw: str, country: str) -> WrittenNumber:
    number = read_number(raw, country or None)
    if isinstance(number, PhoneProblem):
        raise ValueError(number.reason)  # noqa: TRY004 a finding about the cell, told like the others
    return number


def _label(cells: Mapping[str, str], column: str) -> str:
    return label(cells[column]) if column in cells else ""


def _consent(
    cells: Mapping[str, str], column: str, read_date: Reader, warnings: list[RowProblem]
) -> date | None:
    try:
        given: date | None = read_date(cells[column]) if column in cells else None
    except ValueError as error:
        warnings.append(
            RowProblem(column=column, value=cells[column], reason=f"taken as no consent: {error}")
        )
        return None
    return given
