"""Asks Twilio's account: its log of messages, out and in; tells it of consents withdrawn and given again."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from twilio.rest.api.v2010.account.message import MessageInstance, MessagePage

from channels.account import Gap, Passed, Question, Strange, Told, Wish
from channels.asking import NotToldError, Patience, Rest
from channels.event import DeliveryEvent, InboundMessage
from channels.http import Answer, Transport
from channels.kind import ChannelKind
from channels.settings import ChannelSettings
from channels.sms.twilio_client import API, UNREADABLE, AnsweredError, make_client
from channels.sms.twilio_events import status_event
from channels.sms.twilio_settings import TWILIO
from channels.webhook import short_id, storable

ACCOUNTS = "https://accounts.twilio.com"
PAGE = 1_000  # the most that the log gives at once
CONSENTS_AT_ONCE = 25  # the most that one request may carry
MOST_FETCHED = 500  # messages that the log's dates do not reach, asked for one by one
EARLIER = timedelta(days=1)  # the log goes by whole days of GMT
_SAYS_NOTHING: Final = frozenset({"accepted", "scheduled", "queued", "sending", ""})
_T = TypeVar("_T")


class TwilioAccount:
    """The account behind one SID. What it refuses to send to (21610) stands in its log; there is no list of it."""

    kind = ChannelKind.SMS
    provider = TWILIO.name
    reach = timedelta(days=3)

    def __init__(self, settings: ChannelSettings, *, rest: Rest = time.sleep) -> None:
        self._settings = settings
        self._patience = Patience("Twilio", rest)
        self._log = self._transport(settings.base_url or API)
        self._consents = self._transport(accounts_url(settings.base_url))
        self._client = make_client(settings, (settings.base_url or API).rstrip("/"), self._log)
        self._accounts = make_client(settings, API, self._consents)
        self._accounts.accounts.base_url = accounts_url(settings.base_url)

    def _transport(self, base_url: str) -> Transport:
        return Transport(
            base_url,
            connect_timeout=self._settings.connect_timeout,
            timeout=self._settings.timeout,
            concurrency=1,
        )

    def lists(self) -> Told:
        """Nothing: Twilio's opt-outs are told by its refusals and by what people wrote, both in `history`."""
        return Told()

    def history(self, question: Question) -> Told:
        """Every message of the time, sent and received, and those asked about whose date the log does not have."""
        told = Told()
        seen: set[str] = set()
        try:
            for made in self._listed(question.since - EARLIER):
                seen.add(str(made.sid))
                self._read(made, question, told)
        except NotToldError as error:
            told.gaps.append(Gap("the log of messages", str(error)))
            return told
        self._fetch(sorted(question.open - seen), question, told)
        return told

    def _listed(self, since: datetime) -> Iterator[MessageInstance]:
        page: MessagePage | None = self._patiently(
            lambda: self._client.messages.page(date_sent_after=since, page_size=PAGE)
        )
        while page is not None:
            yield from self._readable(page)
            page = self._patiently(page.next_page)

    @staticmethod
    def _readable(page: MessagePage) -> Iterator[MessageInstance]:
        try:
            yield from page
        except UNREADABLE:
            raise NotToldError("a page of its log could not be read", 200) from None

    def _fetch(self, left: Sequence[str], question: Question, told: Told) -> None:
        for sid in left[:MOST_FETCHED]:
            try:
                self._read(self._patiently(self._client.messages(sid).fetch), question, told)
            except NotToldError as error:
                if error.status != 404:
                    told.gaps.append(Gap("single messages", str(error)))
                    return
        if len(left) > MOST_FETCHED:
            told.gaps.append(Gap("single messages", f"{len(left) - MOST_FETCHED} are left for the next time"))

    def _read(self, made: MessageInstance, question: Question, told: Told) -> None:
        sid, direction = str(made.sid), str(made.direction)
        if direction == "inbound":
            if self._is_to_us(made):
                told.inbound.append(_inbound(made))
            return
        if sid in question.open:
            if str(made.status) not in _SAYS_NOTHING:
                told.events.append(_event(made))
        elif direction == "outbound-api" and _is_strange(made, question):
            told.strange.append(Strange(sid, str(made.to)))

    def _is_to_us(self, made: MessageInstance) -> bool:
        """The account may have numbers of others; what is written to those is not for us."""
        service = self._settings.messaging_service_sid
        return made.to == self._settings.sender or bool(service and made.messaging_service_sid == service)

    def _patiently(self, call: Callable[[], _T]) -> _T:
        """What the library returns, asked again where Twilio says so. Raises NotToldError."""
        made: list[_T] = []

        def ask() -> Answer:
            try:
                made.append(call())
            except AnsweredError as refused:
                return refused.answer
            except UNREADABLE:
                raise NotToldError("its answer could not be read", 200) from None
            return Answer(status=200, headers={}, body=b"")

        self._patience.answer(ask)
        return made[0]

    def pass_on(self, wishes: Sequence[Wish]) -> Passed:
        """Consents, withdrawn and given again; Twilio answers for each of them."""
        passed = Passed()
        sender = self._settings.messaging_service_sid or self._settings.sender
        for start in range(0, len(wishes), CONSENTS_AT_ONCE):
            part = wishes[start : start + CONSENTS_AT_ONCE]
            items: list[object] = [_consent(wish, sender) for wish in part]
            try:
                made = self._patiently(partial(self._accounts.accounts.v1.bulk_consents.create, items=items))
            except NotToldError as error:
                what = f"{len(wishes) - start} consents"
                passed.gaps.append(Gap(what, str(error), is_fault=not error.not_offered))
                return passed
            _take(part, made.items, passed)
        return passed

    def close(self) -> None:
        """Close the kept connections."""
        self._log.close()
        self._consents.close()


