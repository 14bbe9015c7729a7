"""Which step of its ladder a debt comes to next, and on which day: what the query of candidates says in SQL."""

from dataclasses import dataclass
from datetime import date, timedelta

from dispatcher.planning.domain.strategy import LAST_DAY_OF_A_COURTESY, CallStep, Step, Strategy

AFTER_BREAK = ""  # the name of a rung that a broken agreement set before the first step that asks


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """The last step that fired for a debt and a recipient: its name, its day then, and the as-of date it fired on."""

    step: str
    day: int
    fired_on: date


def comes_on(strategy: Strategy, step: Step, due_date: date, rung: Rung | None) -> date | None:
    """The first day on which this step is due; None while another must come before it, or when it has fired.

    Its own day must have come and the ladder's distance to the last collection step's message must have passed.
    """
    own_day = due_date + timedelta(days=step.day)
    if rung is None:
        return own_day if strategy.may_begin(step) else None
    distance = _distance(strategy, step, rung)
    if distance is None:
        return None
    return max(own_day, rung.fired_on + timedelta(days=distance)) if distance else own_day


def tried_on(
    strategy: Strategy, step: Step, due_date: date, rung: Rung | None, on: date | None
) -> date | None:
    """The first day on which a step is due for anybody: where arms running `on` a day have it earlier, that day."""
    comes = comes_on(strategy, step, due_date, rung)
    return None if comes is None else comes - timedelta(days=step.day - strategy.tried_from(step, on))


def due_step(strategy: Strategy, due_date: date, rung: Rung | None, as_of: date) -> Step | None:
    """The step that is due on a day, if one is. A courtesy step is skipped once the due date has passed."""
    for step in strategy.steps:
        if step.is_courtesy and as_of > due_date:
            continue
        day = tried_on(strategy, step, due_date, rung, as_of)
        if day is not None and day <= as_of:
            return step
    return None


def next_day(strategy: Strategy, due_date: date, rung: Rung | None) -> date | None:
    """The first day on which any step is due, or due in an arm of a trial; None where none comes any more."""
    days = (tried_on(strategy, step, due_date, rung, None) for step in strategy.steps)
    return min((day for day in days if day is not None), default=None)


def call_comes_on(strategy: Strategy, call: CallStep, due_date: date, rung: Rung | None) -> date | None:
    """The first day on which a call is due; None before the written step it stands behind, and where that is past."""
    before = [step for step in strategy.steps if not step.is_courtesy and step.day <= call.day]
    if rung is None or not before or rung.step == call.name or not before[-1].day <= rung.day <= call.day:
        return None
    return max(due_date + timedelta(days=call.day), rung.fired_on + timedelta(days=call.day - rung.day))


def ends_on(strategy: Strategy, rung: Rung | None, *, after: int | None = None) -> date | None:
    """The day on which something else comes, when nothing has changed: every step has gone out; None before that.

    `after`: days behind the last step; None: those of the strategy's ending.
    """
    last = next((each for each in strategy.last_rungs if rung and each.name == rung.step), None)
    if rung is None or last is None:
        return None
    return rung.fired_on + timedelta(
        days=last.ends - last.day + (strategy.ending.after_days if after is None else after)
    )


def round_rung(strategy: Strategy, on: date) -> Rung | None:
    """Where a ladder stands that begins another round on a day: its first step is due; None where it has none."""
    first = strategy.step(strategy.ending.begins)
    if not strategy.ending.rounds or first is None:
        return None
    before = strategy.before(first)[0]
    return Rung(step=before.name, day=before.day, fired_on=on - timedelta(days=first.day - before.day))


def _distance(strategy: Strategy, step: Step, rung: Rung) -> int | None:
    """Days between the last step and this one; None when this one is not the next.

    A step keeps its place by its name. One that is not among the written ones (a call, removed, renamed, of another
    strategy) stands where its day was. A courtesy is no rung: behind it a collection step waits for its own day alone.
    """
    before = strategy.before(step)
    known = strategy.step(rung.step)
    if known is not None:
        last = next((each for each in before if each.name == rung.step), None)
        if last is None:
            return None
        return step.day - last.day if step.is_courtesy or not last.is_courtesy else 0
    reaches = strategy.may_begin(step) or rung.day >= before[-1].day
    if rung.day >= step.day or not reaches:
        return None
    waits = step.is_courtesy or rung.day > LAST_DAY_OF_A_COURTESY or rung.step == AFTER_BREAK
    return step.day - rung.day if waits else 0
