"""Plans a day: finds what is due, asks the gate, stores messages and refusals."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from dispatcher.domain.decision import Outcome, Reason
from dispatcher.domain.facts import HistoryEntry
from dispatcher.domain.log_entry import LogEntry
from dispatcher.domain.message_id import RandomBytes
from dispatcher.domain.person import DebtFile, PersonFile
from dispatcher.domain.planner import (
    DueDebt,
    Intent,
    PlannedMessage,
    PlanningRules,
    RefusedIntent,
    as_history,
    group_dues,
    plan_intent,
    stays_out,
)
from dispatcher.domain.strategy import Strategy
from dispatcher.services.desk import Desk
from dispatcher.storage import delivery_log, plans
from dispatcher.storage.candidates import Candidate, count_others, find_candidates
from dispatcher.storage.engine import Database
from dispatcher.storage.people import load_debts, load_people

CHUNK = 1000  # people whose files are loaded, judged and stored together

Decided = PlannedMessage | RefusedIntent
ReasonKey = tuple[str, str, str, str]  # outcome, pack, rule, reference
Progress = Callable[[int, int], None]  # done, of


class RunRefused(Exception):
    """The run must not happen; the text says why and what to do."""


@dataclass(slots=True)
class PlanSummary:
    """What a planning run came to. Counts are of intents: a debt, or a person's debts in one table."""

    run_id: int | None
    as_of: date
    due: int = 0
    by_outcome: Counter[str] = field(default_factory=Counter)
    by_channel: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_step: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused_by_step: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[ReasonKey] = field(default_factory=Counter)
    refused_reasons: Counter[ReasonKey] = field(default_factory=Counter)
    others: dict[str, int] = field(default_factory=dict)  # debts that were no candidates, by reason
    digest: str = ""

    def add(self, decided: Decided) -> None:
        """Count one decision."""
        self.due += 1
        outcome = _outcome(decided)
        channel = decided.channel.value if isinstance(decided, PlannedMessage) else "none"
        self.by_outcome[outcome.value] += 1
        self.by_channel[channel][outcome.value] += 1
        self.by_step[decided.intent.step.name][outcome.value] += 1
        reasons = decided.decision.reasons if isinstance(decided, PlannedMessage) else decided.reasons
        keys = {(outcome.value, r.pack, r.rule, r.reference) for r in reasons}
        self.reasons.update(keys)
        if isinstance(decided, RefusedIntent):
            self.refused_by_step[decided.intent.step.name][outcome.value] += 1
            self.refused_reasons.update(keys)

    def as_json(self) -> dict[str, object]:
        """The summary as it is stored with the run."""
        return {
            "due": self.due,
            "by_outcome": dict(self.by_outcome),
            "by_channel": {channel: dict(counts) for channel, counts in self.by_channel.items()},
            "by_step": {step: dict(counts) for step, counts in self.by_step.items()},
            "reasons": _counted(self.reasons),
            "refused": {
                "by_outcome": dict(sum(self.refused_by_step.values(), Counter[str]())),
                "by_step": {step: dict(counts) for step, counts in self.refused_by_step.items()},
                "reasons": _counted(self.refused_reasons),
            },
            "others": self.others,
            "digest": self.digest,
        }


