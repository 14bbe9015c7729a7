"""Every shipped text, as one debtor reads it, beside the text that was reviewed by reading.

`UPDATE_GOLDEN=1` writes them anew; whoever does so reads them.
"""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from dispatcher.authoring.lint_templates import lint_versions
from dispatcher.authoring.template_files import read_template, template_folders
from dispatcher.values.money import Money
from dispatcher.values.sender import AdviceBody
from dispatcher.values.validation_period import VALIDATION, validation_period_end
from dispatcher.writing.samples import a_discount, an_arrangement, an_itemization, with_interest
from tests.writing.desk import LANGUAGES, ROOT, a_debt, home_of, house_style, inputs, rendered, shipped

GOLDEN = Path(__file__).parents[1] / "golden"
COMING, PAST = date(2026, 3, 16), date(2026, 3, 1)  # the day of the message is March 11
ADVICE = {
    "US": AdviceBody(name="A Free Advice Service", phone="+1 800 555 0100", website="www.advice.example"),
    "MX": AdviceBody(
        name="Un Servicio de Orientación", phone="+52 55 5555 0100", website="www.orienta.example"
    ),
    "NL": AdviceBody(name="Een schuldhulploket", phone="+31 30 555 01 00", website="www.hulp.example"),
    "BE": AdviceBody(name="Een dienst voor budgethulp", phone="+32 2 555 01 00", website="www.hulp.example"),
    "DE": AdviceBody(name="Eine Schuldnerberatung", phone="+49 30 5550100", website="www.beratung.example"),
    "ES": AdviceBody(
        name="Un Servicio de Orientación", phone="+34 900 555 010", website="www.orienta.example"
    ),
}
ADVICE_IN_FRENCH = ADVICE | {
    "BE": AdviceBody(
        name="Un service de médiation de dettes", phone="+32 2 555 01 00", website="www.aide.example"
    )
}
READERS = {
    "en": ("US", "USD"),
    "es-mx": ("MX", "MXN"),
    "es-es": ("ES", "EUR"),
    "en-agency": ("US", "USD"),  # two debts, collected for another's account
    "es-agency": ("US", "USD"),
    "de-de": ("DE", "EUR"),
    "de-agency": ("DE", "EUR"),
    "nl-nl": ("NL", "EUR"),
    "nl-agency": ("BE", "EUR"),
    "fr-fr": ("FR", "EUR"),
    "fr-ca": ("CA", "CAD"),
    "fr-agency": ("BE", "EUR"),
    "pt-pt": ("PT", "EUR"),
    "pt-br": ("BR", "BRL"),
    "pt-agency": ("BR", "BRL"),
    "it-it": ("IT", "EUR"),
    "it-agency": ("IT", "EUR"),
    "fr-claim": ("CA", "CAD"),  # Québec's notice of claim
    "en-claim": ("CA", "CAD"),
    "en-bought": ("AU", "AUD"),  # by whoever writes
    "es-bought": ("ES", "EUR"),
    "pt-bought": ("PT", "EUR"),
    "fr-serviced": ("FR", "EUR"),  # for who bought it
    "it-serviced": ("IT", "EUR"),
    "en-interest": ("US", "USD"),  # whose plans bear interest
    "es-interest": ("ES", "EUR"),
    "de-interest": ("DE", "EUR"),
    "nl-interest": ("NL", "EUR"),
    "fr-interest": ("FR", "EUR"),
    "pt-interest": ("PT", "EUR"),
    "it-interest": ("IT", "EUR"),
}
COSTING = {  # what speaks of a plan's cost, on one medium each
    "payment-plan-offer": ChannelKind.EMAIL,
    "settlement-offer": ChannelKind.LETTER,
    "second-reminder": ChannelKind.EMAIL,
    "arrangement-confirmation": ChannelKind.LETTER,
    "account-settled": ChannelKind.EMAIL,
}
NOTICES = {"first-notice": "first_written", "transfer-notice": "transfer"}
NOTICED = {  # who reads one notice alone, under which packs
    "fr-claim": ("first-notice", ("default", "ca-qc")),
    "en-claim": ("first-notice", ("default", "ca-qc")),
    "en-bought": ("transfer-notice", ("default", "au-rg96")),
    "es-bought": ("transfer-notice", ("default", "es-conduct")),
    "pt-bought": ("transfer-notice", ("default", "eu-2021-2167")),
    "fr-serviced": ("transfer-notice", ("default", "eu-2021-2167")),
    "it-serviced": ("transfer-notice", ("default", "eu-2021-2167")),
}
OF_COUNTRY = {
    "MX": ("default", "mx-condusef"),
    "US": ("default", "us-regf"),
    "DE": ("default", "de-rdg", "eu-2021-2167"),
    "NL": ("default", "nl-bw", "eu-2021-2167"),
}
COLUMNS = {  # what a collector in Germany says first
    "claim_reason": "Stromlieferung für die Lindenstraße 4, Vertrag vom 3. Februar 2024",
    "interest_basis": "5 Prozentpunkte über dem Basiszinssatz aus 1.480,00 € vom 2. bis 11. März 2026",
    "costs_basis": "Mahnkosten für das Schreiben vom 5. März 2026, 8,00 €",
    "costs_vat": "keine, der Gläubiger kann die Vorsteuer abziehen",
}
AUTHORITY = AdviceBody(
    name="Bundesamt für Justiz", address="Adenauerallee 99-103, 53113 Bonn", email="aufsicht@behoerde.example"
)
AGREED = {
    "arrangement-confirmation",
    "instalment-due",
    "instalment-missed",
    "arrangement-broken",
    "account-settled",
}
NAMES = template_folders(ROOT / "templates")


