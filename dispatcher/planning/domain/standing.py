"""Why a debt that has come to a step still stays out: paid, disputed, promised, held, too small, not handed over.

Both gates ask here, the planner on its day and the second gate at the moment of sending, so neither can know a
reason that the other does not.

The reasons are sealed for good, so they name no debtor and no debt: the entry's erasable values do.
"""

from collections.abc import Iterator
from datetime import date

from dispatcher.gate.decision import Outcome, Reason, own_reason
from dispatcher.people.domain import hold_kinds
from dispatcher.people.domain.person import Arranged, DebtFile, Hold, PersonFile
from dispatcher.planning.domain.strategy import GO_ON, Step, Strategy

_RECORDED = "what the ledger and the desk have recorded"
_STRATEGY = "the strategy and the portfolio"
NOT_DECIDED = "no-handover-decision"  # the rule by which a final notice waits


def standing(
    debt: DebtFile, person: PersonFile, step: Step | None, strategy: Strategy | None, on: date
) -> tuple[Reason, ...]:
    """All reasons to leave this debt alone at this step on a date; empty: it may be asked for.

    What no strategy has asked for (a confirmation) has neither step nor strategy.
    """
    found = list(_of_the_debt(debt, person, on, asks=strategy is None or strategy.due_date_moved != GO_ON))
    if step is not None:
        found += _of_the_step(debt, step, on)
    if strategy is not None:
        found += _of_the_strategy(debt, strategy)
        found += _of_the_segment(debt, step)
    return tuple(found)


def _of_the_step(debt: DebtFile, step: Step, on: date) -> Iterator[Reason]:
    if step.is_courtesy and on > debt.due_date:
        detail = f"the due date {debt.due_date} has passed: too late for a courtesy"
        yield _reason("due-date-passed", detail, reference=_STRATEGY)
    decided_on = debt.handover_decided_on
    if step.needs_handover_decision and (decided_on is None or decided_on > on):
        detail = "nobody has decided to hand the debt over, so no final notice goes out"
        yield _reason(NOT_DECIDED, detail, reference=_STRATEGY)


def _of_the_strategy(debt: DebtFile, strategy: Strategy) -> Iterator[Reason]:
    least, most, owed = strategy.match.balance_min, strategy.match.balance_max, debt.balance
    if least is not None and 0 < owed.amount < least:
        detail = f"the {owed} that are left are below {least}"
        yield _reason("below-minimum", detail, reference=_STRATEGY)
    if most is not None and owed.amount > most:
        detail = f"the {owed} that are left are above {most}, where {strategy.name} ends"
        yield _reason("above-maximum", detail, reference=_STRATEGY)


def _of_the_segment(debt: DebtFile, step: Step | None) -> Iterator[Reason]:
    """What a person works by hand the automatic run leaves alone; a notice that the law wants still goes."""
    if debt.worked_by and (step is None or step.kind != "notice"):
        detail = f"{debt.worked_by} works the debts of segment {debt.segment} by hand, so the run leaves them alone"
        yield _reason("worked-by-hand", detail, reference=f"segment {debt.segment}: {debt.segment_because}")


def _of_the_debt(debt: DebtFile, person: PersonFile, on: date, *, asks: bool) -> list[Reason]:
    """`asks`: where the creditor changed a debt's terms the strategy waits, for a person or for its next plan."""
    found: list[Reason] = []
    if not debt.is_open(on):
        found.append(_reason("settled", f"the debt is not open on {on}", on=on))
    if debt.balance.minor <= 0:
        found.append(_paid(debt))
    if debt.disputed_on is not None and debt.disputed_on <= on:
        found.append(
            _reason("disputed", f"the debt is disputed since {debt.disputed_on}", on=debt.disputed_on)
        )
    if debt.handed_over_on is not None:
        detail = f"counsel has the debt since {debt.handed_over_on}"
        found.append(_reason("handed-over", detail, on=debt.handed_over_on))
    if debt.arrangement is not None:
        found += _arranged(debt.arrangement, on)
    stands = debt.arrangement is not None and debt.arrangement.pauses(on)
    if not stands and debt.promise_date is not None and debt.promise_date >= on:
        detail = f"payment is promised for {debt.promise_date}; the debt is asked for again after that day"
        found.append(_reason("promised", detail, on=debt.promise_date))
    if not debt.in_ledger:
        found.append(_reason("not-in-ledger", hold_kinds.of("not_in_ledger").says, on=on))
    found += [
        _held(hold)
        for hold in person.holds
        if keeps_silent(hold, debt, on) and (asks or hold.kind != hold_kinds.HoldKind.TERMS_CHANGED)
    ]
    if not any(hold.kind == "care" for hold in person.holds):
        found += [_held(hold) for hold in _care_elsewhere(person) if hold.holds_on(on)][:1]
    return found


def _care_elsewhere(person: PersonFile) -> Iterator[Hold]:
    return (hold for record in person.elsewhere for hold in record.holds if hold.kind == "care")


def _arranged(arranged: Arranged, on: date) -> list[Reason]:
    if not arranged.active:
        detail = "a settlement of the debt was kept: nothing more is asked for"
        return [_reason("settled-by-agreement", detail)]
    if not arranged.pauses(on):
        return []
    if arranged.kind == "promise":
        detail = f"payment is promised for {arranged.until}; a ledger after that day shows whether it came"
        return [_reason("promised", detail, on=arranged.until)]
    detail = f"a {arranged.kind} agreed with the debtor runs until {arranged.until}; no reminder goes out meanwhile"
    return [_reason("arrangement", detail, on=arranged.until)]


def keeps_silent(hold: Hold, debt: DebtFile, on: date) -> bool:
    """Whether a hold of a person keeps this debt from being asked for on a date."""
    if hold_kinds.of(hold.kind).keeps is not hold_kinds.Keeps.ALL:
        return False
    if hold.debt_id is not None and hold.debt_id != debt.id:
        return False
    return hold.holds_on(on)


def _paid(debt: DebtFile) -> Reason:
    if debt.credit.minor > 0:
        return _reason("covered-by-credit", f"credit notes of {debt.credit} cover the debt")
    return _reason("paid", "the debt is paid by payments recorded here")


def _held(hold: Hold) -> Reason:
    if hold.kind == "care":  # of which log, exports and the creditor learn no more than this
        return _reason("held", "on hold")
    word = hold.kind.replace("_", "-")
    if hold.kind == "dispute":
        return _reason("disputed", f"the debt is disputed since {hold.starts_on}", on=hold.starts_on)
    if hold.kind == "promise":
        return _reason("promised", f"payment is promised for {hold.until}", on=hold.until)
    detail = hold_kinds.of(hold.kind).says
    until = f" until {hold.until}" if hold.until else ""
    return _reason(f"held-{word}", f"{detail}{until}", on=hold.starts_on)


def _reason(rule: str, detail: str, *, on: date | None = None, reference: str = _RECORDED) -> Reason:
    inputs = {"date": on.isoformat()} if on else {}
    return own_reason("ledger", rule, Outcome.BLOCK, reference, detail, **inputs)
