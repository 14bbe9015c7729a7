"""One operation of the API: how it is asked for, what answers, and what its document says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from dispatcher.values import written
from dispatcher.web.api.models import Model, published
from dispatcher.web.site.visit import RefusedError, Visit

PREFIX = "/api/v1"
LARGEST_PAGE = 500
Json = Mapping[str, Any]


BYTES, DOCUMENT = "bytes", "document"  # what is no model: exact bytes, the API's own description
Gives = type[Model] | str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter of the address bar."""

    name: str
    says: str
    schema: Json = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """`answer` returns rows or documents (a Response where it is none), of which `gives` is published.

    A list's are its items. `takes` is the schema of the body.
    """

    method: str
    path: str  # behind PREFIX
    id: str
    says: str
    answer: Callable[[Visit], Any]
    gives: Gives
    is_list: bool = False
    takes: Json | None = None
    parameters: tuple[Parameter, ...] = ()
    status: int = 200
    scope: str = ""  # what a program's account needs; empty: it is for people alone
    takes_rows: bool = False  # the body is an array
    is_repeatable: bool = False  # done twice it comes to the same, and it is too long for one transaction

    @property
    def name(self) -> str:
        """How the access table calls it."""
        return f"{self.method} {PREFIX}{self.path}"


CURSOR = (
    Parameter(name="cursor", says="`next` of the page before."),
    Parameter(
        name="limit",
        says=f"Items on a page, {LARGEST_PAGE} at most.",
        schema={"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": 50},
    ),
)


def limit_of(visit: Visit) -> int:
    """How many items are asked for."""
    text = visit.query("limit")
    if not text:
        return 50
    limit = written.whole_number(text, most=LARGEST_PAGE)
    if not limit:
        raise RefusedError(400, f"limit: a number from 1 to {LARGEST_PAGE}.")
    return limit


def listed(items: list[Any], following: str | int | None) -> dict[str, Any]:
    """A page of a list; `next` is null on the last."""
    return {"items": items, "next": str(following) if following else None}


def as_response(operation: Operation, value: Any) -> Response:
    """A JSON answer with the fields that the operation's model names, and no other."""
    if isinstance(value, Response):
        return value
    model = operation.gives
    if not isinstance(model, str):
        if operation.is_list:
            value = {**value, "items": [published(model, item) for item in value["items"]]}
        else:
            value = published(model, value)
    return JSONResponse(value, status_code=operation.status)
