"""Builds what a message's text is made from, the same way when it is prepared and when it is checked again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from channels.kind import ChannelKind
from dispatcher.agreements.domain.offer_terms import OfferTerms
from dispatcher.agreements.domain.offered_before import Past
from dispatcher.agreements.domain.offers import FIRST_AFTER_DAYS, Offers, offers_for
from dispatcher.messages.domain.message import Message
from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.asked import asked_in_all
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.planning.domain.notices import first_notice
from dispatcher.planning.domain.sender_role import role_of
from dispatcher.values.charges import Charge, Charged, ChargeRefusedError, charged
from dispatcher.values.money import Money
from dispatcher.values.sender import Sender
from dispatcher.values.validation_period import VALIDATION, validation_period_end
from dispatcher.writing.domain.arrangement_view import ArrangementView
from dispatcher.writing.domain.itemization import itemization_of
from dispatcher.writing.domain.render_inputs import DebtorView, DebtView, PaperView, RenderInputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """By what a message may offer something: the desk's terms, and what the person was offered before."""

    terms: Sequence[OfferTerms]
    past: Past


def message_inputs(
    message: Message,
    person: PersonFile,
    debts: Sequence[DebtFile],
    sender: Sender,
    *,
    first_sent: Mapping[tuple[int, int], date],
    optout_url: str,
    hows: Mapping[int, How] | None = None,
    at_a_step: Collection[int] = (),
    disputed: Sequence[DebtFile] = (),
    offered: Offered | None = None,
    arrangement: ArrangementView | None = None,
    papers: tuple[PaperView, ...] = (),
) -> RenderInputs:
    """The inputs of one message.

    `first_sent` gives the day of the first message by (debt id, recipient id), `hows` by debt id how each is spoken of,
    `at_a_step` the ids of the debts whose step the message is.
    """
    main, apart = parts_of(debts, hows or {}, at_a_step)
    asked_for, debts = debts, main
    total = asked_in_all(asked_for, message.currency)
    earlier = [first_sent[debt.id, person.id] for debt in debts if (debt.id, person.id) in first_sent]
    told = len(earlier) == len(debts)
    barred = any(debt.is_barred(message.as_of) for debt in asked_for)
    handed_over = bool(debts) and all(_is_handed_over(debt, message.as_of) for debt in debts)
    offers = _offers(message, person, asked_for, offered) if not barred else Offers()
    settlement = offers.settlements[0] if offers.settlements else None
    return RenderInputs(
        channel=ChannelKind(message.channel),
        step=message.step,
        kind=message.kind,
        as_of=message.as_of,
        debtor=_debtor(message, person),
        sender=replace(sender, contact_person=person.handler) if person.handler else sender,
        debts=tuple(_view(debt, person, message, sender) for debt in main),
        others=tuple(_view(debt, person, message, sender) for debt in apart),
        others_are_new=bool(apart) and (hows or {}).get(apart[0].id) is How.NEW,
        disputed=tuple(debt.reference for debt in disputed),
        total=total,
        balances_on=_balances_on(asked_for, message),
        relation=message.relation,
        role=role_of(asked_for, sender.role),
        first_contact=person.is_first_contact(message.as_of),
        said=tuple(sorted(person.said_before(message.as_of))),
        first_message_on=max(earlier, default=None) if told else None,  # by that day of all of them
        notice=message.notice,
        validation_ends_on=validation_period_end(message.as_of) if message.notice == VALIDATION else None,
        notice_on=_noticed_on(person, asked_for),
        plans=offers.plans,
        plans_valid_until=offer_ends(offers, message.as_of),
        plans_bear_interest=offers.interest is not None,
        settlement=settlement.amount if settlement else None,
        settlement_until=settlement.valid_until if settlement else None,
        discount=offers.discount,
        arrangement=arrangement,
        papers=papers,
        handover_on=message.as_of + timedelta(days=sender.handover_days) if handed_over else None,
        handover_firm=sender.handover_firm if handed_over else "",
        barred=barred,
        arranged=any(
            debt.promise_date is not None and debt.promise_date >= message.as_of for debt in asked_for
        ),
        optout_url=optout_url,
        payment_url="" if barred else _payment_url(sender, person, asked_for, _to_pay(total, arrangement)),
        packs=tuple(pack.split("@")[0] for pack in message.rule_packs),
    )


def _noticed_on(person: PersonFile, debts: Sequence[DebtFile]) -> date | None:
    notice = first_notice(person, debts)
    return None if notice is None or notice.returned else notice.sent_on


def parts_of(
    debts: Sequence[DebtFile], hows: Mapping[int, How], at_a_step: Collection[int]
) -> tuple[tuple[DebtFile, ...], tuple[DebtFile, ...]]:
    """What a text is about, and what stands in a part of its own: first times never mix with what is known.

    A reminder about known debts names the new ones apart; a first reminder names the known ones apart, also where
    the debt whose first reminder it is was told of before (by a broken promise).
    """
    new = tuple(debt for debt in debts if hows.get(debt.id) is How.NEW)
    known = tuple(debt for debt in debts if hows.get(debt.id) is not How.NEW)
    is_first = not any(hows.get(debt.id) is How.DUE for debt in known)
    if new and is_first:
        return new, known
    if is_first and (first := tuple(debt for debt in known if debt.id in at_a_step)):
        return first, tuple(debt for debt in known if debt.id not in at_a_step)
    return known, new


def _balances_on(debts: Sequence[DebtFile], message: Message) -> date:
    """The ledger's own day or the newest payment's, never later than the run's; in a replay the simulated day."""
    known = [debt.known_on for debt in debts if debt.known_on]
    return message.as_of if message.simulated or not known else min(max(known), message.as_of)


