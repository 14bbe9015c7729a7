"""Refuses bodies that are too large before anything reads them, also those that do not say how long they are."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM = 1_048_576
LARGEST_WEBHOOK = 4_194_304  # SendGrid sends batches of some hundred kilobytes
LARGEST_LEDGER = 268_435_456  # a million rows as CSV
LEDGERS = "/imports"  # the one address that takes them; its file goes to the disk as it comes
EVIDENCE, LARGEST_EVIDENCE = "/evidence", 6_291_456  # five megabytes of a file, and the form around it

PUSHED, LARGEST_PUSH = "/api/v1/debts", 33_554_432  # some ten thousand rows


class TooLargeError(Exception):
    """More came than may come."""


class BodyLimit:
    """Answers 413 to what is larger than its address allows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        if _announced(scope) > limit:
            await _refuse(scope, receive, send, limit)
            return
        seen = 0

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLargeError
            return message

        try:
            await self._app(scope, receive_bounded, send)
        except TooLargeError:
            await _refuse(scope, receive, send, limit)


def _limit(path: str) -> int:
    if path == LEDGERS:
        return LARGEST_LEDGER
    if path == EVIDENCE:
        return LARGEST_EVIDENCE
    if path == PUSHED:
        return LARGEST_PUSH
    return LARGEST_WEBHOOK if path.startswith("/webhooks/") else LARGEST_FORM


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send, limit: int) -> None:
    response = PlainTextResponse(f"413: a body here may have {limit} bytes at most\n", status_code=413)
    await response(scope, receive, send)
