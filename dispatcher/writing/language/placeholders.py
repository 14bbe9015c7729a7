"""The catalogue of placeholders: all that a template may speak of, each with its value, a sample and its trust."""

# ruff: noqa: E501 - the catalogue reads as a table, an entry a line

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, NamedTuple

from babel import Locale

from dispatcher.agreements.domain.offers import PlanOffer
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.values.sender import AdviceBody, Sender
from dispatcher.writing.domain.arrangement_view import ArrangementView
from dispatcher.writing.domain.itemization import Itemization
from dispatcher.writing.domain.render_inputs import DebtView, RenderInputs
from dispatcher.writing.domain.wording import Wording
from dispatcher.writing.working_days import REPLY_DAYS, working_day_after


class Kind(StrEnum):
    """What a placeholder's value is, which decides how it is written."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"
    NUMBER = "number"
    LINK = "link"
    LIST = "list"  # for `{% for … %}` and `{% if … %}`, not to be printed
    FLAG = "flag"  # for `{% if … %}` alone


class Trust(StrEnum):
    """Whose text it is: `debtor` and `portfolio` are other people's words."""

    OURS = "ours"
    DEBTOR = "debtor"
    PORTFOLIO = "portfolio"


class View(NamedTuple):
    """What placeholders read: the message's inputs and how this reader's language writes."""

    inputs: RenderInputs
    wording: Wording
    locale: Locale


@dataclass(frozen=True, kw_only=True, slots=True)
class Placeholder:
    """One name. `get` takes a View (or, in a list, one item) and may give None: the value is empty."""

    name: str
    kind: Kind
    description: str
    sample: str
    get: Callable[[Any], Any]
    trust: Trust = Trust.OURS
    may_be_empty: bool = False
    items: Mapping[str, "Placeholder"] = field(default_factory=dict)  # of a list: the fields of an item
    shared: bool = False  # the same for many messages: it reads what `SharedInputs` has and no more


def _catalogue(*entries: Placeholder) -> Mapping[str, Placeholder]:
    return {entry.name: entry for entry in entries}


def _entry(
    name: str, kind: Kind, description: str, sample: str, get: Callable[[Any], Any], *marks: str
) -> Placeholder:
    """An entry of the tables below; marks: `empty`, `debtor` or `portfolio` (whose text), `shared` by messages."""
    trust = Trust.DEBTOR if "debtor" in marks else Trust.PORTFOLIO if "portfolio" in marks else Trust.OURS
    return Placeholder(
        name=name,
        kind=kind,
        description=description,
        sample=sample,
        get=get,
        trust=trust,
        may_be_empty="empty" in marks,
        shared="shared" in marks,
    )


def _itemized(of: Callable[[Any], DebtView], get: Callable[[Itemization], Any]) -> Callable[[Any], Any]:
    """A value of a debt's itemization; empty where the ledger has none that adds up."""

    def value(source: Any) -> Any:
        item = of(source).itemization
        return get(item) if item else None

    return value


