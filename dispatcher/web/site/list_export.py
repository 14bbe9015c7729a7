"""Hands out what a list shows as CSV or JSON, streamed, with an entry in the log that it was done."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from starlette.responses import Response, StreamingResponse

from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.values.spreadsheet import to_cell
from dispatcher.web.site.visit import RefusedError, Visit

Row = Mapping[str, Any]


def exported(visit: Visit, name: str, rows: Iterable[Row], *, person: str = "") -> Response:
    """The rows as a file, in the form that `?format=` asks for; instants in UTC. `person`: whom all of it is about."""
    form = visit.query("format")
    if form not in {"csv", "json"}:
        raise RefusedError(400, f"format: {form!r} is not offered; there are csv and json.")
    _log(visit, name, form, person)
    chunks, kind = (
        (_csv(rows), "text/csv; charset=utf-8") if form == "csv" else (_json(rows), "application/json")
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(_in_blocks(chunks), media_type=kind, headers=headers)


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
            connection, [LogEntry(event="list_exported", at=visit.now, actor=visit.actor, details=details)]
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


def _csv(rows: Iterable[Row]) -> Iterator[str]:
    rows = iter(rows)
    head = next(rows, None)
    if head is None:
        return
    yield _line(list(head))
    for row in chain([head], rows):
        yield _line([_cell(value) for value in row.values()])


def _cell(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list | tuple | dict):
        return to_cell(json.dumps(value, ensure_ascii=False, default=str))
    return to_cell(str(value))


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _in_blocks(chunks: Iterable[str]) -> Iterator[bytes]:
    """Fewer, larger writes: a line at a time would cost a thread switch each."""
    chunks = iter(chunks)
    while block := list(islice(chunks, 500)):
        yield "".join(block).encode("utf-8", "replace")
