"""Sends SMS through Twilio's own library, over pooled connections with time-outs."""

from datetime import datetime, timedelta
from urllib.parse import quote

from twilio.rest.api.v2010.account.message import MessageInstance

from channels.http import Answer, NoAnswerError, NotWrittenError, Transport, foreign, not_let_in
from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome, TryLater, Unknown
from channels.privacy import without
from channels.settings import ChannelSettings
from channels.sms.twilio_client import API, UNREADABLE, AnsweredError, make_client
from channels.sms.twilio_outcomes import failure, refusal
from channels.sms.twilio_settings import TWILIO

LONGEST_VALIDITY = 36_000  # seconds, Twilio's own bound
SHORTEST_VALIDITY = 5  # below this Twilio may drop the message before a carrier sees it
LONGEST_CODE = 6
_FAILED = frozenset({"failed", "undelivered", "canceled"})


class TwilioChannel:
    """SMS by Twilio. There is no idempotency key: a lost answer is looked up, never sent again."""

    kind = ChannelKind.SMS
    provider = TWILIO.name
    repeat_is_safe = False
    can_look_up = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._window = timedelta(seconds=settings.connect_timeout + settings.timeout + 60)
        base_url = (settings.base_url or API).rstrip("/")
        self._transport = Transport(
            base_url,
            connect_timeout=settings.connect_timeout,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
        )
        self._client = make_client(settings, base_url, self._transport)
        self._callback = f"{settings.public_url.rstrip('/')}/webhooks/twilio/status?message_id="

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:
        """Hand over one SMS; the carrier gets until the end of the legal window, no longer."""
        validity = _validity(message.not_after, now)
        if validity is not None and validity < SHORTEST_VALIDITY:
            return TryLater(
                reason="the legal window closes in a few seconds", code="window", provider_failed=False
            )
        fields = self._fields(message, validity)
        try:
            return self._made(self._client.messages.create(**fields), message.to)
        except AnsweredError as refused:
            return self._refused(refused.answer, message.to, now)
        except NotWrittenError as error:
            return TryLater(reason=str(error))
        except NoAnswerError as error:
            return Unknown(why=str(error))
        except UNREADABLE:
            return Unknown(why="Twilio's acceptance could not be read")

    def _fields(self, message: OutboundMessage, validity: int | None) -> dict[str, object]:
        fields: dict[str, object] = {
            "to": message.to,
            "body": message.body.decode(),
            "status_callback": self._callback + quote(message.message_id, safe=""),
            # The text that was checked and is kept as evidence is the text that goes out.
            "smart_encoded": False,
        }
        if validity is not None:
            fields["validity_period"] = validity
        if self._settings.messaging_service_sid:
            fields["messaging_service_sid"] = self._settings.messaging_service_sid
        else:
            fields["from_"] = message.sender or self._settings.sender
        return fields

    def _refused(self, answer: Answer, to: str, now: datetime) -> Outcome:
        code, words = _error(answer)
        words = foreign(answer, "Twilio") or words
        return refusal(answer, code, self._safe(words, to), now)

    def _made(self, made: MessageInstance, to: str) -> Outcome:
        if not made.sid:
            return Unknown(why="Twilio's acceptance names no message")
        if str(made.status) in _FAILED:
            return failure(int(made.error_code or 0), self._safe(str(made.error_message or made.status), to))
        return Accepted(provider_id=without(str(made.sid)), note=without(str(made.status)))

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """The one message to this number with this text at that time; None when there are none or several.

        None found is no proof: Twilio may list it later. A person decides.
        """
        try:
            listed = self._client.messages.list(
                to=to, date_sent_after=attempted_at - timedelta(days=1), limit=200
            )
            same = [made for made in listed if self._is_ours(made, attempted_at, body.decode())]
            return self._made(same[0], to) if len(same) == 1 else None
        except (AnsweredError, NotWrittenError, NoAnswerError, *UNREADABLE):
            return None

    def _is_ours(self, made: MessageInstance, attempted_at: datetime, text: str) -> bool:
        if made.date_created is None or str(made.direction).startswith("inbound"):
            return False
        near = attempted_at - timedelta(seconds=60) <= made.date_created <= attempted_at + self._window
        return near and bool(text) and made.body == text

    def _safe(self, words: str, to: str) -> str:
        return without(words, to, self._settings.auth_token)

    def check(self) -> str | None:
        """What is missing from the settings, or None."""
        return TWILIO.fault(self._settings)

    def log_in(self) -> str | None:
        """Asks for the account itself; a suspended or closed one sends nothing."""
        try:
            account = self._client.api.accounts(self._settings.account_sid).fetch()
            state = str(account.status)
        except AnsweredError as refused:
            return not_let_in(refused.answer, "Twilio")
        except (NotWrittenError, NoAnswerError) as error:
            return str(error)
        except UNREADABLE:
            return "Twilio's answer about the account could not be read"
        return None if state == "active" else f"Twilio says that the account is {without(state)}"

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()


def _validity(not_after: datetime | None, now: datetime) -> int | None:
    """Whole seconds until the window closes, within Twilio's bound; None without a window."""
    if not_after is None:
        return None
    return min(int((not_after - now).total_seconds()), LONGEST_VALIDITY)


def _error(answer: Answer) -> tuple[int, str]:
    """Twilio's code and words; the status stands in for a code where the answer is not Twilio's form."""
    code = str(answer.said.get("code") or "")
    words = answer.said.get("message") or answer.said.get("detail") or f"HTTP {answer.status}"
    return int(code) if code.isdecimal() and len(code) <= LONGEST_CODE else answer.status, str(words)
