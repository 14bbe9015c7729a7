"""What providers tell us: signed always, read by the channels' parsers, recorded once, answered with 2xx."""

import logging
from collections.abc import Callable, Mapping

from starlette.responses import PlainTextResponse, Response

from channels.email.incoming import read_mail
from channels.email.sendgrid_events import parse_sendgrid_events
from channels.email.sendgrid_inbound import parse_sendgrid_inbound
from channels.email.sendgrid_settings import SENDGRID
from channels.event import DeliveryEvent
from channels.kind import ChannelKind
from channels.letter.lob_events import parse_lob_event
from channels.letter.lob_settings import LOB
from channels.sms.twilio_events import parse_twilio_inbound, parse_twilio_status
from channels.sms.twilio_settings import TWILIO
from channels.webhook import MalformedWebhookError, WebhookRefusedError
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.delivery.record_inbound import record_inbound
from dispatcher.delivery.record_mail import record_mail
from dispatcher.web.site.visit import Page, Visit

_LOG = logging.getLogger("dispatcher.web")
_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # TwiML: the confirmation goes its own way


def sendgrid(visit: Visit) -> Response:
    """A batch of events about e-mails."""
    key = visit.program.settings.provider(ChannelKind.EMAIL, SENDGRID.name).webhook_key

    def events() -> list[DeliveryEvent]:
        return parse_sendgrid_events(visit.body, _headers(visit), key, visit.now)

    return _recorded(visit, events)


def sendgrid_inbound(visit: Visit) -> Response:
    """One mail that somebody wrote to our address."""
    house = visit.program
    try:
        key = house.settings.provider(ChannelKind.EMAIL, SENDGRID.name).webhook_key
        raw = parse_sendgrid_inbound(visit.body, _headers(visit), key, visit.now)
    except WebhookRefusedError as refused:
        return _refused(visit, refused)
    record_mail(
        house.database,
        read_mail(raw, visit.now),
        read=house.read_reply,
        now=visit.now,
        random_bytes=house.random_bytes,
        strategies=house.policy.strategies,
    )
    return Response(status_code=204)


def twilio_status(visit: Visit) -> Response:
    """What became of one SMS."""

    def events() -> list[DeliveryEvent]:
        event = parse_twilio_status(
            visit.body,
            _headers(visit),
            auth_token=_twilio_token(visit),
            public_url=visit.program.settings.public_url,
            target=_target(visit),
            now=visit.now,
        )
        return [event]

    return _recorded(visit, events)


def twilio_inbound(visit: Visit) -> Response:
    """What somebody wrote to our number."""
    house = visit.program
    try:
        inbound = parse_twilio_inbound(
            visit.body,
            _headers(visit),
            auth_token=_twilio_token(visit),
            public_url=house.settings.public_url,
            target=_target(visit),
            now=visit.now,
        )
    except WebhookRefusedError as refused:
        return _refused(visit, refused)
    record_inbound(
        house.database,
        inbound,
        read=house.read_reply,
        now=visit.now,
        random_bytes=house.random_bytes,
    )
    return Response(_NO_ANSWER, media_type="text/xml")


def lob(visit: Visit) -> Response:
    """What became of a letter."""
    secret = visit.program.settings.provider(ChannelKind.LETTER, LOB.name).webhook_secret

    def events() -> list[DeliveryEvent]:
        return [parse_lob_event(visit.body, _headers(visit), secret, visit.now)]

    return _recorded(visit, events)


def _recorded(visit: Visit, read: Callable[[], list[DeliveryEvent]]) -> Response:
    """Record what came; events of messages that are not ours are answered 2xx too, and logged."""
    try:
        events = read()
    except WebhookRefusedError as refused:
        return _refused(visit, refused)
    house = visit.program
    record_delivery_events(house.database, events, now=visit.now, strategies=house.policy.strategies)
    return Response(status_code=204)


def _refused(visit: Visit, refused: WebhookRefusedError) -> Response:
    caller = visit.request.client.host if visit.request.client else "unknown"
    _LOG.warning("webhook %s from %s refused: %s", visit.request.url.path, caller, refused)
    status = 400 if isinstance(refused, MalformedWebhookError) else 403
    return PlainTextResponse(f"{status}: {refused}\n", status_code=status)


def _headers(visit: Visit) -> Mapping[str, str]:
    return dict(visit.request.headers)


def _twilio_token(visit: Visit) -> str:
    return visit.program.settings.provider(ChannelKind.SMS, TWILIO.name).auth_token


def _target(visit: Visit) -> str:
    """Path and query exactly as they came: that is what Twilio signed behind the public address."""
    scope = visit.request.scope
    raw: bytes = scope.get("raw_path") or visit.request.url.path.encode()
    query: bytes = scope.get("query_string", b"")
    path = raw.partition(b"?")[0].decode("latin-1")
    return path + (f"?{query.decode('latin-1')}" if query else "")


PAGES = (
    Page("POST", "/webhooks/sendgrid", sendgrid),
    Page("POST", "/webhooks/sendgrid/inbound", sendgrid_inbound),
    Page("POST", "/webhooks/twilio/status", twilio_status),
    Page("POST", "/webhooks/twilio/inbound", twilio_inbound),
    Page("POST", "/webhooks/lob", lob),
)
