"""Works on calls: looks at the gate when one is opened, keeps its place in every cap, writes down what it came to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dispatcher.calls.domain.call import (
    DIALLER,
    NOBODY_REACHED,
    ON_THE_DESK,
    REST,
    Call,
    CallError,
    CallOutcome,
    CallState,
    MayCall,
    is_done,
)
from dispatcher.calls.domain.opening_words import OpeningWords, opening_words
from dispatcher.calls.judge_call import CallFiles, gather, judge_call
from dispatcher.calls.log_calls import log_call
from dispatcher.calls.storage import calls
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage import addresses, people_facts
from dispatcher.planning.domain.strategy import CallStep
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import ladder

_LIVING = (CallState.OPEN, CallState.RESERVED)
NOT_IN_SERVICE = "the number is not in service"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDesk:
    """What working on calls needs. `actor` is who works; `words`: what is said first, by language."""

    database: Database
    policy: Policy
    now: datetime
    actor: str
    words: Mapping[str, OpeningWords]

    def first_words(self, person: PersonFile) -> tuple[str, ...]:
        """What to say first to somebody; nothing where it is not written in their language."""
        return opening_words(self.words, self.policy.senders[person.creditor], person.name, person.language)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLine:
    """A call of the list with what the gate says of it now."""

    call: Call
    person: PersonFile
    debts: tuple[DebtFile, ...]
    may: MayCall


def list_calls(desk: CallDesk) -> list[CallLine]:
    """Every call that is not ended: those that may be made now first, then by when they may."""
    sweep(desk)
    with desk.database.reading() as connection:
        found = calls.unfinished(connection)
        files = _files(connection, desk, found)
    lines = [_line(call, files, desk) for call in found]
    return sorted(lines, key=lambda line: (not line.may.allowed, line.call.expires_at, line.call.id))


def list_made(desk: CallDesk, since: datetime) -> list[CallLine]:
    """Calls whose newest try came to something since an instant, the newest first."""
    with desk.database.reading() as connection:
        found = calls.lately(connection, since)
        files = _files(connection, desk, found)
    return [_line(call, files, desk) for call in found]


def take_call(desk: CallDesk, key: int) -> CallLine:
    """Open a call to make it: from now on it counts in every cap. Raises CallError where it must not be made now."""
    sweep(desk)
    with desk.database.writing() as connection:
        line = _locked(connection, desk, key)
        call = line.call
        if not line.may.allowed:
            refused = _refuse(connection, desk, line)
        elif call.state is CallState.RESERVED and call.holder != desk.actor:
            raise CallError(
                f"{call.holder} has call {key} until {call.valid_until:%H:%M} UTC; take another one"
            )
        elif call.state is CallState.RESERVED:
            return line
        elif not call.is_due(desk.now):
            raise CallError(
                f"call {key} rests until {call.next_try_at:%Y-%m-%d %H:%M} UTC: nobody answered before"
            )
        else:
            return _reserved(connection, desk, line, desk.actor, ON_THE_DESK)
    raise CallError(refused)


def end_call(
    desk: CallDesk, key: int, outcome: CallOutcome, *, made_at: datetime | None = None, holder: str = ""
) -> Call:
    """Write down what a call came to; who has it may, or an import for the `holder` that it was given to.

    A dialler's word may come late: a call that it made while it had it counts, whatever has become of its place since.
    """
    moment = made_at or desk.now
    if moment > desk.now:
        raise CallError(f"call {key}: {moment.isoformat()} has not come yet")
    with desk.database.writing() as connection:
        line = _locked(connection, desk, key, ended=True)
        call, whose = line.call, holder or desk.actor
        held = call.state is CallState.RESERVED and call.holder == whose
        if not held and not call.had(whose, moment):
            raise CallError(f"call {key} is not on this desk: open it first, so that it counts in the caps")
        if call.contact_id is not None:
            people_facts.settle_contact(connection, call.contact_id, at=moment, outcome=outcome.value)
            contact_id = call.contact_id
        else:
            contact_id = people_facts.add_contact(connection, _contact(line, moment, outcome, desk.now))
        tried = replace(call, tries=call.tries + 1, made_contact_id=contact_id)
        done_on = _come_to(connection, desk, tried, outcome, moment, other=False)
        _log(
            connection,
            desk,
            Event.CALL_MADE,
            line,
            outcome=outcome.value,
            made_at=moment.isoformat(),
            **_done(done_on),
        )
        [ended] = calls.read(connection, [key])
    return ended


def correct_call(desk: CallDesk, key: int, outcome: CallOutcome, *, why: str) -> Call:
    """Say what the newest try of a call came to after all: caps and ladder stand as if that had been written down.

    What was recorded besides (a promise, a dispute) stays, and is taken back where it was recorded.
    """
    if not why.strip():
        raise CallError("say why the outcome is another one")
    with desk.database.writing() as connection:
        line = _locked(connection, desk, key, ended=True)
        call = line.call
        if call.made_contact_id is None or call.state is CallState.RESERVED:
            raise CallError(f"call {key} has no outcome that could be corrected")
        if call.outcome == outcome:
            raise CallError(f"call {key}: {outcome.value.replace('_', ' ')} is what is written down already")
        moment = people_facts.contact_made_at(connection, call.made_contact_id)
        if moment is None:
            raise CallError(f"call {key}: its contact has been erased")
        people_facts.settle_contact(connection, call.made_contact_id, at=moment, outcome=outcome.value)
        if call.outcome == CallOutcome.NOT_IN_SERVICE:
            addresses.open_again(connection, call.debtor_id, "sms", call.address, reason=NOT_IN_SERVICE)
        other = any(each.id != key for each in calls.of_person(connection, [call.debtor_id]))
        done_on = _come_to(connection, desk, call, outcome, moment, other=other)
        _log(
            connection,
            desk,
            Event.CALL_CORRECTED,
            line,
            outcome=outcome.value,
            was=call.outcome,
            why=why.strip(),
            made_at=moment.isoformat(),
            **_done(done_on),
        )
        [corrected] = calls.read(connection, [key])
    return corrected


def _come_to(
    connection: Connection, desk: CallDesk, call: Call, outcome: CallOutcome, moment: datetime, *, other: bool
) -> date | None:
    """Stand a call and its ladders where the outcome of its newest try, at a moment, puts them.

    Returns the day on which its step counts as done. `other`: the person has another call, so this is not tried again.
    """
    strategy = desk.policy.strategy(call.strategy)
    step = (strategy.call(call.step) if strategy else None) or CallStep(name=call.step, day=0)
    done = is_done(step, outcome, call.tries)
    again = (
        not (done or other)
        and outcome in NOBODY_REACHED
        and call.tries < step.tries
        and call.expires_at > max(moment + REST, desk.now)
    )
    values = {
        "tries": call.tries, "outcome": outcome, "contact_id": None, "valid_until": None, "lapsed_until": None,
        "made_contact_id": call.made_contact_id,
    }  # fmt: skip
    state = {"state": CallState.OPEN, "next_try_at": moment + REST, "ended_at": None} if again else {
        "state": CallState.MADE, "ended_at": moment,
    }  # fmt: skip
    calls.change(connection, call.id, was=tuple(CallState), **values, **state)
    done_on = max(moment.date(), call.as_of) if done else None
    ladder.fold_again(connection, calls.set_done(connection, call.id, done_on))
    if outcome is CallOutcome.NOT_IN_SERVICE:
        addresses.close(connection, call.debtor_id, "sms", call.address, at=moment, reason=NOT_IN_SERVICE)
    return done_on


def _done(done_on: date | None) -> dict[str, str]:
    """What an entry says of the ladder, so that it can be folded again from the log."""
    return {"step_done_on": done_on.isoformat()} if done_on else {}


def put_back(desk: CallDesk, key: int, *, why: str) -> None:
    """Give a call back that one has and did not make; its place in the caps is free again."""
    with desk.database.writing() as connection:
        line = _locked(connection, desk, key)
        if line.call.state is not CallState.RESERVED or line.call.holder != desk.actor:
            raise CallError(f"call {key} is not on this desk")
        _release(connection, line.call, state=CallState.OPEN)
        _log(connection, desk, Event.CALL_RELEASED, line, why=why)


def sweep(desk: CallDesk) -> None:
    """Free what was reserved and not made in time, and end what nobody made."""
    with desk.database.writing() as connection:
        for call in calls.unfinished(connection):
            late = call.valid_until is not None and call.valid_until <= desk.now
            if call.expires_at <= desk.now and (late or call.state is CallState.OPEN):
                _release(connection, call, state=CallState.EXPIRED, ended_at=desk.now)
                _log(connection, desk, Event.CALL_EXPIRED, _line_of(connection, desk, call))
            elif call.state is CallState.RESERVED and late:
                _release(connection, call, state=CallState.OPEN)
                _log(
                    connection,
                    desk,
                    Event.CALL_RELEASED,
                    _line_of(connection, desk, call),
                    why="no outcome came",
                )


def reserve_for_dialler(desk: CallDesk, holder: str, most: timedelta) -> Iterator[CallLine]:
    """Hand every call that may be made now to the dialler, each in a transaction of its own.

    What is refused for good ends and stands in the log with its reasons; what only waits stays open.
    """
    sweep(desk)
    with desk.database.reading() as connection:
        due = [call.id for call in calls.unfinished(connection) if call.is_due(desk.now)]
    for key in due:
        with desk.database.writing() as connection:
            line = _locked(connection, desk, key)
            if not line.call.is_due(desk.now):
                continue
            if line.may.allowed:
                yield _reserved(connection, desk, line, holder, most)
            elif line.may.final:
                _refuse(connection, desk, line)


def recall(desk: CallDesk, holder: str) -> list[CallLine]:
    """Calls that the dialler has and must not make any more, each told once; their place in the caps is free again."""
    sweep(desk)
    with desk.database.reading() as connection:
        held = [
            call.id for call in calls.unfinished(connection) if call.holder == holder and call.valid_until
        ]
    found: list[CallLine] = []
    for key in held:
        with desk.database.writing() as connection:
            line = _locked(connection, desk, key)
            if line.call.state is CallState.RESERVED and not line.may.allowed:
                _refuse(connection, desk, line)
    with desk.database.writing() as connection:
        gone = [call for call in calls.to_recall(connection) if call.holder == holder]
        files = _files(connection, desk, gone)
        found += [_line(call, files, desk) for call in gone]
        calls.recalled(connection, [call.id for call in gone], desk.now)
    return found


def _reserved(
    connection: Connection, desk: CallDesk, line: CallLine, holder: str, most: timedelta
) -> CallLine:
    call = line.call
    ends = [desk.now + most, call.expires_at, *([line.may.until] if line.may.until else [])]
    contact_id = people_facts.add_contact(
        connection, _contact(line, desk.now, CallOutcome.CONVERSATION, desk.now)
    )
    values = {
        "reserved_at": desk.now, "valid_until": min(ends), "contact_id": contact_id, "holder": holder,
        "lapsed_until": None,
    }  # fmt: skip
    if not calls.change(connection, call.id, was=[CallState.OPEN], state=CallState.RESERVED, **values):
        raise CallError(f"somebody else has just taken call {call.id}; take another one")
    _log(connection, desk, Event.CALL_RESERVED, line, valid_until=min(ends).isoformat())
    [reserved] = calls.read(connection, [call.id])
    return CallLine(call=reserved, person=line.person, debts=line.debts, may=line.may)


def _contact(line: CallLine, at: datetime, outcome: CallOutcome, recorded_at: datetime) -> dict[str, object]:
    """A call as the caps count it."""
    return {
        "debtor_id": line.call.debtor_id, "debts": [debt.reference for debt in line.debts], "at": at,
        "channel": "call", "outcome": outcome, "address": line.call.address, "source": "call task",
        "recorded_at": recorded_at,
    }  # fmt: skip


def _refuse(connection: Connection, desk: CallDesk, line: CallLine) -> str:
    """What is refused for good ends; what only waits is open again. Returns why."""
    call, said = line.call, "; ".join(reason.detail for reason in line.may.reasons)
    given_out = call.state is CallState.RESERVED
    if line.may.final or given_out:
        _release(connection, call, state=CallState.REFUSED, ended_at=desk.now, holder=call.holder)
        _log(connection, desk, Event.CALL_REFUSED, line)
        return f"call {call.id} is not allowed any more: {said}"
    when = f" before {line.may.not_before:%Y-%m-%d %H:%M} UTC" if line.may.not_before else ""
    return f"call {call.id} is not allowed now{when}: {said}"


def _release(
    connection: Connection, call: Call, *, state: CallState, holder: str = "", **values: datetime
) -> None:
    if call.contact_id is not None:
        people_facts.withdraw_contact(connection, call.contact_id)
    free = {"contact_id": None, "valid_until": None, "holder": holder}
    if call.holder == DIALLER and call.valid_until is not None:  # what it has dialled by then it has dialled
        values["lapsed_until"] = min(call.valid_until, values.get("ended_at", call.valid_until))
    calls.change(connection, call.id, was=_LIVING, state=state, **free, **values)


def _locked(connection: Connection, desk: CallDesk, key: int, *, ended: bool = False) -> CallLine:
    """A call with its person locked, as claims lock whom they write to, and what the gate says of it.

    `ended`: whatever has become of it.
    """
    found = calls.read(connection, [key])
    wanted = tuple(CallState) if ended else _LIVING
    if not found or found[0].state not in wanted:
        raise CallError(f"there is no call {key} to make: it was made, refused, or let pass")
    addresses.lock(connection, [found[0].debtor_id])
    return _line_of(connection, desk, calls.read(connection, [key])[0])


def _line_of(connection: Connection, desk: CallDesk, call: Call) -> CallLine:
    return _line(call, _files(connection, desk, [call]), desk)


def _files(connection: Connection, desk: CallDesk, found: Sequence[Call]) -> CallFiles:
    people = {call.debtor_id for call in found}
    return gather(connection, desk.policy, people, {debt for call in found for debt in call.debts}, desk.now)


def _line(call: Call, files: CallFiles, desk: CallDesk) -> CallLine:
    return CallLine(
        call=call,
        person=files.people[call.debtor_id],
        debts=tuple(files.debts[key] for key in call.debts),
        may=judge_call(call, files, desk.policy, desk.now),
    )


def _log(connection: Connection, desk: CallDesk, event: Event, line: CallLine, **details: str) -> None:
    names = [debt.full_reference for debt in line.debts]
    reasons = line.may.reasons if event is Event.CALL_REFUSED else ()
    log_call(
        connection,
        event,
        line.call,
        line.person,
        names,
        now=desk.now,
        actor=desk.actor,
        reasons=reasons,
        **details,
    )