def _debt_fields(prefix: str, of: Callable[[Any], DebtView]) -> tuple[Placeholder, ...]:
    money, dated, number = Kind.MONEY, Kind.DATE, Kind.NUMBER
    return (
        _entry(f"{prefix}reference", Kind.TEXT, "the creditor's number of the debt", "INV-2041",
               lambda v: of(v).reference, "portfolio"),
        _entry(f"{prefix}balance", money, "what is open now", "$120.00", lambda v: of(v).balance),
        _entry(f"{prefix}original", money, "the first amount", "$150.00", lambda v: of(v).original),
        _entry(f"{prefix}due_date", dated, "the day it was due", "March 1, 2026", lambda v: of(v).due_date),
        _entry(f"{prefix}issued_on", dated, "the day it was issued", "February 1, 2026",
               lambda v: of(v).issued_on, "empty"),
        _entry(f"{prefix}days_past_due", number, "days since the due date", "10", lambda v: of(v).days_past_due),
        _entry(f"{prefix}paid", money, "payments received", "$30.00", lambda v: of(v).paid, "empty"),
        _entry(f"{prefix}interest", money, "interest", "$2.50", lambda v: of(v).interest, "empty"),
        _entry(f"{prefix}fees", money, "fees", "$5.00", lambda v: of(v).fees, "empty"),
        _entry(f"{prefix}charges", money, "other charges that the ledger does not name", "$1.50",
               lambda v: of(v).charges, "empty"),
        _entry(f"{prefix}itemized_on", dated, "the day of the itemization, from the column itemization_date",
               "January 2, 2026", _itemized(of, lambda item: item.on), "empty"),
        _entry(f"{prefix}itemized_creditor", Kind.TEXT, "to whom it was owed then, from the column itemization_creditor",
               "Bank of Rockville", _itemized(of, lambda item: item.creditor), "portfolio", "empty"),
        _entry(f"{prefix}itemized", money, "what it came to then", "$110.00", _itemized(of, lambda item: item.amount), "empty"),
        _entry(f"{prefix}interest_since", money, "interest since then", "$7.50", _itemized(of, lambda item: item.interest),
               "empty"),
        _entry(f"{prefix}fees_since", money, "fees since then", "$5.00", _itemized(of, lambda item: item.fees), "empty"),
        _entry(f"{prefix}credits_since", money, "payments and credits since then", "$2.50",
               _itemized(of, lambda item: item.credited), "empty"),
        _entry(f"{prefix}transferred_on", dated, "the day on which the claim was transferred, from the column transferred_on",
               "January 15, 2026", lambda v: of(v).transferred_on, "empty"),
        _entry(f"{prefix}transferred_by", Kind.TEXT, "who transferred it, from the column transferred_by", "Bank of Rockville",
               lambda v: of(v).transferred_by or None, "portfolio", "empty"),
        _entry(f"{prefix}credit", money, "credits", "$7.50", lambda v: of(v).credit, "empty"),
        _entry(f"{prefix}late_interest", money, "interest by statute, beside the balance", "$1.20",
               lambda v: of(v).late_interest, "empty"),
        _entry(f"{prefix}late_costs", money, "costs of recovery by statute, beside the balance", "$40.00",
               lambda v: of(v).late_costs, "empty"),
        _entry(f"{prefix}with_late", money, "the balance and both of them", "$161.20",
               lambda v: of(v).with_late, "empty"),
        _entry(f"{prefix}late_reference", Kind.TEXT, "the statute", "Directive 2011/7/EU",
               lambda v: of(v).late_reference, "empty"),
    )  # fmt: skip


_INSTALMENTS = _catalogue(
    _entry("number", Kind.NUMBER, "1, 2, 3 …", "1", lambda item: item[0]),
    _entry("due_on", Kind.DATE, "the day of the payment", "April 1, 2026", lambda item: item[1].due_on),
    _entry("amount", Kind.MONEY, "the payment", "$40.00", lambda item: item[1].amount),
)


def _numbered(plan: PlanOffer) -> Sequence[tuple[int, Instalment]]:
    return tuple(enumerate(plan.instalments, start=1))


_PLANS = _catalogue(
    _entry("number", Kind.NUMBER, "the option's number", "1", lambda plan: plan.number),
    _entry("count", Kind.NUMBER, "how many payments", "3", lambda plan: len(plan.instalments)),
    _entry("total", Kind.MONEY, "what all payments cost together", "$120.00", lambda plan: plan.total),
    _entry("principal", Kind.MONEY, "what of it is owed when it is offered", "$118.00", lambda plan: plan.principal),
    _entry("interest", Kind.MONEY, "what of it is interest", "$2.00", lambda plan: plan.interest_amount, "empty"),
    _entry("rate", Kind.NUMBER, "the interest's rate, in per cent a year", "7.5",
           lambda plan: plan.interest and plan.interest.yearly_percent, "empty"),
    _entry("each", Kind.MONEY, "the first payment", "$40.00", lambda plan: plan.instalments[0].amount),
    _entry("first_on", Kind.DATE, "the first payment's day", "April 1, 2026", lambda plan: plan.instalments[0].due_on),
    _entry("last_on", Kind.DATE, "the last payment's day", "June 1, 2026", lambda plan: plan.instalments[-1].due_on),
    Placeholder(name="instalments", kind=Kind.LIST, description="its payments", sample="", get=_numbered,
                items=_INSTALMENTS),
)  # fmt: skip


_PAYMENTS = _catalogue(
    _entry("number", Kind.NUMBER, "1, 2, 3 …", "1", lambda one: one.number),
    _entry("due_on", Kind.DATE, "the day of the payment", "April 1, 2026", lambda one: one.due_on),
    _entry("amount", Kind.MONEY, "the payment", "$40.00", lambda one: one.amount),
    _entry("paid", Kind.MONEY, "what came in of it", "$0.00", lambda one: one.paid),
)


