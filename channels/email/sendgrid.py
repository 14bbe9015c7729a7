"""Sends e-mail through SendGrid's own library, over pooled connections with time-outs."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.parser import BytesHeaderParser

from python_http_client import Client
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    Attachment,
    Category,
    ClickTracking,
    Content,
    ContentId,
    CustomArg,
    Email,
    Ganalytics,
    Header,
    Mail,
    OpenTracking,
    Personalization,
    ReplyTo,
    SubscriptionTracking,
    TrackingSettings,
)
from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException

from channels.email.parts import Picture, read_parts
from channels.email.sendgrid_outcomes import outcome_of
from channels.email.sendgrid_settings import SENDGRID
from channels.http import Answer, NoAnswerError, NotWrittenError, Transport, not_let_in
from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Outcome, Rejected, Scope, TryLater, Unknown
from channels.settings import ChannelSettings

API = "https://api.sendgrid.com"
MOST_CATEGORIES = 10
_SEPARATORS = re.compile(
    "[,;]"
)  # SendGrid takes a name with one for two addresses, answers 202 and drops the mail


class PooledClient(Client):  # type: ignore[misc]  # the library carries no types
    """The library's client on kept connections.

    Its own opens a connection per call, waits for ever, and writes payload and key into the debug log.
    """

    def __init__(self, transport: Transport, **parts: object) -> None:
        super().__init__(**parts)
        self._transport = transport

    def _build_client(self, name: str | None = None) -> "PooledClient":
        return PooledClient(
            self._transport,
            host=self.host,
            version=self._version,
            request_headers=self.request_headers,
            url_path=[*self._url_path, name] if name else self._url_path,
        )

    def post(self, request_body: Mapping[str, object]) -> Answer:
        """POST as JSON to the path built so far; every status is an answer."""
        headers = {**self.request_headers, "Content-Type": "application/json"}
        return self._transport.request(
            "POST", self._build_url(None), headers, json.dumps(request_body).encode()
        )


class SendGridChannel:
    """E-mail by SendGrid. There is neither an idempotency key nor a look-up: a lost answer stays unknown."""

    kind = ChannelKind.EMAIL
    provider = SENDGRID.name
    repeat_is_safe = False
    can_look_up = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        base_url = (settings.base_url or API).rstrip("/")
        self._transport = Transport(
            base_url,
            connect_timeout=settings.connect_timeout,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
        )
        self._library = SendGridAPIClient(api_key=settings.api_key or "unset", host=base_url)
        self._library.client = PooledClient(
            self._transport, host=base_url, version=3, request_headers=self._library.client.request_headers
        )

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:
        """Hand over one e-mail with both of its forms."""
        try:
            answer: Answer = self._library.send(self._mail(message))
        except ApiKeyIncludedException:  # the library's guess, from a text that begins like a key
            return Rejected(reason="the text begins like a SendGrid key", scope=Scope.MESSAGE)
        except NotWrittenError as error:
            return TryLater(reason=str(error))
        except NoAnswerError as error:
            return Unknown(why=str(error))
        return outcome_of(answer, message.to, self._settings.api_key, now=now)

    def _mail(self, message: OutboundMessage) -> Mail:
        parts = read_parts(message.body)
        mail = Mail()
        mail.from_email = _address(Email(), message.sender or self._settings.sender, message.sender_name)
        mail.subject = message.subject
        mail.add_personalization(_addressee(message))
        for kind, text in (("text/plain", parts.text), ("text/html", parts.html)):
            if text:
                mail.add_content(Content(kind, text))
        for picture in parts.pictures:
            mail.add_attachment(_inline(picture))
        _add_headers(mail, message)
        mail.tracking_settings = _nothing_tracked()
        return mail

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """SendGrid cannot say; the event webhook decides, else a person."""
        return None

    def check(self) -> str | None:
        """What is missing from the settings, or None."""
        return SENDGRID.fault(self._settings)

    def log_in(self) -> str | None:
        """Asks what the key may do; sending mail must be among it."""
        headers = {"Accept": "application/json", **self._library.client.request_headers}
        try:
            answer = self._transport.request("GET", "/v3/scopes", headers)
        except (NotWrittenError, NoAnswerError) as error:
            return str(error)
        scopes = answer.said.get("scopes")
        if trouble := not_let_in(answer, "SendGrid"):
            return trouble
        if not isinstance(scopes, list) or "mail.send" not in scopes:
            return (
                "SendGrid lets the key in, but not to send mail: give it mail.send (Mail Send, full access)"
            )
        return None

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()


def _inline(picture: Picture) -> Attachment:
    """A picture that the HTML shows by its Content-ID."""
    name = f"logo.{picture.media_type.removeprefix('image/')}"
    attachment = Attachment(picture.base64, name, picture.media_type, "inline")
    attachment.content_id = ContentId(picture.content_id)
    return attachment


def _address(form: Email, address: str, name: str) -> Email:
    """The address as it is; given to the constructor without a name, the library would parse and change it."""
    form.email = address
    if bare := " ".join(_SEPARATORS.sub(" ", name).split()):
        form.name = bare
    return form


def _addressee(message: OutboundMessage) -> Personalization:
    addressee = Personalization()
    addressee.add_to(_address(Email(), message.to, message.to_name))
    addressee.add_custom_arg(CustomArg("message_id", message.message_id))
    return addressee


# What the kept bytes say of themselves, so that what is sent is what is kept.
_AS_KEPT = ("Message-ID", "Auto-Submitted", "Content-Language")


def _add_headers(mail: Mail, message: OutboundMessage) -> None:
    mail.add_header(Header("X-Message-ID", message.message_id))
    kept = BytesHeaderParser().parsebytes(message.body)
    for name in _AS_KEPT:
        if value := kept[name]:
            mail.add_header(Header(name, str(value)))
    if message.unsubscribe_url:
        mail.add_header(Header("List-Unsubscribe", f"<{message.unsubscribe_url}>"))
        mail.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    if message.reply_to:
        mail.reply_to = _address(ReplyTo(), message.reply_to, "")
    for name in list(dict.fromkeys(message.categories))[:MOST_CATEGORIES]:
        mail.add_category(Category(name[:255]))


def _nothing_tracked() -> TrackingSettings:
    """Who reads a letter about a debt, and when, is nobody's business."""
    return TrackingSettings(
        click_tracking=ClickTracking(enable=False, enable_text=False),
        open_tracking=OpenTracking(enable=False),
        subscription_tracking=SubscriptionTracking(enable=False),
        ganalytics=Ganalytics(enable=False),
    )
