"""Plans what an arrangement's events call for, by the same choice of channel and the same gate as a ladder's step."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.follow_ups import AT_ONCE, BEFORE, Occasion, On, occasions
from dispatcher.agreements.storage import arrangements
from dispatcher.database.engine import Connection, Database
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.people_facts import relations
from dispatcher.planning.domain.conversation import DueDebt, Intent
from dispatcher.planning.domain.follow_up_standing import follow_up_standing
from dispatcher.planning.domain.intended import zones_of
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import (
    MOST_OCCURRENCES,
    PlannedMessage,
    PlanningRules,
    RefusedIntent,
    as_history,
    as_put_off,
    plan_intent,
    puts_off,
)
from dispatcher.planning.domain.strategy import FollowUp, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import follow_ups, plans
from dispatcher.planning.storage.follow_ups import Key
from dispatcher.treatment.find_segments import with_segments

_PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class DecidedFollowUp:
    """What was decided about one occasion, with the key that lets it be planned once."""

    decided: Decided
    key: Key
    attempt: int


def decide_follow_ups(
    database: Database, policy: Policy, rules: PlanningRules, *, only: Collection[int] | None = None,
    debtor_id: int | None = None, without: Collection[str] = (), strategy: str | None = None,
) -> Iterator[list[DecidedFollowUp]]:  # fmt: skip
    """Decisions about all that is due to be told on the rules' day, in pages; nothing is stored.

    `only`: these arrangements, and of their events what is told at once; `without`: creditors to leave alone.
    """
    strategies = {each.name: each for each in policy.strategies if strategy in (None, each.name)}
    ahead = [-each.day for one in strategies.values() for each in one.follow_ups if each.on in BEFORE]
    if not any(one.follow_ups for one in strategies.values()):
        return
    with database.reading() as connection:
        pages = (
            [sorted(only)]
            if only is not None
            else list(
                follow_ups.eventful(
                    connection, rules.as_of, max(ahead, default=0), _PAGE, _most_told(strategies.values())
                )
            )
        )
    for ids in pages:
        with database.reading() as connection:
            agreed = [
                one
                for one in arrangements.read(connection, ids)
                if one.creditor not in without and one.strategy in strategies
            ]
            due = list(_due(connection, agreed, strategies, rules.as_of, at_once=only is not None))
            if debtor_id is not None:
                due = [each for each in due if each.recipient == debtor_id]
            yield _decide(connection, due, rules)


def _most_told(strategies: Iterable[Strategy]) -> dict[On, int]:
    """By event, how many messages about it one party gets at most."""
    told = [Counter(each.on for each in one.follow_ups) for one in strategies]
    return {on: max((counted[on] for counted in told), default=0) for on in AT_ONCE}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Due:
    agreed: Agreed
    strategy: Strategy
    follow_up: FollowUp
    occasion: Occasion
    recipient: int
    attempt: int

    @property
    def key(self) -> Key:
        return (
            self.agreed.id, self.occasion.on.value, self.occasion.instalment, self.follow_up.name, self.recipient
        )  # fmt: skip


def _due(
    connection: Connection, agreed: Sequence[Agreed], strategies: Mapping[str, Strategy], as_of: date, *, at_once: bool
) -> Iterator[_Due]:  # fmt: skip
    tried = follow_ups.tries(connection, [one.id for one in agreed])
    for one in agreed:
        strategy = strategies[one.strategy]
        for follow_up in strategy.follow_ups:
            if at_once and follow_up.on not in AT_ONCE:
                continue
            for occasion in occasions(one.terms, one.standing, follow_up.on, follow_up.day, as_of):
                for party in one.parties:
                    key = (one.id, occasion.on.value, occasion.instalment, follow_up.name, party.id)
                    count, told = tried.get(key, (0, 0))
                    again = one.reopenings if occasion.on is On.KEPT else 0
                    if told <= again and count < MOST_OCCURRENCES:
                        yield _Due(
                            agreed=one,
                            strategy=strategy,
                            follow_up=follow_up,
                            occasion=occasion,
                            recipient=party.id,
                            attempt=count + 1,
                        )


def _decide(connection: Connection, due: Sequence[_Due], rules: PlanningRules) -> list[DecidedFollowUp]:
    if not due:
        return []
    debt_ids = {debt for each in due for debt in each.agreed.debt_ids}
    people = load_people(connection, {each.recipient for each in due}, now=rules.now)
    files = load_debts(connection, debt_ids, as_of=rules.as_of)
    debts = with_segments(connection, files, rules.segments, rules.as_of)
    owed_as = relations(connection, debt_ids)
    counted = plans.occurrences(connection, sorted(debt_ids))
    earlier: dict[int, list[HistoryEntry]] = defaultdict(list)
    found: list[DecidedFollowUp] = []
    for each in sorted(due, key=lambda one: (one.recipient, one.agreed.id)):
        person = people[each.recipient]
        intent = _intent(each, person, debts, owed_as, counted)
        decided = _decide_one(each, intent, rules, earlier[person.id])
        if isinstance(decided, PlannedMessage):
            earlier[person.id].append(as_history(decided, rules.now))
            _count(counted, intent)
        found.append(DecidedFollowUp(decided=decided, key=each.key, attempt=each.attempt))
    return found


def _intent(
    each: _Due,
    person: PersonFile,
    debts: Mapping[int, DebtFile],
    owed_as: Mapping[tuple[int, int], str],
    counted: Mapping[tuple[int, str, str, int], int],
) -> Intent:
    step = each.follow_up.step
    strategy = replace(each.strategy, minimum={})  # what was agreed is told however little it is about
    dues = tuple(
        DueDebt(
            debt=debts[debt],
            step=step,
            strategy=strategy,
            relation=owed_as.get((debt, person.id), "debtor"),
            occurrence=counted.get((debt, each.strategy.name, step.name, person.id), 0) + 1,
        )
        for debt in each.agreed.debt_ids
    )
    told = {due.relation for due in dues}
    relation = "debtor" if "debtor" in told else min(told)
    return Intent(person=person, relation=relation, strategy=strategy, step=step, dues=dues)


def _decide_one(each: _Due, intent: Intent, rules: PlanningRules, earlier: Sequence[HistoryEntry]) -> Decided:
    debts = [due.debt for due in intent.dues]
    reasons = follow_up_standing(
        each.agreed, each.occasion.on, each.occasion.instalment, debts, intent.person, rules.as_of
    )
    if not reasons:
        decided = plan_intent(intent, rules, earlier)
        later = puts_off(decided)
        return as_put_off(decided, later, rules) if later and isinstance(decided, PlannedMessage) else decided
    worst = max((reason.outcome for reason in reasons), key=lambda outcome: outcome.precedence)
    zones = zones_of(intent.person, None, rules.places)
    return RefusedIntent(intent=intent, outcome=worst, reasons=reasons, zones=zones)


def _count(counted: dict[tuple[int, str, str, int], int], intent: Intent) -> None:
    """Two payments of one arrangement may be told of on one day: each is an occurrence of its own."""
    for due in intent.dues:
        key = (due.debt.id, intent.strategy.name, due.step.name, intent.person.id)
        counted[key] = max(counted.get(key, 0), due.occurrence)


def save_follow_ups(connection: Connection, run: plans.RunOfPlan, found: Sequence[DecidedFollowUp]) -> None:
    """Store messages and refusals; the key of once-only refuses a second message."""
    planned = [each for each in found if isinstance(each.decided, PlannedMessage)]
    messages = [each.decided for each in planned if isinstance(each.decided, PlannedMessage)]
    ids = plans.save_planned(connection, run, messages, on_ladder=False)
    follow_ups.keep(
        connection,
        [(message, each.key, each.attempt) for message, each in zip(ids, planned, strict=True)],
    )
    refused = [each.decided for each in found if isinstance(each.decided, RefusedIntent)]
    plans.save_refused(connection, run, refused)
