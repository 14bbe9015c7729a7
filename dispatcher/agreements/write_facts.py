"""Writes the facts of the table that are about agreements and payments, whatever door they come by."""

from collections.abc import Callable, Mapping
from typing import Any

from dispatcher.agreements import agree
from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.schedules import EVERY
from dispatcher.agreements.offer_on_call import OfferWords, offer_on_call
from dispatcher.agreements.terms_said import Approval, PlanWords
from dispatcher.agreements.watch import AgreementRules
from dispatcher.people.domain.facts import RecordError, Values
from dispatcher.people.record_fact import Statement, Writer
from dispatcher.people.record_payment import Watch, record_payment, reverse_payment
from dispatcher.people.recording import Recorded


def writers(
    rules: Callable[[], AgreementRules], watch: Watch, *, replaces: int | None = None
) -> Mapping[str, Writer]:
    """By the fact's name; `rules` are read where something is agreed, `watch` hears of payments.

    `replaces`: the arrangement that ends in the same transaction.
    """

    def promise(it: Statement) -> Recorded:
        values = it.values
        return recorded(
            agree.promise(
                it.database,
                rules(),
                it.who,
                it.said,
                on=values["on"],
                debts=values.get("debt", ()),
                amount=values.get("amount", ""),
                approval=_approval(values),
                replaces=replaces,
                agreed_words=it.values.get("agreed_words", ""),
            )
        )

    def plan(it: Statement) -> Recorded:
        return recorded(
            agree.plan(
                it.database,
                rules(),
                it.who,
                it.said,
                plan_words(it.values),
                debts=it.values.get("debt", ()),
                approval=_approval(it.values),
                replaces=replaces,
                agreed_words=it.values.get("agreed_words", ""),
            )
        )

    def settlement(it: Statement) -> Recorded:
        values = it.values
        return recorded(
            agree.settlement(
                it.database,
                rules(),
                it.who,
                it.said,
                amount=values["amount"],
                by=values["by"],
                in_parts=plan_words(values) if "payments" in values else None,
                debts=values.get("debt", ()),
                approval=_approval(values),
                replaces=replaces,
                agreed_words=it.values.get("agreed_words", ""),
            )
        )

    def offer(it: Statement) -> Recorded:
        values = it.values
        words = OfferWords(
            numbers=tuple(number_of(text, "offer") for text in values.get("offer", ())),
            plan=plan_words({name: value for name, value in values.items() if name != "offer"}),
            amount=values.get("amount", ""),
            by=values.get("by"),
            discount=values.get("discount", False),
        )
        debts = values.get("debt", ())
        return offer_on_call(
            it.database, rules(), it.who, it.said, words, debts=debts, approval=_approval(values)
        )

    def payment(it: Statement) -> Recorded:
        values = it.values
        if ("amount" in values) == ("reverse" in values):
            raise RecordError(
                "amount: say how much was paid, as 120.50, or with reverse which payment came back"
            )
        if "reverse" in values:
            return reverse_payment(it.database, it.who, _number(values, "reverse"), it.said, watch=watch)
        return record_payment(
            it.database,
            it.who,
            values["amount"],
            it.said,
            debt=values.get("debt", ""),
            paid_on=values.get("on"),
            again=values.get("again", False),
            sure=values.get("sure", False),
            external_id=values.get("external_id", ""),
            watch=watch,
        )

    return {"promise": promise, "plan": plan, "settlement": settlement, "offer": offer, "payment": payment}


def recorded(agreed: Agreed) -> Recorded:
    """An arrangement as every door tells it."""
    written = agreed.as_json()
    return Recorded(
        fact=agreed.terms.kind,
        debtor=written.pop("debtor"),
        debts=tuple(written.pop("debts")),
        details=written,
    )


def plan_words(values: Values) -> PlanWords:
    """A plan as it was said."""
    given = {name for name in ("payments", "every", "first_on", "down") if name in values}
    if "offer" in values and given:
        raise RecordError(f"an offer has its own terms: leave out {', '.join(sorted(given))}")
    return PlanWords(
        offer=_number(values, "offer") if "offer" in values else None,
        payments=_number(values, "payments") if "payments" in values else None,
        every=EVERY[values["every"]] if "every" in values else None,
        first_on=values.get("first_on"),
        down=values.get("down", ""),
    )


def _approval(values: Values) -> Approval:
    return Approval(by=values.get("approved_by", ""), why=values.get("why", ""))


def _number(values: Mapping[str, Any], name: str) -> int:
    return number_of(str(values[name]), name)


def number_of(text: str, name: str) -> int:
    """A whole number that was typed; raises RecordError naming its field."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise RecordError(f"{name.replace('_', ' ')}: {text!r} is no number")
    return int(text)
