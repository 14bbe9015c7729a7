"""Twilio's own library on kept connections with time-outs."""

import base64
import logging
from collections.abc import Mapping
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.http import Answer, Transport
from channels.settings import ChannelSettings

API = "https://api.twilio.com"
# What the library lets through when an answer is not in the form it expects.
UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, RecursionError, TwilioException)


class AnsweredError(Exception):
    """Carries a refusal past the library, whose own exception loses the headers and with them Retry-After."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class PooledHttpClient(HttpClient):  # type: ignore[misc]  # the library's typing is partial
    """The library's transport, on kept connections; it logs nothing."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._transport = transport

    def request(  # the library's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # the transport's own hold
        allow_redirects: bool = False,  # noqa: FBT001, FBT002  # the library's signature; never followed
    ) -> Response:
        """One request in the library's terms. Raises AnsweredError for every status but 2xx."""
        target = f"{url}?{urlencode(params, doseq=True)}" if params else url
        body = urlencode(data, doseq=True).encode() if data else None
        answer = self._transport.request(method, target, _with_login(headers or {}, auth), body)
        if not 200 <= answer.status < 300:
            raise AnsweredError(answer)
        return Response(answer.status, answer.body.decode(), answer.headers)


def _with_login(headers: Mapping[str, str], auth: tuple[str, str] | None) -> dict[str, str]:
    token = base64.b64encode(":".join(auth or ("", "")).encode()).decode()
    return {**headers, "Authorization": f"Basic {token}"}


def make_client(settings: ChannelSettings, base_url: str, transport: Transport) -> Client:
    """The library's client, told where to talk and by which connections."""
    client = Client(
        username=settings.account_sid or "unset",
        password=settings.auth_token or "unset",
        http_client=PooledHttpClient(transport),
        environment={"TWILIO_EDGE": ""},  # our settings decide where it talks to, not the process environment
    )
    client.api.base_url = base_url
    return client