def _counted(reasons: Counter[ReasonKey]) -> list[dict[str, object]]:
    return [
        {"outcome": key[0], "pack": key[1], "rule": key[2], "reference": key[3], "count": count}
        for key, count in reasons.most_common()
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRequest:
    """What to plan, and with which time and chance."""

    as_of: date
    now: datetime
    real_now: datetime
    actor: str
    random_bytes: RandomBytes
    mode: str = "live"
    only: str | None = None
    debtor_id: int | None = None
    without: tuple[str, ...] = ()  # creditors whose ledger is too old


def plan_reminders(
    database: Database, desk: Desk, request: PlanRequest, *, progress: Progress | None = None
) -> PlanSummary:
    """Plan a day and store it; raises RunRefused for a day before the newest run's.

    Each chunk of people is one transaction: a run that dies half-way is finished by the next, because the
    ladder remembers what has been planned.
    """
    with database.writing() as connection:
        _refuse_older(connection, request)
        run_id = plans.start_run(
            connection,
            as_of=request.as_of,
            now=request.now,
            real_now=request.real_now,
            mode=request.mode,
            actor=request.actor,
            config_digest=desk.config_digest,
        )
    run = plans.RunOfPlan(
        id=run_id,
        as_of=request.as_of,
        now=request.now,
        actor=request.actor,
        simulated=request.mode == "simulated",
        random_bytes=request.random_bytes,
    )
    summary = PlanSummary(run_id=run_id, as_of=request.as_of)
    digest = _Digest()
    for chunk in decide_all(database, desk, request, progress=progress):
        with database.writing() as connection:
            plans.save_planned(connection, run, [d for d in chunk if isinstance(d, PlannedMessage)])
            plans.save_refused(connection, run, [d for d in chunk if isinstance(d, RefusedIntent)])
        for decided in chunk:
            summary.add(decided)
            digest.add(decided)
    _close(database, desk, run, summary, digest.hex())
    return summary


def preview_plan(
    database: Database, desk: Desk, request: PlanRequest, *, progress: Progress | None = None
) -> tuple[PlanSummary, list[Decided]]:
    """The same decisions, nothing stored."""
    summary = PlanSummary(run_id=None, as_of=request.as_of)
    digest = _Digest()
    everything: list[Decided] = []
    for chunk in decide_all(database, desk, request, progress=progress):
        for decided in chunk:
            summary.add(decided)
            digest.add(decided)
        everything += chunk
    with database.reading() as connection:
        summary.others = count_others(connection, desk.strategies, request.as_of)
    summary.digest = digest.hex()
    return summary, everything


def decide_all(
    database: Database, desk: Desk, request: PlanRequest, *, progress: Progress | None = None
) -> Iterator[list[Decided]]:
    """Decisions, some hundred people at a time, in order of the recipients' ids."""
    with database.reading() as connection:
        found = sorted(
            find_candidates(
                connection,
                desk.strategies,
                request.as_of,
                only=request.only,
                debtor_id=request.debtor_id,
                without=request.without,
            ),
            key=lambda c: (c.debtor_id, c.strategy.name, c.debt_id),
        )
    rules = PlanningRules(
        judge=desk.judge, places=desk.places, senders=desk.senders, as_of=request.as_of, now=request.now
    )
    done = 0
    for candidates in _chunks(found):
        yield _decide_chunk(database, candidates, rules)
        done += len(candidates)
        if progress:
            progress(done, len(found))


def _decide_chunk(database: Database, candidates: Sequence[Candidate], rules: PlanningRules) -> list[Decided]:
    with database.reading() as connection:
        people = load_people(connection, {c.debtor_id for c in candidates}, now=rules.now)
        debts = load_debts(connection, {c.debt_id for c in candidates}, as_of=rules.as_of)
        counted = plans.occurrences(connection, sorted(debts))
    decided: list[Decided] = []
    for debtor_id, mine in groupby(candidates, key=lambda c: c.debtor_id):
        decided += _decide_person(people[debtor_id], list(mine), debts, counted, rules)
    return decided


def _decide_person(
    person: PersonFile,
    candidates: Sequence[Candidate],
    debts: Mapping[int, DebtFile],
    counted: Mapping[tuple[int, str, str, int], int],
    rules: PlanningRules,
) -> list[Decided]:
    decided: list[Decided] = []
    earlier: list[HistoryEntry] = []
    for intent in _intents(person, candidates, debts, counted, rules, decided):
        outcome = plan_intent(intent, rules, earlier)
        decided.append(outcome)
        if isinstance(outcome, PlannedMessage) and outcome.decision.outcome is not Outcome.HOLD:
            earlier.append(as_history(outcome, rules.now))
    return decided


def _intents(
    person: PersonFile,
    candidates: Sequence[Candidate],
    debts: Mapping[int, DebtFile],
    counted: Mapping[tuple[int, str, str, int], int],
    rules: PlanningRules,
    refused: list[Decided],
) -> Iterator[Intent]:
    """Intents of one person; debts that stay out become refusals of their own."""
    by_strategy: dict[str, list[DueDebt]] = defaultdict(list)
    strategies = {candidate.strategy.name: candidate.strategy for candidate in candidates}
    for candidate in candidates:
        strategy, step = candidate.strategy, candidate.step
        times = counted.get((candidate.debt_id, strategy.name, step.name, person.id), 0)
        debt = debts[candidate.debt_id]
        due = DueDebt(debt=debt, step=step, relation=candidate.relation, occurrence=times + 1)
        reasons = stays_out(due, person, strategy, rules.as_of)
        if reasons:
            refused.append(_refused(person, strategy, due, reasons))
        else:
            by_strategy[strategy.name].append(due)
    for name, dues in by_strategy.items():
        yield from group_dues(person, strategies[name], dues)


def _refused(person: PersonFile, strategy: Strategy, due: DueDebt, reasons: tuple[Reason, ...]) -> RefusedIntent:
    intent = Intent(person=person, relation=due.relation, strategy=strategy, step=due.step, dues=(due,))
    worst = max((reason.outcome for reason in reasons), key=lambda outcome: outcome.precedence)
    return RefusedIntent(intent=intent, outcome=worst, reasons=reasons)


def _chunks(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Chunks of CHUNK people; one person's candidates are never parted."""
    chunk: list[Candidate] = []
    people = 0
    for _, group in groupby(candidates, key=lambda c: c.debtor_id):
        chunk += group
        people += 1
        if people == CHUNK:
            yield chunk
            chunk, people = [], 0
    if chunk:
        yield chunk


def _outcome(decided: Decided) -> Outcome:
    return decided.decision.outcome if isinstance(decided, PlannedMessage) else decided.outcome


class _Digest:
    """The plan's hash: the same decisions give the same, whatever ids they were stored under."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, decided: Decided) -> None:
        intent = decided.intent
        channel = decided.channel.value if isinstance(decided, PlannedMessage) else "-"
        address = decided.point.address if isinstance(decided, PlannedMessage) and decided.point else "-"
        debts = ",".join(
            f"{due.debt.full_reference}={due.debt.balance}@{due.step.name}" for due in intent.dues
        )
        line = (
            intent.person.full_reference,
            intent.relation,
            debts,
            _outcome(decided).value,
            channel,
            address,
        )
        self._lines.append("|".join(line))

    def hex(self) -> str:
        digest = hashlib.sha256()
        for line in sorted(self._lines):
            digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def _refuse_older(connection: object, request: PlanRequest) -> None:
    newest = plans.newest_run(connection, mode=request.mode)  # type: ignore[arg-type]  # a SQLAlchemy connection, which services do not name
    if newest is not None and newest.as_of > request.as_of:
        raise RunRefused(
            f"as-of date {request.as_of} lies before run {newest.id} of {newest.as_of}: a ladder does not go back; "
            f"use {newest.as_of} or later, or `dispatcher plan --dry-run` to look at a past day"
        )


def _close(database: Database, desk: Desk, run: plans.RunOfPlan, summary: PlanSummary, digest: str) -> None:
    summary.digest = digest
    with database.writing() as connection:
        summary.others = count_others(connection, desk.strategies, run.as_of)
        plans.update_run(
            connection, run.id, state="planned", plan_digest=digest, summary={"plan": summary.as_json()}
        )
        delivery_log.append(
            connection,
            [
                LogEntry(
                    event="run_planned",
                    at=run.now,
                    actor=run.actor,
                    run_id=run.id,
                    as_of=run.as_of,
                    simulated=run.simulated,
                    details=summary.as_json(),
                )
            ],
        )