_PAPERS = _catalogue(
    _entry(
        "title", Kind.TEXT, "what the paper is called", "Invoice 4711", lambda one: one.title, "portfolio"
    ),
    _entry(
        "url", Kind.LINK, "where it is read", "https://acme.example/papers/4711", lambda one: _web(one.url)
    ),
)


def _agreed(get: Callable[[ArrangementView], Any]) -> Callable[["View"], Any]:
    """A value of the arrangement that the message is about; empty where it is about none."""
    return lambda view: get(view.inputs.arrangement) if view.inputs.arrangement else None


def contact_line(body: AdviceBody | None) -> str | None:
    """Name, address, telephone and so on of a body, on one line; None where there is no body."""
    if body is None:
        return None
    parts = (body.name, body.address, body.phone, body.email, body.website)
    return ", ".join(part for part in parts if part)


def _advice(view: View) -> AdviceBody | None:
    return view.inputs.sender.advice.get(view.inputs.debtor.country)


def _complaints(view: View) -> AdviceBody | None:
    return view.inputs.sender.complaints.get(view.inputs.debtor.country)


def _creditor_address(sender: Sender) -> str | None:
    """Where the creditor is: the sender's own address where both are one, else what is written of it."""
    own = sender.creditor_name == sender.legal_name
    return sender.creditor_address or (address_line(sender) if own else None)


def _claims_interest(debt: DebtView) -> bool:
    return any(amount and amount.minor for amount in (debt.interest, debt.late_interest))


def _claims_costs(debt: DebtView) -> bool:
    return debt.costs is not None


def _told_of_each(
    column: str, claims: Callable[[DebtView], bool] | None = None
) -> Callable[["View"], str | None]:
    """What a column says of each debt that claims such a thing; None where it is silent about one."""

    def told(view: View) -> str | None:
        debts = [debt for debt in view.inputs.asked if claims is None or claims(debt)]
        if not all(debt.extra.get(column) for debt in debts):
            return None
        return "; ".join(f"{debt.reference}: {debt.extra[column]}" for debt in debts) or None

    return told


def address_line(sender: Sender) -> str:
    """The sender's postal address on one line, as its country writes it."""
    town = f"{sender.postal_code} {sender.city}".strip()
    if sender.country in {"US", "CA", "AU", "MX", "CO", "GB"}:
        town = " ".join(
            part
            for part in (sender.city + ("," if sender.region else ""), sender.region, sender.postal_code)
            if part
        )
    return ", ".join(part for part in (*sender.address_lines, town, sender.country) if part)


def _references(debts: Sequence[DebtView]) -> str:
    return ", ".join(debt.reference for debt in debts)


def _owed_as(view: View, capacity: str) -> str | None:
    return _references([debt for debt in view.inputs.asked if debt.capacity == capacity]) or None


def _hours(view: View) -> str | None:
    hours = view.inputs.sender.contact_hours
    return hours.get(view.wording.language) or next(iter(hours.values()), None)


