"""Holds our record against a provider's account: learns what no webhook brought, tells it whom not to write to."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from channels.account import Account, Gap, Question, Strange, Told
from channels.event import DeliveryEvent
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.domain.delivery_event import meaning_of
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.delivery.record_inbound import Read, record_inbound
from dispatcher.delivery.record_listed_addresses import OPEN, record_listed_addresses
from dispatcher.delivery.storage import provider_accounts, provider_events
from dispatcher.delivery.storage.provider_accounts import Sent
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.storage import tasks
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.values.message_id import RandomBytes
from dispatcher.values.written_address import address_key

STRANGE_MESSAGE = "strange_message"  # the kind of task that asks a person
LONGEST_LOOK_BACK = timedelta(days=30)
MOST_WISHES = 50_000  # a night
MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciling:
    """What it works with. `clock` is the business clock; `own` are addresses of our own people, who get trials."""

    database: Database
    strategies: Sequence[Strategy]
    read: Read
    random_bytes: RandomBytes
    clock: Callable[[], datetime]
    own: Collection[str] = ()
    actor: str = "dispatcher"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountReport:
    """What came of one account: `learned` by kind, wishes it was told, ids of messages that are not ours, gaps."""

    provider: str
    learned: Counter[str]
    told: int
    strange: tuple[str, ...]
    gaps: tuple[Gap, ...]

    def __str__(self) -> str:
        learned = (
            ", ".join(f"{count} {word}" for word, count in sorted(self.learned.items())) or "nothing new"
        )
        return f"{self.provider}: {learned}; told {self.told} wishes; {len(self.strange)} messages that are not ours"

    @property
    def needs_a_person(self) -> bool:
        """Whether something was found or failed; what an account does not offer is neither."""
        return bool(self.strange) or any(gap.is_fault for gap in self.gaps)


def reconcile_account(desk: Reconciling, account: Account) -> AccountReport:
    """Ask and tell one account; safe to repeat. The provider is asked outside of any transaction."""
    began = desk.clock()
    lists = account.lists()
    learned = record_listed_addresses(
        desk.database,
        account.provider,
        account.kind.value,
        lists.events,
        now=desk.clock(),
        strategies=desk.strategies,
    )
    question, sent = _question(desk, account, began)
    history = account.history(question)
    learned += _take_events(desk, history.events, sent)
    learned += _take_inbound(desk, history)
    strange = _take_strange(desk, account, history.strange)
    told, gaps = _pass_on(desk, account)
    report = AccountReport(
        provider=account.provider,
        learned=learned,
        told=told,
        strange=strange,
        gaps=(*lists.gaps, *history.gaps, *gaps),
    )
    _remember(desk, account, report, began)
    return report


def _question(desk: Reconciling, account: Account, now: datetime) -> tuple[Question, list[Sent]]:
    with desk.database.reading() as connection:
        until = provider_accounts.asked_until(connection, account.provider) or now
        since = max(min(until, now - account.reach), now - max(LONGEST_LOOK_BACK, account.reach))
        sent = provider_accounts.sent_since(connection, account.provider, since - account.reach)
    named = [one for one in sent if one.provider_id]
    question = Question(
        since=since,
        until=now,
        open=frozenset(one.provider_id for one in named if one.state in OPEN),
        ended=frozenset(one.provider_id for one in named if one.state not in OPEN),
        doubtful=frozenset(address_key(one.address) for one in sent if not one.provider_id),
    )
    return question, sent


def _take_events(desk: Reconciling, events: Iterable[DeliveryEvent], sent: Sequence[Sent]) -> Counter[str]:
    """Record what says something new of our messages: a webhook may have told the rest under another id."""
    by_ours = {one.id: one for one in sent}
    by_theirs = {one.provider_id: one for one in sent if one.provider_id}
    news = []
    for event in events:
        one = by_ours.get(event.message_id) or by_theirs.get(event.provider_id)
        if one is None:
            continue
        means = meaning_of(event, one.state)
        if means.after is not one.state or means.opted_out or means.close_address:
            news.append(replace(event, message_id=one.id))
    counts = record_delivery_events(desk.database, news, now=desk.clock(), strategies=desk.strategies)
    del counts["repeated"]
    return counts


def _take_inbound(desk: Reconciling, history: Told) -> Counter[str]:
    counts: Counter[str] = Counter()
    for inbound in sorted(history.inbound, key=lambda one: one.at):
        heard = record_inbound(
            desk.database, inbound, read=desk.read, now=desk.clock(), random_bytes=desk.random_bytes
        )
        if heard.new:
            counts[f"inbound {heard.kind}"] += 1
    return counts


def _take_strange(desk: Reconciling, account: Account, found: Iterable[Strange]) -> tuple[str, ...]:
    """Messages that the provider sent for us and that we do not have: told once, each, and put before a person."""
    own = {address_key(address) for address in desk.own}
    ids = sorted({one.provider_id for one in found if address_key(one.address) not in own})
    with desk.database.writing() as connection:
        ours = provider_events.message_ids(connection, ids)
        fresh = _keep(connection, account.provider, [key for key in ids if key not in ours], desk.clock())
        if fresh:
            _ask_a_person(connection, account.provider, fresh, desk.clock())
    return tuple(fresh)


def _keep(connection: Connection, provider: str, ids: Sequence[str], now: datetime) -> list[str]:
    rows: list[dict[str, Any]] = [
        {
            "provider": provider,
            "event_id": f"strange/{key}",
            "message_id": None,
            "kind": "strange",
            "at": now,
            "received_at": now,
            "raw": {},
        }
        for key in ids
    ]
    kept = {event_id for _, event_id in provider_events.keep(connection, rows)}
    fresh = [key for key in ids if f"strange/{key}" in kept]
    entries = [
        LogEntry(
            event=Event.UNMATCHED_EVENT,
            at=now,
            actor=provider,
            provider=provider,
            provider_id=key,
            details={"event_id": f"strange/{key}", "kind": "strange", "said_message": ""},
        )
        for key in fresh
    ]
    delivery_log.append(connection, entries)
    return fresh


def _ask_a_person(connection: Connection, provider: str, ids: Sequence[str], now: datetime) -> None:
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    text = (
        f"{provider} sent {len(ids)} messages from our account that stand nowhere here: look there who sent them "
        f"({', '.join(ids[:MOST_NAMED])}{more})"
    )
    tasks.add(
        connection, STRANGE_MESSAGE, at=now, text=text, details={"provider": provider, "ids": list(ids)}
    )


def _pass_on(desk: Reconciling, account: Account) -> tuple[int, list[Gap]]:
    with desk.database.reading() as connection:
        wishes = provider_accounts.untold_wishes(
            connection, account.provider, account.kind.value, limit=MOST_WISHES
        )
    passed = account.pass_on(wishes)
    taken = [wish for wish in wishes if wish.id in passed.taken]
    with desk.database.writing() as connection:
        provider_accounts.remember_told(connection, account.provider, taken, at=desk.clock())
    return len(taken), passed.gaps


def _remember(desk: Reconciling, account: Account, report: AccountReport, began: datetime) -> None:
    entry = LogEntry(
        event=Event.ACCOUNT_ASKED,
        at=desk.clock(),
        actor=desk.actor,
        channel=account.kind.value,
        provider=account.provider,
        details={
            "learned": dict(report.learned),
            "told": report.told,
            "strange": len(report.strange),
            "gaps": [str(gap) for gap in report.gaps],
        },
    )
    with desk.database.writing() as connection:
        delivery_log.append(connection, [entry])
        if not any(gap.is_fault for gap in report.gaps):
            provider_accounts.mark_asked(connection, account.provider, began)
