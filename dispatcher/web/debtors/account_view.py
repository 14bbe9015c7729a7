"""What a debtor who has proved who they are sees: what is open in parts, what was agreed, what may be agreed on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.arrangement import Paid, State
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.agreements.find_offers import FoundOffers, find_offers
from dispatcher.agreements.storage import arrangements
from dispatcher.inbox.hear_page import Told, told_before
from dispatcher.people.domain.asked import asked_by_currency
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.values.canonical import canonical_json
from dispatcher.values.money import Money
from dispatcher.values.sender import Sender
from dispatcher.web.debtors.guest import Guest
from dispatcher.web.site.visit import Visit
from dispatcher.writing.domain.arrangement_view import rate_of
from dispatcher.writing.domain.message_inputs import debt_view
from dispatcher.writing.formats import date_text, locale_for, money_text, number_text

_LATE = ("late_interest", "late_costs", "with_late")
_PARTS = ("original", "interest", "fees", "charges", "paid", "credit")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choosable:
    """Something that may be agreed on: how it is called in the form, its payments, the words that are agreed to.

    `seen` is a digest of all of it: what is agreed is what was read.
    """

    key: str  # offer 1, settlement, discount, promise
    title: str
    words: str
    button: str
    schedule: Sequence[tuple[str, str]] = ()
    cost: Sequence[tuple[str, str]] = ()  # of a plan: balance and interest where it bears any, and the total
    latest: date | None = None  # of a promise: the last day that may be named
    amount: str = ""  # of a settlement, as it is recorded
    by: date | None = None

    @property
    def seen(self) -> str:
        """By it a choice is known again."""
        return hashlib.sha256(canonical_json([self.key, self.title, self.words]).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtLine:
    """One debt: its parts add up to its balance; `late`: what a statute adds beside it, and both together."""

    reference: str
    due: str
    parts: Sequence[tuple[str, str]]
    balance: str
    disputed: bool
    late: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreedLine:
    """One arrangement that this person made; each payment with its day, its amount and what came in."""

    title: str
    payments: Sequence[tuple[int, str, str, str]]
    cost: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The whole page. `pay`: where it is paid, under which reference, how much; none where nothing may be asked for."""

    debts: Sequence[DebtLine]
    totals: Sequence[str]  # one a currency
    agreed: Sequence[AgreedLine]
    agreed_by_others: bool
    choices: Sequence[Choosable]
    offered_for: Sequence[str]  # references of the debts that the choices are about
    in_full: str  # the whole of it, beside a settlement
    pay: tuple[str, str, str] | None
    told: Sequence[Told]

    def choice(self, key: str) -> Choosable | None:
        """What may be chosen under that key."""
        return next((one for one in self.choices if one.key == key), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writer:
    """How amounts, days and sentences are written for this reader."""

    words: Mapping[str, str]
    locale: Locale

    def say(self, name: str, **values: Any) -> str:
        return self.words[name].format(**values)

    def money(self, money: Money) -> str:
        return money_text(money, self.locale)

    def day(self, day: date) -> str:
        return date_text(day, self.locale)

    def number(self, number: Decimal) -> str:
        return number_text(number, self.locale)


def account_of(visit: Visit, guest: Guest, language: str) -> Account:
    """Everything of one person, read in one transaction."""
    on, program = visit.now.date(), visit.program
    with program.database.reading() as connection:
        person = load_people(connection, [guest.holder.id], now=visit.now)[guest.holder.id]
        known = people_facts.debts_of(connection, person.id, on)
        files = load_debts(connection, [debt.id for debt in known if debt.is_open], as_of=on)
        found = find_offers(connection, program.policy.offers, person, on=on)
        agreed = arrangements.listed(connection, debtor_id=person.id)
        told = told_before(connection, person.id)
    debts = [files[debt.id] for debt in known if debt.id in files and files[debt.id].is_owed(on)]
    words = program.own_page_words.account[language]
    writer = _Writer(words=words, locale=locale_for(language, person.country))
    mine = [one for one in agreed if one.state in (State.ACTIVE, State.KEPT, State.BROKEN)]
    active = {debt for one in mine if one.state is State.ACTIVE for debt in one.debt_ids}
    choices = _choices(found, writer)
    return Account(
        debts=[_debt_line(debt, person, on, writer, guest.sender) for debt in debts],
        totals=[writer.money(total) for total in asked_by_currency(debts)],
        agreed=[_agreed_line(one, writer) for one in mine[-3:]],
        agreed_by_others=any(
            debt.arrangement is not None and debt.arrangement.active and debt.id not in active
            for debt in debts
        ),
        choices=choices,
        offered_for=[debt.reference for debt in found.debts],
        in_full=writer.money(found.offers.total) if found.offers.total and choices else "",
        pay=_pay(guest, person, found, _to_pay(debts, mine), writer),
        told=told,
    )


def _debt_line(
    debt: DebtFile, person: PersonFile, on: date, writer: _Writer, sender: Sender | None = None
) -> DebtLine:
    view = debt_view(debt, on, sender.charges if sender else None)
    amounts = [(name, getattr(view, name)) for name in _PARTS]
    disputed = any(
        hold.kind == "dispute" and hold.holds_on(on) and hold.debt_id in (None, debt.id)
        for hold in person.holds
    )
    return DebtLine(
        reference=debt.reference,
        due=writer.day(debt.due_date),
        parts=[
            (name, ("-" if name in ("paid", "credit") else "") + writer.money(amount))
            for name, amount in amounts
            if amount is not None
        ],
        balance=writer.money(view.balance),
        late=[(name, writer.money(amount)) for name in _LATE if (amount := getattr(view, name)) is not None],
        disputed=disputed or (debt.disputed_on is not None and debt.disputed_on <= on),
    )


def _agreed_line(agreed: Agreed, writer: _Writer) -> AgreedLine:
    return AgreedLine(
        title=writer.say("agreed_on", day=writer.day(agreed.terms.agreed_on)),
        payments=[
            (one.number, writer.day(one.due_on), writer.money(one.amount), writer.money(one.paid))
            for one in agreed.standing.instalments
        ],
        cost=_cost(agreed.total, agreed.interest, rate_of(agreed), writer),
    )


def _cost(
    total: Money, interest: Money | None, rate: Decimal | None, writer: _Writer
) -> list[tuple[str, str]]:
    """What the payments come to, made up of what is owed and the interest where they bear any."""
    whole = (writer.say("plan_total"), writer.money(total))
    if interest is None or rate is None:
        return [whole]
    return [
        (writer.say("plan_principal"), writer.money(total - interest)),
        (writer.say("plan_interest", rate=writer.number(rate)), writer.money(interest)),
        whole,
    ]


def _choices(found: FoundOffers, writer: _Writer) -> list[Choosable]:
    references = ", ".join(debt.reference for debt in found.debts)
    choices: list[Choosable] = []
    for plan in found.offers.plans:
        schedule = _schedule(plan.instalments, writer)
        one = "offer_one" if plan.count == 1 else "offer"
        rate = plan.interest.yearly_percent if plan.interest else None
        made_of = {}
        if plan.interest_amount is not None and rate is not None:
            made_of = {
                "principal": writer.money(plan.principal),
                "interest": writer.money(plan.interest_amount),
                "rate": writer.number(rate),
            }
        choices.append(
            Choosable(
                key=f"offer {plan.number}",
                title=writer.say(one, number=plan.number, count=plan.count),
                schedule=schedule,
                cost=_cost(plan.total, plan.interest_amount, rate, writer),
                words=writer.say(
                    "words_plan_interest" if made_of else "words_plan",
                    **made_of,
                    total=writer.money(plan.total),
                    references=references,
                    schedule="; ".join(f"{day}: {amount}" for day, amount in schedule),
                ),
                button=writer.say("agree", number=plan.number),
            )
        )
    return [*choices, *_settlement(found, writer, references), *_promise(found, writer, references)]


def _settlement(found: FoundOffers, writer: _Writer, references: str) -> list[Choosable]:
    """Only what was offered, a discount too: shown here first, its last day would move with every look."""
    sent = next((one for one in found.standing if one.settlements), None)
    said = [("settlement", sent.settlements[0], sent.valid_until)] if sent else []
    if (discount := found.said_discount) and discount.valid_until:
        said.append(("discount", discount, discount.valid_until))
    return [_part(key, offer, offer.valid_until or until, writer, references) for key, offer, until in said]


def _part(key: str, offer: SettlementOffer, by: date, writer: _Writer, references: str) -> Choosable:
    values = {"amount": writer.money(offer.amount), "day": writer.day(by)}
    return Choosable(
        key=key,
        title=writer.say("settle", **values),
        words=writer.say("words_settle", references=references, **values),
        button=writer.say("agree_settle"),
        schedule=[(values["day"], values["amount"])],
        amount=str(offer.amount.amount),
        by=by,
    )


def _promise(found: FoundOffers, writer: _Writer, references: str) -> list[Choosable]:
    promise = found.offers.promise
    if promise is None:
        return []
    amount = writer.money(promise.amount)
    return [
        Choosable(
            key="promise",
            title=writer.say("promise", amount=amount),
            words=writer.say("words_promise", amount=amount, references=references),
            button=writer.say("agree_promise"),
            latest=promise.latest,
        )
    ]


def _schedule(instalments: Sequence[Instalment], writer: _Writer) -> list[tuple[str, str]]:
    return [(writer.day(one.due_on), writer.money(one.amount)) for one in instalments]


@dataclass(frozen=True, kw_only=True, slots=True)
class _ToPay:
    """What may be paid now: amounts by currency, for which debts."""

    references: Sequence[str]
    amounts: Sequence[Money]


def _to_pay(debts: Sequence[DebtFile], mine: Sequence[Agreed]) -> _ToPay:
    """Of what is agreed on the next payment, and nothing where others agreed; of the rest all of it."""
    free = [debt for debt in debts if debt.arrangement is None or not debt.arrangement.active]
    owing = {debt.id: debt.reference for debt in debts}
    active = [one for one in mine if one.state is State.ACTIVE and owing.keys() & set(one.debt_ids)]
    amounts = {total.currency: total for total in asked_by_currency(free)}
    for one in active:
        left = [each.amount - each.paid for each in one.standing.instalments if each.state is not Paid.PAID]
        for money in left[:1]:
            amounts[money.currency] = amounts.get(money.currency, Money(0, money.currency)) + money
    under = [owing[debt] for one in active for debt in one.debt_ids if debt in owing]
    return _ToPay(
        references=[*(debt.reference for debt in free), *under],
        amounts=[money for money in amounts.values() if money.minor > 0],
    )


def _pay(
    guest: Guest, person: PersonFile, found: FoundOffers, to_pay: _ToPay, writer: _Writer
) -> tuple[str, str, str] | None:
    """The creditor's page; none for what is barred or may be, is disputed, or where the law silences us."""
    rules = {refusal.rule for refusal in found.offers.refused}
    if guest.sender is None or rules & _NO_ASKING or len(to_pay.amounts) != 1:
        return None
    reference = to_pay.references[0] if len(to_pay.references) == 1 else person.reference
    [amount] = to_pay.amounts
    return guest.sender.payment_address(reference, amount), reference, writer.money(amount)


_NO_ASKING = frozenset(
    {
        "time-barred", "limitation-unknown", "disputed", "attorney", "ceased", "bankruptcy", "deceased", "moratorium",
    }
)  # fmt: skip