def is_read_by(name, channel, reader):
    """Whether such a debtor may get this text: a validation notice goes to Americans alone."""
    template = shipped(name)
    if reader.endswith("interest") and COSTING.get(name) is not channel:
        return False
    if name != NOTICED.get(reader, (name,))[0] or (
        reader.endswith("claim") and channel != ChannelKind.LETTER
    ):
        return False
    at_home = template.meta.notice != VALIDATION or READERS[reader][0] == "US"
    return at_home and template.has(channel, reader[:2])


def debtor_of(template, channel, reader):
    country, currency = READERS[reader]
    (kind,) = template.meta.kinds
    debt = a_debt(
        balance=Money(123_450, currency),
        original=Money(148_000, currency),
        interest=Money(1_200, currency),
        fees=Money(800, currency),
        paid=Money(26_550, currency),
        due_date=COMING if kind == "courtesy" else PAST,
        extra=COLUMNS if reader == "de-agency" else {},
        transferred_on=date(2026, 1, 15),
        transferred_by="Bank of Rockville",
    )
    packs = NOTICED[reader][1] if reader in NOTICED else OF_COUNTRY.get(country, ("default",))
    first = template.name in {
        "due-soon",
        "first-reminder",
        "first-notice",
        "transfer-notice",
        "validation-notice",
    }
    sender, debts = {"advice": ADVICE_IN_FRENCH if reader[:2] == "fr" else ADVICE}, [debt]
    if reader.endswith("agency"):
        debts.append(
            replace(debt, reference="INV-2077", interest=None, fees=None, paid=Money(24_550, currency))
        )
        if kind != "courtesy":
            sender |= {"role": "third_party", "creditor_name": "Example Lender Ltd."}
            sender |= {"creditor_address": "Marktplatz 1, 34117 Kassel", "supervisors": {"DE": AUTHORITY}}
    if reader in NOTICED or (template.name == "transfer-notice" and "eu-2021-2167" in packs):
        sender |= {"complaints": {country: AUTHORITY}, "registration": "0123.456.749"}
    if reader.endswith("bought"):
        sender |= {"role": "debt_buyer", "creditor_name": "Bank of Rockville"}
    if reader.endswith("serviced"):
        sender |= {
            "role": "third_party",
            "creditor_name": "Example Lender Ltd.",
            "creditor_address": "Marktplatz 1, 34117 Kassel",
        }
    validates = template.meta.notice == VALIDATION
    if validates:
        debts = [replace(each, itemization=an_itemization(each.balance)) for each in debts]
    made = inputs(
        channel,
        notice=template.meta.notice or NOTICES.get(template.name, ""),
        validation_ends_on=validation_period_end(date(2026, 3, 11)) if validates else None,
        language=reader[:2],
        country=country,
        sender=sender,
        debts=tuple(debts),
        kind=kind,
        packs=packs,
        first_contact=first,
        first_message_on=None if first else date(2026, 3, 2),
        settlement=Money(100_000, currency),
        settlement_until=date(2026, 3, 28),
        discount=a_discount(sum((each.balance for each in debts), Money(0, currency))),
        arrangement=an_arrangement(Money(123_450, currency)) if template.name in AGREED else None,
    )
    return with_interest(made) if reader.endswith("interest") else made


