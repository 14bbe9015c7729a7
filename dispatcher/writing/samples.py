"""Made-up debtors that show a template at its ordinary and at its odd, for previews and for trials before saving."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from channels.kind import ChannelKind
from dispatcher.agreements.domain.arrangement import InstalmentState
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.domain.plan_interest import PlanInterest, plan_schedule
from dispatcher.agreements.domain.schedules import Frequency, interest_of
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from dispatcher.values.sender import AdviceBody, Sender
from dispatcher.values.validation_period import VALIDATION, validation_period_end
from dispatcher.writing.domain.arrangement_view import ArrangementView
from dispatcher.writing.domain.instalments import flat_plan
from dispatcher.writing.domain.itemization import Itemization
from dispatcher.writing.domain.render_inputs import DebtorView, DebtView, RenderInputs
from dispatcher.writing.language.meta import TemplateMeta

SAMPLE_SENDER = Sender(
    key="sample",
    name="Example & Sons",
    legal_name="Example & Sons Services Inc.",
    role="original_creditor",
    creditor_name="Example & Sons Services Inc.",
    contact_person="Robin Ellis",
    contact_hours={
        "en": "Monday to Friday, 9 a.m. to 5 p.m. (New York time)",
        "de": "Montag bis Freitag, 9 bis 17 Uhr (New Yorker Zeit)",
        "es": "de lunes a viernes, de 9:00 a 17:00 (hora de Nueva York)",
        "fr": "du lundi au vendredi, de 9 h à 17 h (heure de New York)",
        "it": "dal lunedì al venerdì, dalle 9.00 alle 17.00 (ora di New York)",
        "nl": "maandag tot en met vrijdag, 9.00 tot 17.00 uur (tijd van New York)",
        "pt": "de segunda a sexta, das 9h às 17h (hora de Nova Iorque)",
    },
    phone="+1 212 555 0142",
    email="hello@sender.example",
    reply_to="hello@sender.example",
    website="https://sender.example",
    address_lines=("100 Example Street",),
    postal_code="10001",
    city="New York",
    region="NY",
    country="US",
    payment_url="https://pay.sender.example/{debt_reference}",
    dispute_url="https://sender.example/question",
    complaints={
        "MX": AdviceBody(name="Unidad Especializada", phone="+52 55 5555 0142", email="unidad@sender.example")
    },
    advice={
        "US": AdviceBody(name="A Free Advice Service", phone="+1 800 555 0100", website="www.advice.example")
    },
    handover_firm="Northgate Recoveries LLC",
)
_ADVICE = AdviceBody(name="A Free Advice Service", phone="+1 800 555 0100")
AS_OF = date(2026, 3, 11)
_LONG_NAME = "María del Carmen Fernández de Córdoba y Álvarez-Sotomayor, viuda de Castellanos"
_PLACES = {
    "US": ("USD", "IL", "Springfield", "62701"),
    "MX": ("MXN", "CMX", "Ciudad de México", "06600"),
    "ES": ("EUR", "MD", "Madrid", "28013"),
    "DE": ("EUR", "BE", "Berlin", "10117"),
    "AT": ("EUR", "9", "Wien", "1010"),
    "FR": ("EUR", "IDF", "Paris", "75002"),
    "BE": ("EUR", "BRU", "Bruxelles", "1000"),
    "IT": ("EUR", "RM", "Roma", "00184"),
    "NL": ("EUR", "UT", "Utrecht", "3511 AB"),
    "PT": ("EUR", "11", "Lisboa", "1100-148"),
    "CA": ("CAD", "QC", "Montréal", "H2Y 1C6"),
    "BR": ("BRL", "SP", "São Paulo", "01001-000"),
}
# Where a language's sample debtors live: the ordinary one first.
_HOMES = {
    "es": ("MX", "ES"),
    "de": ("DE", "AT"),
    "fr": ("FR", "BE", "CA"),
    "it": ("IT",),
    "nl": ("NL", "BE"),
    "pt": ("PT", "BR"),
}
_COUNTRY_NAMES = {"ES": "Spain", "AT": "Austria", "BE": "Belgium", "BR": "Brazil", "CA": "Canada"}


def samples(meta: TemplateMeta, channel: ChannelKind, language: str) -> Iterator[tuple[str, RenderInputs]]:
    """(what is odd about it, inputs) for each kind the template serves."""
    about_agreement = any(name.startswith("arrangement.") for name in meta.needs)
    for kind in sorted(meta.kinds):
        for name, plain in _of_kind(meta, channel, language, kind):
            inputs = _noticed(plain, meta.notice) if kind == "notice" else plain
            yield name, inputs if about_agreement else replace(inputs, arrangement=None)


def _of_kind(
    meta: TemplateMeta, channel: ChannelKind, language: str, kind: str
) -> Iterator[tuple[str, RenderInputs]]:
    primary, _, region = language.partition("-")
    homes = _HOMES.get(primary, ("US",))
    country = region if region in _PLACES else homes[0]
    ordinary = sample(channel, language, country, kind)
    yield "an ordinary debtor", ordinary
    yield "a debtor without any optional value", _bare(ordinary, meta)
    yield "three debts of a company", _several(ordinary)
    yield "a very long name", _named(ordinary, _LONG_NAME)
    yield "a name of markup", _named(ordinary, "<b>{{ 7*7 }}</b> *Ana* [x](https://evil.example) & Co")
    ends = "handover.on" in meta.needs  # never the first contact
    if kind in {"collection", "notice"}:
        collector = replace(ordinary.sender, role="third_party", creditor_name="Example Lender Ltd.")
        for first in (False,) if ends else (True, False):
            yield (
                "an American debtor of a third party",
                replace(ordinary, sender=collector, packs=("default", "us-regf"), first_contact=first),
            )
        mexican = sample(channel, language, "MX", kind)
        yield "a debtor in Mexico", replace(mexican, packs=("default", "mx-condusef"), first_contact=not ends)
    for other in () if region else homes[1:]:
        yield f"a debtor in {_COUNTRY_NAMES[other]}", sample(channel, language, other, kind)


def from_sender(inputs: RenderInputs, sender: Sender) -> RenderInputs:
    """The same debtor written to by a real sender, whose country lines are there as they are configured."""
    advice = {**dict.fromkeys([inputs.debtor.country], _ADVICE), **sender.advice}
    complaints = {**inputs.sender.complaints, **sender.complaints}
    return replace(
        inputs,
        sender=replace(
            sender,
            advice=advice if inputs.sender.advice else {},
            complaints=complaints if inputs.sender.complaints else {},
        ),
        payment_url=sender.payment_url.replace("{debt_reference}", "INV-2041") if inputs.payment_url else "",
        handover_firm=sender.handover_firm or inputs.handover_firm if inputs.handover_firm else "",
    )


def sample(channel: ChannelKind, language: str, country: str, kind: str) -> RenderInputs:
    """An ordinary debtor with one debt and every optional value."""
    currency, region, city, postal_code = _PLACES[country]
    debt = _debt(currency, 1)
    return RenderInputs(
        channel=channel,
        step="sample",
        kind=kind,
        as_of=AS_OF,
        debtor=DebtorView(
            reference="C-1007",
            name="Ana Pérez",
            language=language,
            country=country,
            region=region,
            city=city,
            postal_code=postal_code,
            address_lines=("12 Sample Lane",),
            email="ana@debtor.example",
            phone="+12125550199",
        ),
        sender=SAMPLE_SENDER,
        debts=(debt,),
        total=debt.balance,
        first_contact=False,
        first_message_on=date(2026, 3, 2),
        notice_on=date(2026, 2, 20),
        plans=tuple(
            flat_plan(n, debt.balance, count, date(2026, 4, 1)) for n, count in enumerate((2, 3), start=1)
        ),
        plans_valid_until=date(2026, 3, 28),
        settlement=Money(debt.balance.minor * 7 // 10, currency),
        settlement_until=date(2026, 3, 28),
        discount=a_discount(debt.balance),
        arrangement=an_arrangement(debt.balance),
        handover_on=date(2026, 4, 10),
        handover_firm=SAMPLE_SENDER.handover_firm,
        optout_url="https://sender.example/u/6bT2x9",
        payment_url="https://pay.sender.example/INV-2041",
        packs=("default",),
    )


def a_discount(total: Money) -> SettlementOffer:
    """3 per cent off within a week."""
    amount = Money(-(-total.minor * 97 // 100), total.currency)
    return SettlementOffer(amount=amount, percent=Decimal(97), valid_until=date(2026, 3, 18), off=Decimal(3))


def an_arrangement(total: Money) -> ArrangementView:
    """A plan of three payments, the first made, the second awaited."""
    parts = [total.minor // 3, total.minor // 3, total.minor - 2 * (total.minor // 3)]
    days = (date(2026, 2, 15), date(2026, 3, 15), date(2026, 4, 15))
    instalments = tuple(
        InstalmentState(
            number=number,
            due_on=day,
            amount=Money(part, total.currency),
            paid=Money(part if number == 1 else 0, total.currency),
            paid_on=day if number == 1 else None,
        )
        for number, (day, part) in enumerate(zip(days, parts, strict=True), start=1)
    )
    return ArrangementView(
        kind="plan",
        agreed_on=date(2026, 2, 2),
        total=total,
        instalments=instalments,
        current=instalments[1],
        ended_on=date(2026, 3, 10),
        ends_on=date(2026, 3, 30),
    )


def with_interest(inputs: RenderInputs) -> RenderInputs:
    """The same where plans bear interest: those on offer, and one that was kept."""
    interest = PlanInterest(
        yearly_percent=Decimal("7.5"), day_count=DayCount.ACT_365, from_on=inputs.as_of, booked_by="Accounts"
    )
    plans = tuple(replace(plan, interest=interest) for plan in inputs.plans)
    agreed = inputs.arrangement and _bearing_interest(inputs.arrangement, interest)
    return replace(inputs, plans=plans, plans_bear_interest=True, arrangement=agreed)


def _bearing_interest(agreed: ArrangementView, interest: PlanInterest) -> ArrangementView:
    since = replace(interest, from_on=agreed.agreed_on)
    first_on, count = agreed.instalments[0].due_on, len(agreed.instalments)
    schedule = plan_schedule(agreed.total, count, Frequency.MONTHLY, first_on, interest=since)
    instalments = tuple(
        InstalmentState(
            number=number, due_on=one.due_on, amount=one.amount, paid=one.amount, paid_on=one.due_on
        )
        for number, one in enumerate(schedule, start=1)
    )
    borne = interest_of(schedule, agreed.total.currency)
    return replace(
        agreed,
        total=agreed.total + borne,
        interest=borne,
        rate=interest.yearly_percent,
        instalments=instalments,
        current=None,
    )


def _debt(currency: str, number: int) -> DebtView:
    return DebtView(
        reference=f"INV-204{number}",
        balance=Money(12_950 + 1_000 * number, currency),
        original=Money(16_000 + 1_000 * number, currency),
        due_date=date(2026, 3, number),
        days_past_due=11 - number,
        issued_on=date(2026, 2, number),
        paid=Money(3_500, currency),
        interest=Money(250, currency),
        fees=Money(500, currency),
        credit=Money(300, currency),
        extra={},
    )


def _noticed(inputs: RenderInputs, notice: str) -> RenderInputs:
    """The same as a notice of the law; a validation notice knows what each debt is made of."""
    if notice != VALIDATION:
        return replace(inputs, notice=notice)
    debts = tuple(replace(debt, itemization=an_itemization(debt.balance)) for debt in inputs.debts)
    return replace(inputs, notice=notice, debts=debts, validation_ends_on=validation_period_end(inputs.as_of))


def an_itemization(balance: Money) -> Itemization:
    """What a balance was made of on the second of January."""
    currency = balance.currency
    return Itemization(
        on=date(2026, 1, 2),
        creditor="Bank of Rockville",
        amount=Money(balance.minor - 8_000, currency),
        interest=Money(7_500, currency),
        fees=Money(2_500, currency),
        credited=Money(2_000, currency),
    )


def _named(inputs: RenderInputs, name: str) -> RenderInputs:
    return replace(inputs, debtor=replace(inputs.debtor, name=name))


def _several(inputs: RenderInputs) -> RenderInputs:
    currency = inputs.total.currency
    debts = tuple(_debt(currency, number) for number in (1, 2, 3))
    total = Money(sum(debt.balance.minor for debt in debts), currency)
    plans = tuple(flat_plan(n, total, count, date(2026, 4, 1)) for n, count in enumerate((2, 6), start=1))
    debtor = replace(inputs.debtor, name="Talleres Núñez & Hijos, S.A. de C.V.", kind="company")
    return replace(inputs, debtor=debtor, debts=debts, total=total, plans=plans)


def _bare(inputs: RenderInputs, meta: TemplateMeta) -> RenderInputs:
    """Nothing that may be empty, except what the template needs, and the link that an e-mail must have."""
    needs = {name.partition(".")[0] for name in meta.needs}
    debt = replace(inputs.debts[0], issued_on=None, paid=None, interest=None, fees=None, credit=None)
    return replace(
        inputs,
        debtor=replace(inputs.debtor, country="US", region="IL", city="Springfield", postal_code="62701"),
        sender=replace(inputs.sender, dispute_url="", advice={}, complaints={}, registration=""),
        debts=(debt,),
        first_message_on=None,
        notice_on=None,
        plans=inputs.plans if "plans" in needs else (),
        plans_valid_until=inputs.plans_valid_until if needs & {"plans", "plans_valid_until"} else None,
        handover_on=inputs.handover_on if "handover" in needs else None,
        handover_firm=inputs.handover_firm if "handover" in needs else "",
        payment_url=inputs.payment_url if "links.pay" in meta.needs else "",
    )
