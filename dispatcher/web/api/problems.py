"""Refusals of the API as problem documents (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """`type` is about:blank, so that the title is the status' own words."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(
        document, status_code=status, media_type="application/problem+json", headers=dict(headers or {})
    )