def as_read(result):
    head = (
        f"Subject: {result.subject}\nPreview: {result.preheader}\n\n"
        if result.preheader
        else f"Title: {result.subject}\n\n"
        if result.subject
        else ""
    )
    return head + result.text.rstrip("\n") + "\n"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channel", list(ChannelKind))
@pytest.mark.parametrize("reader", READERS)
def test_a_shipped_text_reads_as_it_was_reviewed(name, channel, reader):
    template = shipped(name)
    if not is_read_by(name, channel, reader):
        pytest.skip(f"{name} has no {channel} text for them")
    result = rendered(template, debtor_of(template, channel, reader))
    assert result.findings == ()
    path = GOLDEN / name / f"{reader}.{channel}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_read(result), encoding="utf-8")
    assert as_read(result) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("names", [NAMES[start::4] for start in range(4)], ids=["a", "b", "c", "d"])
def test_no_shipped_text_has_a_fault_for_any_sample_debtor(names):
    versions = [read_template(ROOT / "templates", name) for name in names]
    assert lint_versions(versions, house_style()) == dict.fromkeys(names, ())


@pytest.mark.parametrize("name", ["first-reminder", "second-reminder"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_fits_two_segments_and_four_where_the_name_needs_more_room(name, language):
    for debtor, most in (("Ana Pérez", 2), ("Łukasz Żółć", 4)):
        made = inputs(ChannelKind.SMS, language=language, country=home_of(language), name=debtor)
        assert rendered(shipped(name), made).segments <= most


@pytest.mark.parametrize("first", [True, False])
def test_a_collectors_spanish_sms_stays_within_the_phone_networks_own_alphabet(first):
    sender = {"role": "third_party", "creditor_name": "Example Lender Ltd."}
    for name in ("first-reminder", "second-reminder", "payment-plan-offer"):
        made = inputs(ChannelKind.SMS, language="es", sender=sender, packs=("us-regf",), first_contact=first)
        assert rendered(shipped(name), made).segments <= 3


def test_no_reviewed_text_is_left_over():
    expected = {
        GOLDEN / name / f"{reader}.{channel}.txt"
        for name in NAMES
        for reader in READERS
        for channel in ChannelKind
        if is_read_by(name, channel, reader)
    }
    assert set(GOLDEN.rglob("*.txt")) == expected


@pytest.mark.parametrize("channel", [ChannelKind.EMAIL, ChannelKind.LETTER])
@pytest.mark.parametrize(("language", "option"), [("en", "Agree on a plan"), ("es", "Acordar un plan")])
def test_forty_invoices_stand_after_what_one_can_do(language, option, channel):
    debts = tuple(replace(a_debt(), reference=f"INV-{n:05d}") for n in range(40))
    made = inputs(channel, debts=debts, total=Money(debts[0].balance.minor * 40, "USD"))
    made = replace(made, debtor=replace(made.debtor, language=language))
    text = rendered(shipped("first-reminder"), made).text
    assert text.index(option) < text.index("INV-00000") < text.index("INV-00039")
