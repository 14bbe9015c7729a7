"""Asks SendGrid's account: its lists of addresses, its Email Activity; tells it whom not to write to."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from channels.account import Gap, Passed, Question, Strange, Told, Wish
from channels.asking import JsonApi, NotToldError, Patience, Rest
from channels.email.sendgrid import API
from channels.email.sendgrid_events import event_of, routed, well_formed
from channels.email.sendgrid_settings import SENDGRID
from channels.event import DeliveryEvent, EventKind
from channels.http import Transport
from channels.kind import ChannelKind
from channels.settings import ChannelSettings

PAGE = 500  # the most that a list gives at once
ACTIVITY_PAGE = 1_000  # likewise Email Activity, which knows no second page
SHORTEST_WINDOW = timedelta(seconds=1)
MOST_DETAILS = 100  # six requests a minute are allowed: a quarter of an hour
WISHES_AT_ONCE = 500
MOST_PAGES = 10_000
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    path: str
    kind: EventKind
    permanent: Callable[[Row], bool] = lambda _row: False
    paged: bool = True


def _is_no_address(row: Row) -> bool:
    """Also a good address is called invalid, for a name with a comma: then nothing is said of its domain."""
    return not well_formed(_text(row, "email")) or "domain" in _text(row, "reason").casefold()


_LISTS: Final = (
    _List("bounces", "/v3/suppression/bounces", EventKind.BOUNCED, lambda _row: True),
    _List("blocks", "/v3/suppression/blocks", EventKind.BOUNCED),
    _List("invalid_emails", "/v3/suppression/invalid_emails", EventKind.REJECTED, _is_no_address),
    _List("spam_reports", "/v3/suppression/spam_reports", EventKind.COMPLAINED),
    _List("unsubscribes", "/v3/suppression/unsubscribes", EventKind.UNSUBSCRIBED),
    _List("groups", "/v3/asm/suppressions", EventKind.UNSUBSCRIBED, paged=False),
)
# Email Activity's words -> those of the webhook.
_WORDS: Final = {"bounced": "bounce", "spam_report": "spamreport"}


class SendGridAccount:
    """The account behind one API key."""

    kind = ChannelKind.EMAIL
    provider = SENDGRID.name
    reach = timedelta(days=3)

    def __init__(self, settings: ChannelSettings, *, rest: Rest = time.sleep) -> None:
        self._transport = Transport(
            settings.base_url or API,
            connect_timeout=settings.connect_timeout,
            timeout=settings.timeout,
            concurrency=1,
        )
        headers = {"Authorization": f"Bearer {settings.api_key}"}
        self._api = JsonApi(self._transport, headers, Patience("SendGrid", rest))

    def lists(self) -> Told:
        """Bounces, blocks, invalid addresses, spam reports, unsubscribes and those of groups, whole."""
        told = Told()
        for each in _LISTS:
            try:
                told.events += [_listed(each, row) for row in self._rows(each) if _text(row, "email")]
            except NotToldError as error:
                told.gaps.append(Gap(f"the list of {each.name}", str(error)))
        return told

    def _rows(self, each: _List) -> Iterator[Row]:
        for number in range(MOST_PAGES if each.paged else 1):
            query = f"?{urlencode({'limit': PAGE, 'offset': number * PAGE})}" if each.paged else ""
            rows = _dicts(self._api.ask("GET", each.path + query))
            yield from rows
            if len(rows) < PAGE:
                return

    def history(self, question: Question) -> Told:
        """What Email Activity knows, where the account has bought it."""
        told = Told()
        try:
            items = list(self._items(question.since, question.until, told))
        except NotToldError as error:
            told.gaps.append(Gap("Email Activity", str(error), is_fault=not error.not_offered))
            return told
        wanted = []
        for item in items:
            if self._needs_detail(item, question):
                wanted.append(item)
            elif (simple := _delivered(item, question)) is not None:
                told.events.append(simple)
            elif _is_strange(item, question):
                told.strange.append(Strange(_id(item), _text(item, "to_email")))
        self._read_details(wanted, told)
        return told

    def _items(self, since: datetime, until: datetime, told: Told) -> Iterator[Row]:
        """Every message with an event in the window, which is halved as long as it holds more than an answer does."""
        rows = self._window(since, until)
        if len(rows) < ACTIVITY_PAGE:
            yield from rows
            return
        if until - since <= SHORTEST_WINDOW:
            told.gaps.append(Gap("Email Activity", f"more than {ACTIVITY_PAGE} messages in one second"))
            yield from rows
            return
        middle = (since + (until - since) / 2).replace(microsecond=0)
        yield from self._items(since, middle, told)
        yield from self._items(middle + timedelta(seconds=1), until, told)

    def _window(self, since: datetime, until: datetime) -> list[Row]:
        bounds = f'TIMESTAMP "{_stamp(since)}" AND TIMESTAMP "{_stamp(until)}"'
        query = urlencode(
            {"query": f"last_event_time BETWEEN {bounds}", "limit": ACTIVITY_PAGE}, quote_via=quote
        )
        said = self._api.ask("GET", f"/v3/messages?{query}")
        return _dicts(said.get("messages") if isinstance(said, dict) else None)

    def _needs_detail(self, item: Row, question: Question) -> bool:
        """A failure is told with its reason alone; a message whose id we never heard names itself in its details."""
        key = _id(item)
        if key in question.open:
            return _text(item, "status") == "not_delivered"
        return key not in question.ended and _text(item, "to_email").casefold() in question.doubtful

    def _read_details(self, wanted: Sequence[Row], told: Told) -> None:
        for item in wanted[:MOST_DETAILS]:
            try:
                said = self._api.ask("GET", f"/v3/messages/{quote(_text(item, 'msg_id'), safe='')}")
            except NotToldError as error:
                told.gaps.append(Gap("details of Email Activity", str(error)))
                return
            if isinstance(said, dict):
                told.events += _events(said)
        left = len(wanted) - MOST_DETAILS
        if left > 0:
            told.gaps.append(Gap("details of Email Activity", f"{left} messages are left for the next time"))

    def pass_on(self, wishes: Sequence[Wish]) -> Passed:
        """Stops go on the list of global suppressions; a stop that ended is taken off it."""
        passed = Passed()
        stops = [wish for wish in wishes if wish.stops]
        for start in range(0, len(stops), WISHES_AT_ONCE):
            self._suppress(stops[start : start + WISHES_AT_ONCE], passed)
        for wish in wishes:
            if not wish.stops:
                self._pass_one(
                    wish, "DELETE", f"/v3/asm/suppressions/global/{quote(wish.address, safe='')}", passed
                )
        return passed

    def _suppress(self, stops: Sequence[Wish], passed: Passed) -> None:
        addresses = {"recipient_emails": [wish.address for wish in stops]}
        try:
            self._api.ask("POST", "/v3/asm/suppressions/global", addresses)
        except NotToldError as error:
            if error.status == 400 and len(stops) > 1:  # one of them is no address to SendGrid: find it
                for half in (stops[: len(stops) // 2], stops[len(stops) // 2 :]):
                    self._suppress(half, passed)
                return
            passed.gaps.append(Gap(f"{len(stops)} wishes", str(error)))
            return
        passed.taken |= {wish.id for wish in stops}

    def _pass_one(self, wish: Wish, method: str, path: str, passed: Passed) -> None:
        try:
            self._api.ask(method, path)
        except NotToldError as error:
            if error.status != 404:
                passed.gaps.append(Gap("a wish that has ended", str(error)))
                return
        passed.taken.add(wish.id)

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()


def _listed(each: _List, row: Row) -> DeliveryEvent:
    address = _text(row, "email")
    created = _text(row, "created") or _text(row, "created_at")
    group = _text(row, "group_id")
    digest = hashlib.sha256(address.casefold().encode()).hexdigest()
    return DeliveryEvent(
        provider=SENDGRID.name,
        event_id="/".join(filter(None, (each.name, group, digest, created))),
        kind=each.kind,
        at=_instant(created),
        address=address,
        permanent=each.permanent(row),
        opted_out=each.kind is EventKind.UNSUBSCRIBED,
        code=_text(row, "status"),
        reason=_text(row, "reason"),
        raw={"list": each.name},
    )


def _delivered(item: Row, question: Question) -> DeliveryEvent | None:
    if _id(item) not in question.open or _text(item, "status") != "delivered":
        return None
    at = _text(item, "last_event_time")
    return _event(item, {"event_name": "delivered", "processed": at}, "", 0)


def _is_strange(item: Row, question: Question) -> bool:
    key = _id(item)
    return key not in question.open and key not in question.ended


def _events(said: Row) -> list[DeliveryEvent]:
    """The events of one message's details; our id stands among the arguments that travelled with it."""
    ours = ""
    try:
        arguments = json.loads(_text(said, "unique_args") or "null")
        ours = str(arguments.get("message_id", "")) if isinstance(arguments, dict) else ""
    except ValueError:
        pass  # then the provider's own id has to do
    return [_event(said, row, ours, number) for number, row in enumerate(_dicts(said.get("events")))]


def _event(item: Row, row: Row, ours: str, number: int) -> DeliveryEvent:
    """An event in the words of the webhook, so that both mean the same."""
    word = _text(row, "event_name")
    at = _text(row, "processed")
    raw = {
        "event": _WORDS.get(word, word),
        "email": _text(item, "to_email"),
        "timestamp": int(_moment(at).timestamp()),
        "reason": _text(row, "reason"),
        "type": "blocked" if word == "bounced" and _text(row, "bounce_type") == "soft" else "",
        "sg_event_id": f"activity/{_id(item)}/{word}/{at}/{number}",
        "sg_message_id": _id(item),
        "message_id": ours,
    }
    return event_of(raw, _moment(at))


def _id(item: Row) -> str:
    return routed(_text(item, "msg_id"))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(float(text)), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _dicts(value: object) -> list[Row]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""