def _view(debt: DebtFile, person: PersonFile, message: Message, sender: Sender) -> DebtView:
    """One debt with the capacity in which this person is asked for it."""
    capacity = "debtor" if debt.debtor_id == person.id else "joint_debtor"
    if message.relation == "guarantor":
        capacity = "guarantor"
    return debt_view(debt, message.as_of, sender.charges, capacity=capacity)


def _is_handed_over(debt: DebtFile, on: date) -> bool:
    """Whether a person has decided to pass this debt on: only then may a text say so."""
    return debt.handover_decided_on is not None and debt.handover_decided_on <= on


def _debtor(message: Message, person: PersonFile) -> DebtorView:
    phones = [point.address for point in person.contact_points if point.medium == "phone"]
    emails = [point.address for point in person.contact_points if point.medium == "email"]
    return DebtorView(
        reference=person.reference,
        name=person.name,
        kind=person.kind,
        language=message.language,
        country=person.country,
        region=person.region,
        city=person.city,
        postal_code=person.postal_code,
        address_lines=person.address_lines,
        email=message.address if message.channel == "email" else next(iter(emails), ""),
        phone=message.address if message.channel == "sms" else next(iter(phones), ""),
    )


def debt_view(
    debt: DebtFile, as_of: date, charge: Charge | None = None, *, capacity: str = "debtor"
) -> DebtView:
    """One debt as a text shows it: first amount, interest, fees and charges less payments and credits make the balance.

    The ledger's balance holds interest and fees; a ledger without the first amount is taken to show no payment.
    `charge`: the statute whose interest and costs the creditor claims beside that balance.
    """
    currency = debt.ledger.currency
    interest, fees = _extra_money(debt, "interest"), _extra_money(debt, "fees")
    added = sum(amount.minor for amount in (interest, fees) if amount)
    original = debt.original or Money(max(0, debt.ledger.minor - added), currency)
    unnamed = debt.ledger.minor - original.minor - added
    paid = Money(max(0, original.minor + added - debt.ledger.minor) + debt.paid.minor, currency)
    charges = Money(unnamed, currency) if unnamed > 0 else None
    principal = min(original.minor, debt.balance.minor - added - max(0, unnamed))
    late = _late(debt, charge, as_of, Money(principal, currency), is_all_named=unnamed <= 0)
    return DebtView(
        reference=debt.reference,
        capacity=capacity,
        balance=debt.balance,
        original=original,
        due_date=debt.due_date,
        days_past_due=(as_of - debt.due_date).days,
        issued_on=debt.issued_on,
        paid=paid if paid.minor else None,
        interest=interest,
        fees=fees,
        charges=charges,
        credit=debt.credit if debt.credit.minor else None,
        late_interest=late.interest if late and late.interest.minor else None,
        late_costs=late.fixed if late and late.fixed.minor else None,
        late_per_day=late.per_diem if late and late.per_diem.minor else None,
        late_reference=late.reference if late else "",
        itemization=itemization_of(
            debt.extra, debt.balance, Money(debt.paid.minor + debt.credit.minor, currency)
        ),
        transferred_on=_day(debt.extra.get("transferred_on", "")),
        transferred_by=debt.extra.get("transferred_by", ""),
        extra=debt.extra,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _late(
    debt: DebtFile, charge: Charge | None, as_of: date, principal: Money, *, is_all_named: bool
) -> Charged | None:
    """What the statute adds to what is left of the price; nothing where the law does not say, or nobody may ask.

    A ledger that has a column for interest or fees books them, though it be nothing; of what it does not name nobody
    knows which it is. Earlier, larger balances are not reckoned with: that is less than the law allows, never more.
    """
    if charge is None or principal.minor <= 0 or debt.is_barred(as_of) or debt.disputed_on is not None:
        return None
    if debt.arrangement is not None and debt.arrangement.active:
        return None  # what was agreed says that nothing is asked for beyond it
    in_ledger = [name for name in ("interest", "fees") if debt.extra.get(name) or not is_all_named]
    if debt.plan_interest:  # never both, for the same days or on each other
        in_ledger.append("interest")
    try:
        return charged(
            charge,
            principal,
            debt.due_date,
            as_of,
            debt_type=debt.debt_type,
            in_ledger=in_ledger,
        )
    except ChargeRefusedError:
        return None


def _extra_money(debt: DebtFile, name: str) -> Money | None:
    try:
        return Money.of(debt.extra[name], debt.ledger.currency) if debt.extra.get(name) else None
    except ValueError:
        return None


def _offers(
    message: Message, person: PersonFile, debts: Sequence[DebtFile], offered: Offered | None
) -> Offers:
    """What may be offered for the debts of this message, as `dispatcher offers` says it on its day."""
    if offered is None or message.kind != "collection" or not debts:
        return Offers()
    return offers_for(offered.terms, person, debts, message.as_of, offered.past)


def offer_ends(offers: Offers, on: date) -> date:
    """Until when what a message offers stands: the day of the first payment at the latest."""
    return min((plan.first_on for plan in offers.plans), default=on + timedelta(days=FIRST_AFTER_DAYS))


def _to_pay(total: Money, arrangement: ArrangementView | None) -> Money:
    """While an arrangement stands, its payment; else everything that is asked for."""
    stands = arrangement is not None and arrangement.ended_on is None
    return arrangement.due or total if arrangement is not None and stands else total


def _payment_url(sender: Sender, person: PersonFile, debts: Sequence[DebtFile], total: Money) -> str:
    reference = debts[0].reference if len(debts) == 1 else person.reference
    return sender.payment_address(reference, total)
