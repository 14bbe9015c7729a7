"""Messages as they would be planned if a template were used today: for previews and rehearsals, never stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from channels.kind import ChannelKind
from dispatcher.agreements.domain.offered_before import OfferedBefore, past_among
from dispatcher.agreements.storage.sent_offers import settlements_sent
from dispatcher.database.engine import Connection
from dispatcher.messages.domain.envelope import Envelope
from dispatcher.messages.domain.message import Message, State
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.told import first_sent
from dispatcher.planning.domain.conversation import DueDebt, Intent, group_dues
from dispatcher.planning.domain.intended import reachable_points
from dispatcher.planning.domain.planner import contact_of
from dispatcher.planning.domain.strategy import Step, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import explained
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.treatment.find_segments import with_segments
from dispatcher.writing.domain.message_inputs import Offered, message_inputs
from dispatcher.writing.domain.render_inputs import RenderInputs

IMAGINED_ID = "preview"


@dataclass(frozen=True, kw_only=True, slots=True)
class Imagined:
    """One message that the template might make, and what its text is made from."""

    message: Message
    person: PersonFile
    inputs: RenderInputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which messages are imagined: a template's kinds decide where no strategy uses it; `channel` None: all."""

    template: str
    kinds: frozenset[str]
    as_of: date
    now: datetime
    channel: ChannelKind | None = None


def imagine(
    connection: Connection, desk: Policy, debtor_ids: Sequence[int], wanted: Wanted
) -> Iterator[Imagined]:
    """Every message that these people could get from a template about their open debts; a fixed number of queries."""
    files = _read(connection, desk, debtor_ids, wanted)
    for debtor_id in debtor_ids:
        for intent in _intents(files, debtor_id, desk, wanted):
            yield from _of_intent(files, desk, intent, wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Files:
    """What is on file about some people: their debts and relations by person, the rest by debt or person."""

    people: Mapping[int, PersonFile]
    relations: Mapping[int, Mapping[int, str]]
    debts: Mapping[int, DebtFile]
    strategies: Mapping[int, str]
    first_sent: Mapping[tuple[int, int], date]
    settlements: Mapping[int, Sequence[OfferedBefore]]


def _read(connection: Connection, desk: Policy, debtor_ids: Sequence[int], wanted: Wanted) -> _Files:
    relations = explained.debt_ids_of_people(connection, debtor_ids)
    ids = {debt_id for owed in relations.values() for debt_id in owed}
    debts = load_debts(connection, ids, as_of=wanted.as_of)
    return _Files(
        people=load_people(connection, set(debtor_ids), now=wanted.now),
        relations=relations,
        debts=with_segments(connection, debts, desk.segments, wanted.as_of),
        strategies=strategies_of(
            connection, desk.strategies, ids, segments=desk.segments, as_of=wanted.as_of
        ),
        first_sent=first_sent(connection, ids),
        settlements=settlements_sent(connection, debtor_ids),
    )


def _intents(files: _Files, debtor_id: int, desk: Policy, wanted: Wanted) -> Iterator[Intent]:
    dues: list[DueDebt] = []
    for debt_id, relation in files.relations[debtor_id].items():
        debt = files.debts[debt_id]
        if debt.balance.minor <= 0 or not debt.is_open(wanted.as_of):
            continue
        strategy = desk.strategy(files.strategies.get(debt.id, "")) or _NO_STRATEGY
        step = _step_for(strategy, wanted)
        dues.append(DueDebt(debt=debt, step=step, strategy=strategy, relation=relation))
    yield from group_dues(files.people[debtor_id], dues)


def _step_for(strategy: Strategy, wanted: Wanted) -> Step:
    """The strategy's step with this template; one made up from the template's kind if there is none."""
    for step in strategy.steps:
        if step.template == wanted.template:
            return step
    kind = min(wanted.kinds)
    return Step(name=wanted.template, kind=kind, day=1, channels=tuple(ChannelKind), template=wanted.template)


_NO_STRATEGY = Strategy(name="", steps=())


def _of_intent(files: _Files, desk: Policy, intent: Intent, wanted: Wanted) -> Iterator[Imagined]:
    sender = desk.senders.get(intent.person.creditor)
    if sender is None:
        return
    before = files.settlements.get(intent.person.id, ())
    offered = Offered(terms=desk.offers, past=past_among(before, wanted.as_of))
    for channel in [wanted.channel] if wanted.channel else list(intent.step.channels):
        for point in reachable_points(intent.person, channel)[:1]:
            contact = contact_of(intent, channel, point, sender)
            packs = tuple(pack.name for pack in desk.packs_for(contact, wanted.now.date()))
            message = message_of(intent, channel, point, packs, wanted)
            url = desk.optout_url(intent.person.person, channel.value, point.id if point else 0)
            inputs = message_inputs(
                message,
                intent.person,
                intent.asked,
                sender,
                first_sent=files.first_sent,
                optout_url=url,
                offered=offered,
            )
            yield Imagined(message=message, person=intent.person, inputs=inputs)


def message_of(
    intent: Intent, channel: ChannelKind, point: ContactPoint | None, packs: tuple[str, ...], wanted: Wanted
) -> Message:
    """A message as it would be stored, under no id of its own."""
    person = intent.person
    return Message(
        id=IMAGINED_ID,
        run_id=None,
        creditor_id=person.creditor_id,
        creditor=person.creditor,
        recipient_id=person.id,
        person=person.person,
        relation=intent.relation,
        as_of=wanted.as_of,
        strategy=intent.strategy.name,
        step=intent.step.name,
        kind=intent.step.kind,
        channel=channel.value,
        address=point.address if point else "",
        contact_point_id=point.id if point else None,
        language=person.language,
        template=wanted.template,
        template_version=None,
        currency=intent.total.currency,
        balance_minor=intent.total.minor,
        days_past_due=intent.days_past_due(wanted.as_of),
        zones=(),
        state=State.PLANNED,
        rule_packs=packs,
        not_before=None,
        not_after=None,
        expires_at=datetime.combine(wanted.as_of, time(), UTC) + timedelta(days=1),
        next_try_at=None,
        attempts=0,
        lease_owner=None,
        inputs_digest="",
        content_sha256=None,
        envelope=Envelope(),
        provider="",
        provider_id="",
        personal_id=None,
        commitment="",
        sent_at=None,
        created_at=wanted.now,
    )