def accounts_url(base_url: str) -> str:
    """Where consents are told: beside the API at Twilio, in whatever region; at the same place anywhere else."""
    if not base_url:
        return ACCOUNTS
    parts = urlsplit(base_url.rstrip("/"))
    if parts.netloc.startswith("api.") and (parts.hostname or "").endswith(".twilio.com"):
        parts = parts._replace(netloc="accounts." + parts.netloc.removeprefix("api."))
    return urlunsplit(parts)


def _is_strange(made: MessageInstance, question: Question) -> bool:
    """To a number that is in doubt it may be the very message of which no answer came: a person looks there anyway."""
    known = str(made.sid) in question.ended or str(made.to) in question.doubtful
    return not known and _created(made) >= question.since


def _event(made: MessageInstance) -> DeliveryEvent:
    return status_event(
        str(made.sid),
        str(made.status),
        int(made.error_code or 0),
        at=made.date_updated or made.date_sent or _created(made),
        address=storable(str(made.to)),
        reason=storable(str(made.error_message or "")),
        raw={"log": "messages"},
    )


def _inbound(made: MessageInstance) -> InboundMessage:
    return InboundMessage(
        provider=TWILIO.name,
        event_id=short_id(str(made.sid)),
        at=made.date_sent or _created(made),
        sender=storable(str(made.from_)),
        to=storable(str(made.to)),
        text=storable(str(made.body or "")),
        raw={"log": "messages"},
    )


def _created(made: MessageInstance) -> datetime:
    return made.date_created or made.date_updated or datetime.fromtimestamp(0, UTC)


def _consent(wish: Wish, sender: str) -> dict[str, str]:
    return {
        "contact_id": wish.address,
        "correlation_id": f"{wish.id:032x}",
        "sender_id": sender,
        "status": "opt-out" if wish.stops else "opt-in",
        "source": "others",
        "date_of_consent": wish.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _take(part: Sequence[Wish], items: object, passed: Passed) -> None:
    """Twilio answers by correlation id; what it does not answer for, it has not taken."""
    answers = items if isinstance(items, list) else []
    good = {
        str(answer.get("correlation_id"))
        for answer in answers
        if isinstance(answer, dict) and answer.get("error_code") == 0
    }
    taken = {wish.id for wish in part if f"{wish.id:032x}" in good}
    passed.taken |= taken
    if refused := len(part) - len(taken):
        codes = sorted(
            {str(a.get("error_code")) for a in answers if isinstance(a, dict) and a.get("error_code")}
        )
        passed.gaps.append(Gap(f"{refused} consents", f"refused with {', '.join(codes) or 'no word'}"))
