"""Hands out what a list shows as CSV or JSON, streamed, with an entry in the log that it was done.

A CSV file has one heading for all its rows, a byte-order mark, without which Excel reads UTF-8 as something else, and
in each cell a value as people write it; JSON keeps values as they are.
"""

import csv
import io
import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from starlette.responses import Response, StreamingResponse

from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.values.spreadsheet import to_cell
from dispatcher.web.site.visit import RefusedError, Visit
from dispatcher.web.site.words import plain

Row = Mapping[str, Any]


def exported(
    visit: Visit, name: str, rows: Iterable[Row], *, person: str = "", columns: Sequence[str] = ()
) -> Response:
    """The rows as a file, in the form that `?format=` asks for; instants in UTC. `person`: whom all of it is about.

    `columns` are the heading where rows differ in what they have; else the first row's names are all that any has.
    """
    form = visit.query("format")
    if form not in {"csv", "json"}:
        raise RefusedError(400, f"format: {form!r} is not offered; there are csv and json.")
    _log(visit, name, form, person)
    chunks, kind = (
        (_in_blocks(_csv(rows, columns), BOM_UTF8), "text/csv; charset=utf-8")
        if form == "csv"
        else (_in_blocks(_json(rows)), "application/json")
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(chunks, media_type=kind, headers=headers)


def _log(visit: Visit, name: str, form: str, person: str) -> None:
    asked = {key: value for key, value in visit.request.query_params.items() if key in _HARMLESS and value}
    details = {
        "list": name,
        "form": form,
        "filter": asked,
        "other_filters": len(visit.request.query_params) - len(asked),
        **({"person": person} if person else {}),
    }
    with visit.program.database.writing() as connection:
        delivery_log.append(
            connection,
            [LogEntry(event=Event.LIST_EXPORTED, at=visit.now, actor=visit.actor, details=details)],
        )


# What may stand in the log for ever; a search for a person may not.
_HARMLESS = {
    "format",
    "channel",
    "state",
    "step",
    "template",
    "run",
    "from",
    "until",
    "creditor",
    "country",
    "event",
    "kind",
}


def _json(rows: Iterable[Row]) -> Iterator[str]:
    first = True
    yield "["
    for row in rows:
        yield ("\n" if first else ",\n") + json.dumps(row, ensure_ascii=False, default=str)
        first = False
    yield "\n]\n"


def _csv(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    rows = iter(rows)
    first = next(rows, None)
    head = list(columns) or list(first or ())
    if head:
        yield _line(head)
    for row in chain([] if first is None else [first], rows):
        if unknown := row.keys() - set(head):
            raise ValueError(f"values without a column: {', '.join(sorted(unknown))}")
        yield _line([_cell(row.get(name)) for name in head])


def _cell(value: Any) -> str:
    if value is None or value in ("", [], {}, ()):
        return ""
    if isinstance(value, list | tuple) and all(isinstance(one, Mapping) and "rule" in one for one in value):
        return to_cell("; ".join(_reason(one) for one in value))
    return to_cell(plain(value))


def _reason(reason: Mapping[str, Any]) -> str:
    return (
        f"{reason.get('pack', '')}/{reason['rule']}: {reason.get('detail') or reason.get('decision') or ''}"
    )


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _in_blocks(chunks: Iterable[str], head: bytes = b"") -> Iterator[bytes]:
    """Fewer, larger writes: a line at a time would cost a thread switch each."""
    chunks = iter(chunks)
    while block := list(islice(chunks, 500)):
        yield head + "".join(block).encode("utf-8", "replace")
        head = b""
