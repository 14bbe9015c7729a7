"""Debtors made from a text's own conditions, so that each of its branches is taken by somebody."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dispatcher.values.money import Money
from dispatcher.values.sender import AdviceBody
from dispatcher.writing.domain.instalments import flat_plan
from dispatcher.writing.domain.render_inputs import DebtView, PaperView, RenderInputs
from dispatcher.writing.language.branches import AuthorText, asked_of
from dispatcher.writing.language.placeholders import EXTRA_PREFIX
from dispatcher.writing.samples import with_interest

MOST = 40  # debtors made for one text

Made = tuple[str, RenderInputs]
_BODY = AdviceBody(name="A Free Advice Service", phone="+1 800 555 0100")


def made_samples(author: AuthorText, ordinary: RenderInputs) -> Iterator[Made]:
    """(what is special about the debtor, inputs): for each thing that a condition asks, one with it and one without."""
    seen: set[tuple[str, str]] = set()
    for name, value in asked_of(author):
        if (name, repr(value)) in seen or len(seen) == MOST:
            continue
        seen.add((name, repr(value)))
        changed = _with(ordinary, name, value)
        if changed is not None:
            yield _title(name, value), changed


def complete(ordinary: RenderInputs) -> RenderInputs:
    """The ordinary debtor with every value that the text may speak of."""
    body = {ordinary.debtor.country: _BODY}
    sender = replace(ordinary.sender, registration="No. 1", advice=body, complaints=body)
    debts = tuple(replace(debt, extra=_Extras(debt.extra)) for debt in ordinary.debts)
    return replace(ordinary, sender=sender, debts=debts)


class _Extras(dict[str, str]):
    """A portfolio that has every further column."""

    def get(self, key: str, default: Any = None) -> str:
        return super().get(key) or default or "sample"

    def __bool__(self) -> bool:
        return True


def _title(name: str, value: Any) -> str:
    if value is None:
        return f"a debtor without {name}"
    if value is True:
        return f"a debtor with {name}"
    return f"a debtor whose {name} is {value}"


def _with(inputs: RenderInputs, name: str, value: Any) -> RenderInputs | None:
    """The same debtor with one value changed; None where it cannot be."""
    if name.startswith(EXTRA_PREFIX):
        key = name.removeprefix(EXTRA_PREFIX)
        text = "" if value is None else "sample" if value is True else str(value)
        return _debt(inputs, extra={**inputs.debts[0].extra, key: text})
    setter = _SETTERS.get(name)
    try:
        return setter(inputs, value) if setter else None
    except (ValueError, TypeError, ArithmeticError):
        return None


def _debt(inputs: RenderInputs, **changed: Any) -> RenderInputs:
    first = replace(inputs.debts[0], **changed)
    debts = (first, *inputs.debts[1:])
    total = Money(sum(debt.balance.minor for debt in debts), inputs.total.currency)
    if total == inputs.total:
        return replace(inputs, debts=debts)
    return replace(inputs, debts=debts, total=total, plans=_plans(inputs, total))


def _plans(inputs: RenderInputs, total: Money) -> tuple[Any, ...]:
    first_on = inputs.plans_valid_until or inputs.as_of + timedelta(days=14)
    return tuple(flat_plan(n, total, count, first_on) for n, count in enumerate((2, 3), start=1))


def _money(inputs: RenderInputs, value: Any) -> Money | None:
    if value is None:
        return None
    return Money.of("12.34" if value is True else str(value), inputs.total.currency)


def _of_debt(
    name: str, convert: Callable[[RenderInputs, Any], Any]
) -> Callable[[RenderInputs, Any], RenderInputs]:
    return lambda inputs, value: _debt(inputs, **{name: convert(inputs, value)})


def _balance(inputs: RenderInputs, value: Any) -> RenderInputs | None:
    amount = _money(inputs, value)
    if amount is None or amount.minor <= 0 or value is True:
        return None
    return _debt(replace(inputs, debts=inputs.debts[:1]), balance=amount, original=amount, paid=None)


def _count(inputs: RenderInputs, value: Any) -> RenderInputs | None:
    count = int(value)
    if not 1 <= count <= 60:
        return None
    first = inputs.debts[0]
    debts: tuple[DebtView, ...] = tuple(
        replace(first, reference=f"INV-{2041 + number}") for number in range(count)
    )
    total = Money(first.balance.minor * count, inputs.total.currency)
    return replace(inputs, debts=debts, total=total, plans=_plans(inputs, total))


def _one(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


def _plain(name: str) -> Callable[[RenderInputs, Any], RenderInputs | None]:
    def change(inputs: RenderInputs, value: Any) -> RenderInputs | None:
        return None if value in (None, True) else replace(inputs, **_one(name, str(value)))

    return change


def _of_debtor(name: str) -> Callable[[RenderInputs, Any], RenderInputs | None]:
    def change(inputs: RenderInputs, value: Any) -> RenderInputs | None:
        return (
            None
            if value in (None, True)
            else replace(inputs, debtor=replace(inputs.debtor, **_one(name, str(value))))
        )

    return change


def _of_sender(name: str, empty: Any, full: Any) -> Callable[[RenderInputs, Any], RenderInputs]:
    def change(inputs: RenderInputs, value: Any) -> RenderInputs:
        given = empty if value is None else full if value is True else str(value)
        return replace(inputs, sender=replace(inputs.sender, **_one(name, given)))

    return change


def _emptied(**empty: Any) -> Callable[[RenderInputs, Any], RenderInputs | None]:
    """What the ordinary debtor has anyhow can be taken away."""
    return lambda inputs, value: replace(inputs, **empty) if value is None else inputs


def _body(name: str) -> Callable[[RenderInputs, Any], RenderInputs]:
    def change(inputs: RenderInputs, value: Any) -> RenderInputs:
        bodies = {} if value is None else {inputs.debtor.country: _BODY}
        return replace(inputs, sender=replace(inputs.sender, **_one(name, bodies)))

    return change


_PAPERS = (
    PaperView(title="Final invoice 4711 of 139.50", url="https://papers.example/4711?v=1&l=en"),
    PaperView(title="Contract", url="https://papers.example/contract"),
)
_SETTERS: Mapping[str, Callable[[RenderInputs, Any], RenderInputs | None]] = {
    "debt.balance": _balance,
    "total": _balance,
    "debt.original": _of_debt("original", _money),
    "debt.interest": _of_debt("interest", _money),
    "debt.fees": _of_debt("fees", _money),
    "debt.charges": _of_debt("charges", _money),
    "debt.paid": _of_debt("paid", _money),
    "debt.credit": _of_debt("credit", _money),
    "debt.days_past_due": _of_debt("days_past_due", lambda _, value: int(value or 0)),
    "debt.issued_on": lambda inputs, value: _debt(inputs, issued_on=None) if value is None else inputs,
    "debts.length": _count,
    "papers": lambda inputs, value: replace(inputs, papers=_PAPERS if value else ()),
    "debtor.kind": _of_debtor("kind"),
    "debtor.country": _of_debtor("country"),
    "relation": _plain("relation"),
    "kind": lambda inputs, value: inputs if value == inputs.kind else None,
    "channel": lambda inputs, value: inputs if value == inputs.channel.value else None,
    "first_contact": lambda inputs, value: replace(inputs, first_contact=bool(value)),
    "first_message_on": _emptied(first_message_on=None),
    "notice_on": _emptied(notice_on=None),
    "plans": _emptied(plans=(), plans_valid_until=None),
    "plans_valid_until": _emptied(plans_valid_until=None),
    "plans_bear_interest": lambda inputs, value: with_interest(inputs) if value else inputs,
    "arrangement.interest_paid": lambda inputs, value: with_interest(inputs) if value else inputs,
    "handover.on": _emptied(handover_on=None),
    "handover.firm": _emptied(handover_firm=""),
    "links.pay": _emptied(payment_url=""),
    "links.dispute": _of_sender("dispute_url", "", "https://sender.example/question"),
    "links.website": _of_sender("website", "", "https://sender.example"),
    "sender.registration": _of_sender("registration", "", "No. 1"),
    "sender.role": _of_sender("role", "original_creditor", "third_party"),
    "advice.contact": _body("advice"),
    "complaints.contact": _body("complaints"),
}