_LINK = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:[/?#][!-~]*)?")


def _web(value: str) -> str | None:
    """A link only where it is one; anything else is empty, so that the message is held."""
    return value if value and _LINK.fullmatch(value) else None


def _reference_end(view: View) -> str | None:
    return view.inputs.debtor.reference_end if view.inputs.relation != "guarantor" else None


def _word(name: str) -> Callable[[View], str]:
    return lambda view: view.wording.word(name, view.inputs.debtor.country)


_T, _M, _D, _N, _L, _F = Kind.TEXT, Kind.MONEY, Kind.DATE, Kind.NUMBER, Kind.LINK, Kind.FLAG

PLACEHOLDERS: Mapping[str, Placeholder] = _catalogue(
    _entry("debtor.name", _T, "the person or company written to", "Ana Pérez", lambda v: v.inputs.debtor.name, "debtor"),
    _entry("debtor.reference", _T, "the creditor's number of the debtor", "C-1007", lambda v: v.inputs.debtor.reference, "portfolio"),
    _entry("debtor.reference_end", _T, "the end of that number, by which its owner knows that we know it; not for guarantors, whose it is not", "…1007", _reference_end, "portfolio", "empty"),
    _entry("debtor.kind", _T, "person or company", "person", lambda v: v.inputs.debtor.kind, "portfolio"),
    _entry("debtor.country", _T, "country, ISO 3166-1", "MX", lambda v: v.inputs.debtor.country, "portfolio"),
    _entry("sender.name", _T, "the sender as debtors know it", "Acme", lambda v: v.inputs.sender.name, "shared"),
    _entry("sender.legal_name", _T, "the sender's full legal name", "Acme Home Services Inc.", lambda v: v.inputs.sender.legal_name, "shared"),
    _entry("sender.role", _T, "original_creditor, third_party, debt_buyer or law_firm", "original_creditor", lambda v: v.inputs.sender.role, "shared"),
    _entry("sender.contact_person", _T, "who answers", "Robin Ellis", lambda v: v.inputs.sender.contact_person, "shared"),
    _entry("sender.contact_hours", _T, "when somebody answers", "Monday to Friday, 9 a.m. to 5 p.m.", _hours, "shared"),
    _entry("sender.phone", _T, "telephone", "+1 212 555 0142", lambda v: v.inputs.sender.phone, "shared"),
    _entry("sender.email", _T, "e-mail address", "hello@acme.example", lambda v: v.inputs.sender.email, "shared"),
    _entry("sender.website", _T, "web address", "https://acme.example", lambda v: v.inputs.sender.website, "shared"),
    _entry("sender.address", _T, "postal address on one line", "100 Example Street, New York, NY 10001, US", lambda v: address_line(v.inputs.sender), "shared"),
    _entry("sender.registration", _T, "licence or register number", "", lambda v: v.inputs.sender.registration or None, "empty", "shared"),
    _entry("creditor.name", _T, "whose claim it is", "Acme Home Services Inc.", lambda v: v.inputs.sender.creditor_name, "shared"),
    _entry("creditor.address", _T, "where the creditor is", "1 Lender Road, Boston", lambda v: _creditor_address(v.inputs.sender), "empty", "shared"),
    _entry("supervisor.contact", _T, "the sender's authority in the debtor's country", "An Authority, hello@authority.example", lambda v: contact_line(v.inputs.sender.supervisors.get(v.inputs.debtor.country)), "empty", "shared"),
    _entry("claim.reasons", _T, "what each debt is for, from the column claim_reason", "INV-2041: a contract of March 1, 2025", _told_of_each("claim_reason"), "portfolio", "empty"),
    _entry("claim.has_interest", _F, "interest is asked for", "yes", lambda v: any(map(_claims_interest, v.inputs.asked))),
    _entry("claim.interest", _T, "how interest was worked out, from the column interest_basis", "INV-2041: 5 % of $120.00 since March 1, 2025", _told_of_each("interest_basis", _claims_interest), "portfolio", "empty"),
    _entry("claim.has_costs", _F, "costs of collection are asked for", "yes", lambda v: any(map(_claims_costs, v.inputs.asked))),
    _entry("claim.costs", _T, "kind and reason of those costs, from the column costs_basis", "INV-2041: a collector's fee", _told_of_each("costs_basis", _claims_costs), "portfolio", "empty"),
    _entry("claim.costs_vat", _T, "what is said of value added tax on them, from the column costs_vat", "INV-2041: no tax", _told_of_each("costs_vat", _claims_costs), "portfolio", "empty"),
    *_debt_fields("debt.", lambda v: v.inputs.debts[0]),
    Placeholder(name="debts", kind=Kind.LIST, description="all debts of this message", sample="",
                get=lambda v: v.inputs.debts, items=_catalogue(*_debt_fields("", lambda debt: debt))),
    Placeholder(name="others", kind=Kind.LIST, description="debts that stand in a part of their own: spoken of for the first time, or known beside new ones; the layout shows them",
                sample="", get=lambda v: v.inputs.others, may_be_empty=True, items=_catalogue(*_debt_fields("", lambda debt: debt))),
    _entry("others_are_new", _F, "those are spoken of for the first time", "yes", lambda v: v.inputs.others_are_new),
    _entry("references", _T, "the numbers of all debts of this message", "INV-2041", lambda v: _references(v.inputs.asked), "portfolio"),
    _entry("joint_references", _T, "the numbers of the debts that the reader owes with others", "INV-2041", lambda v: _owed_as(v, "joint_debtor"), "portfolio", "empty"),
    _entry("guaranteed_references", _T, "the numbers of the debts that the reader vouches for", "INV-2041", lambda v: _owed_as(v, "guarantor"), "portfolio", "empty"),
    _entry("disputed_references", _T, "the numbers of debts that are named with nothing to pay", "INV-2041", lambda v: ", ".join(v.inputs.disputed) or None, "portfolio", "empty"),
    _entry("total", _M, "what this message asks for in all", "$120.00", lambda v: v.inputs.total),
    _entry("part_total", _M, "what is open of the debts in the tables of debts", "$120.00", lambda v: v.inputs.part_total),
    _entry("as_of", _D, "the day of the balance", "March 11, 2026", lambda v: v.inputs.balance_day),
    _entry("reply_by", _D, "ten working days after the message, in the reader's country", "March 25, 2026", lambda v: working_day_after(v.inputs.as_of, REPLY_DAYS, v.inputs.debtor.country)),
    _entry("first_message_on", _D, "when the first reminder went out", "March 2, 2026", lambda v: v.inputs.first_message_on, "empty"),
    _entry("notice_on", _D, "by when every debt had the first notice that the law wants", "February 20, 2026", lambda v: v.inputs.notice_on, "empty"),
    _entry("validation_ends_on", _D, "the last day on which a dispute of the debts counts, in a validation notice", "May 1, 2026", lambda v: v.inputs.validation_ends_on, "empty"),
    Placeholder(name="plans", kind=Kind.LIST, description="the plans on offer", sample="", get=lambda v: v.inputs.plans,
                may_be_empty=True, items=_PLANS),
    _entry("plans_bear_interest", _F, "the plans on offer bear interest", "yes", lambda v: v.inputs.plans_bear_interest),
    _entry("plans_valid_until", _D, "until when the offer stands", "April 1, 2026", lambda v: v.inputs.plans_valid_until, "empty"),
    _entry("settlement.amount", _M, "the part of the balance that would end the debt", "$80.00", lambda v: v.inputs.settlement, "empty"),
    _entry("settlement.valid_until", _D, "until when that stands; empty where it comes again", "April 1, 2026", lambda v: v.inputs.settlement_until, "empty"),
    _entry("discount.to_pay", _M, "what ends the debt where it is paid promptly", "$116.40", lambda v: v.inputs.discount and v.inputs.discount.amount, "empty"),
    _entry("discount.less", _M, "what is taken off the total for that", "$3.60", lambda v: v.inputs.discount_less, "empty"),
    _entry("discount.pay_by", _D, "the last day for it", "March 18, 2026", lambda v: v.inputs.discount and v.inputs.discount.valid_until, "empty"),
    _entry("arrangement.kind", _T, "promise, plan or settlement", "plan", _agreed(lambda a: a.kind), "empty"),
    _entry("arrangement.agreed_on", _D, "the day it was agreed", "March 2, 2026", _agreed(lambda a: a.agreed_on), "empty"),
    _entry("arrangement.total", _M, "all its payments together", "$120.00", _agreed(lambda a: a.total), "empty"),
    _entry("arrangement.principal", _M, "what of it was owed when it was agreed", "$118.00", _agreed(lambda a: a.principal), "empty"),
    _entry("arrangement.interest", _M, "what of it is interest", "$2.00", _agreed(lambda a: a.interest), "empty"),
    _entry("arrangement.rate", _N, "the interest's rate, in per cent a year", "7.5", _agreed(lambda a: a.rate), "empty"),
    _entry("arrangement.interest_paid", _M, "the interest, once everything is paid", "$2.00", _agreed(lambda a: a.interest_paid), "empty"),
    _entry("arrangement.paid", _M, "what came in", "$40.00", _agreed(lambda a: a.paid), "empty"),
    _entry("arrangement.left", _M, "what was agreed and has not come in", "$80.00", _agreed(lambda a: a.left), "empty"),
    _entry("arrangement.due_on", _D, "the day of the payment it is about", "April 1, 2026", _agreed(lambda a: a.current and a.current.due_on), "empty"),
    _entry("arrangement.amount", _M, "what is still to pay of that payment", "$40.00", _agreed(lambda a: a.due), "empty"),
    _entry("arrangement.left_after", _M, "what is left once it has come in", "$40.00", _agreed(lambda a: a.left_after), "empty"),
    _entry("arrangement.ended_on", _D, "the day it was kept or broken", "May 1, 2026", _agreed(lambda a: a.ended_on), "empty"),
    _entry("arrangement.ends_on", _D, "the day it ends if nothing comes", "May 1, 2026", _agreed(lambda a: a.ends_on), "empty"),
    Placeholder(name="arrangement.instalments", kind=Kind.LIST, description="its payments", sample="",
                get=lambda v: v.inputs.arrangement.instalments if v.inputs.arrangement else (), may_be_empty=True, items=_PAYMENTS),
    Placeholder(name="papers", kind=Kind.LIST, description="what the creditor has provided about their debts, in an answer",
                sample="", get=lambda v: v.inputs.papers, may_be_empty=True, items=_PAPERS),
    _entry("handover.on", _D, "the day on which the account is passed on", "May 1, 2026", lambda v: v.inputs.handover_on, "empty"),
    _entry("handover.firm", _T, "the firm that takes over", "Northgate Recoveries", lambda v: v.inputs.handover_firm or None, "empty"),
    _entry("links.pay", _L, "where to pay", "https://pay.acme.example/INV-2041", lambda v: _web(v.inputs.payment_url), "empty"),
    _entry("links.stop", _L, "where to stop this medium or choose another", "https://acme.example/u/token", lambda v: _web(v.inputs.optout_url), "empty"),
    _entry("links.dispute", _L, "where to say that something is wrong", "https://acme.example/dispute", lambda v: _web(v.inputs.sender.dispute_url), "empty", "shared"),
    _entry("links.website", _L, "the sender's web site", "https://acme.example", lambda v: _web(v.inputs.sender.website), "empty", "shared"),
    _entry("advice.contact", _T, "free debt advice in the debtor's country", "NFCC, +1 800 388 2227, www.nfcc.org", lambda v: contact_line(_advice(v)), "empty", "shared"),
    _entry("complaints.contact", _T, "where to complain in the debtor's country", "Unidad Especializada, une@acme.example", lambda v: contact_line(_complaints(v)), "empty", "shared"),
    _entry("words.amount", _T, "amount, importe, monto: as the country says", "amount", _word("amount"), "shared"),
    _entry("words.instalment", _T, "payment, plazo, pago, cuota: as the country says", "payment", _word("instalment"), "shared"),
    _entry("words.instalments", _T, "payments, plazos, pagos, cuotas: as the country says", "payments", _word("instalments"), "shared"),
    _entry("first_contact", _F, "nobody has written about this debt yet", "yes", lambda v: v.inputs.first_contact),
    _entry("kind", _T, "courtesy, collection, notice, arrangement_service, reply_to_consumer or optout_confirmation", "collection", lambda v: v.inputs.kind, "shared"),
    _entry("channel", _T, "email, sms or letter", "email", lambda v: v.inputs.channel.value, "shared"),
    _entry("relation", _T, "debtor, joint_debtor or guarantor", "debtor", lambda v: v.inputs.relation),
)  # fmt: skip

# What only the layout of e-mails asks about a sender; authors see none of it.
BRAND: Mapping[str, Placeholder] = _catalogue(
    _entry("brand.logo", _T, "the picture's Content-ID", "", lambda v: v.inputs.sender.logo and v.inputs.sender.logo.content_id, "empty", "shared"),
    _entry("brand.width", _T, "its width in px", "", lambda v: v.inputs.sender.logo and str(v.inputs.sender.logo.width), "empty", "shared"),
    _entry("brand.height", _T, "its height in px", "", lambda v: v.inputs.sender.logo and str(v.inputs.sender.logo.height), "empty", "shared"),
    _entry("brand.colour", _T, "the button's colour", "", lambda v: v.inputs.sender.colour or "#1d2127", "shared"),
    _entry("brand.dark", _T, "the same on a dark screen", "", lambda v: v.inputs.sender.colour_dark or "#e8eaed", "shared"),
)  # fmt: skip
LAW_PREFIX = "law."  # law.NAME.first, law.NAME.later: which disclosures apply; for layouts only
EXTRA_PREFIX = "debt.extra."


def extra_field(name: str) -> Placeholder:
    """A further column of the portfolio's file, read from the message's first debt."""
    key = name.removeprefix(EXTRA_PREFIX)
    return _entry(
        name,
        Kind.TEXT,
        "a further column of the portfolio",
        "…",
        lambda v: v.inputs.debts[0].extra.get(key) or None,
        "portfolio",
        "empty",
    )


def find(name: str) -> Placeholder | None:
    """The placeholder of that full name."""
    if name.startswith(EXTRA_PREFIX) and name.count(".") == 2:
        return extra_field(name)
    return PLACEHOLDERS.get(name)


def suggestion(name: str, known: Sequence[str] = ()) -> str:
    """`did you mean …?` for a name that nobody knows; empty without a near one."""
    names = [*PLACEHOLDERS, *known]
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:  # `name` alone, `debtorname`, `client.name`
        tail = name.replace("_", ".").rsplit(".", 1)[-1]
        near = [candidate for candidate in names if candidate.rsplit(".", 1)[-1] == tail][:1]
    return f"did you mean `{near[0]}`?" if near else "`dispatcher templates placeholders` lists all there are"
