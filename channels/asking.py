"""Asks a provider's API in pages, and waits where it says that it was asked too often."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from channels.http import Answer, NoAnswerError, NotWrittenError, Transport, foreign, retry_after

TRIES = 5
SHORT_REST = timedelta(seconds=10)  # where a provider that was asked too often names no time
LONGEST_REST = timedelta(minutes=2)  # a single wish beyond that is for another night
ALL_REST = timedelta(minutes=20)
_AGAIN = frozenset({429, 500, 502, 503, 504})
_NOT_OFFERED = frozenset({401, 403, 404})

Rest = Callable[[float], None]


class NotToldError(Exception):
    """The provider did not say. `status` is its own, 0 where there was no answer; the text holds no secrets."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status

    @property
    def not_offered(self) -> bool:
        """Whether this account or key has no access to what was asked."""
        return self.status in _NOT_OFFERED


class Patience:
    """Repeats what may be repeated, in the provider's own time; `rest` waits so many seconds."""

    def __init__(self, provider: str, rest: Rest = time.sleep) -> None:
        self._provider = provider
        self._rest = rest
        self._rested = timedelta(0)

    def answer(self, ask: Callable[[], Answer]) -> Answer:
        """The answer of 2xx. `ask` must be safe to repeat. Raises NotToldError."""
        for left in reversed(range(TRIES)):
            try:
                answer = ask()
            except (NotWrittenError, NoAnswerError) as error:
                if not left:
                    raise NotToldError(str(error)) from None
                self._wait(SHORT_REST, str(error), 0)
                continue
            if 200 <= answer.status < 300:
                return answer
            words = self._words(answer)
            if answer.status not in _AGAIN or not left:
                raise NotToldError(words, answer.status)
            self._wait(retry_after(answer.headers, datetime.now(UTC)) or SHORT_REST, words, answer.status)
        raise AssertionError  # the last try returns or raises

    def _wait(self, pause: timedelta, words: str, status: int) -> None:
        if pause > LONGEST_REST or self._rested + pause > ALL_REST:
            raise NotToldError(f"{words}; it wants us to wait longer than a night's work may", status)
        self._rested += pause
        self._rest(pause.total_seconds())

    def _words(self, answer: Answer) -> str:
        return foreign(answer, self._provider) or f"HTTP {answer.status}"


class JsonApi:
    """A provider's JSON over one connection pool, with patience."""

    def __init__(self, transport: Transport, headers: Mapping[str, str], patience: Patience) -> None:
        self._transport = transport
        self._headers = {"Accept": "application/json", **headers}
        self._patience = patience

    def ask(self, method: str, path: str, body: object = None) -> object:
        """The JSON value of the answer, None where it has no body. Raises NotToldError."""
        headers = dict(self._headers)
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        answer = self._patience.answer(lambda: self._transport.request(method, path, headers, content))
        if not answer.body.strip():
            return None
        try:
            value: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise NotToldError("its answer is no JSON", answer.status) from None
        return value
