"""The cookies: the session, the sign-in's own, a debtor's visit, and the one sentence that survives a redirect."""

import base64
import json
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

Tone = Literal["good", "bad"]


class Cookies:
    """Sets and reads cookies; over https they bear the `__Host-` prefix, which no other host can forge."""

    def __init__(self, *, https: bool) -> None:
        self._https = https
        prefix = "__Host-" if https else ""
        self.session = f"{prefix}dispatcher_session"
        self.form = f"{prefix}dispatcher_form"
        self.begun = f"{prefix}dispatcher_begun"  # after the password, or on the way to the provider
        self.debtor = f"{prefix}dispatcher_debtor"
        self._said = f"{prefix}dispatcher_said"

    def set(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """Set a cookie that scripts cannot read and other sites do not send along."""
        response.set_cookie(
            name, value, max_age=max_age, path="/", secure=self._https, httponly=True, samesite="lax"
        )

    def clear(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(name, path="/", secure=self._https, httponly=True, samesite="lax")

    def say(self, response: Response, tone: Tone, sentence: str) -> Response:
        """Leave a sentence for the next page."""
        packed = base64.urlsafe_b64encode(json.dumps([tone, sentence[:500]]).encode()).decode()
        self.set(response, self._said, packed, max_age=60)
        return response

    def hear(self, request: Request) -> tuple[str, str] | None:
        """The sentence (tone, text) left by the page before."""
        try:
            tone, sentence = json.loads(base64.urlsafe_b64decode(request.cookies[self._said]))
        except (
            KeyError,
            ValueError,
            TypeError,
            RecursionError,
        ):  # a cookie may hold whatever a stranger likes
            return None
        return ("bad" if tone == "bad" else "good", str(sentence)[:500])

    def forget_said(self, request: Request, response: Response) -> None:
        """Take the sentence back once it was shown."""
        if self._said in request.cookies:
            self.clear(response, self._said)
