import pytest

from channels.kind import ChannelKind
from dispatcher.values.money import Money
from dispatcher.values.sender import AdviceBody
from tests.writing.desk import LANGUAGES, a_debt, house_style, inputs, rendered, shipped

EMAIL, SMS, LETTER = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.LETTER
COLLECTOR = {"role": "third_party", "creditor_name": "Example Lender Ltd."}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", [EMAIL, SMS, LETTER])
@pytest.mark.parametrize("first", [True, False])
def test_a_collector_says_what_it_must_first_and_later_in_the_messages_language(language, channel, first):
    made = inputs(
        channel, language=language, sender=COLLECTOR, packs=("default", "us-regf"), first_contact=first
    )
    result = rendered(shipped("first-reminder"), made)
    [said] = [each for each in house_style().wordings[language].disclosures if each.name == "us_collector"]
    text = " ".join(result.text.split())
    assert (said.first in text, said.later in text) == (first, not first)
    assert result.findings == ()
    assert (result.content.initial_disclosure, result.content.subsequent_disclosure) == (
        (True, None) if first else (None, True)
    )
    assert result.content.disclosure_language == language


def test_an_original_creditor_makes_no_collectors_statement():
    result = rendered(shipped("first-reminder"), inputs(packs=("default", "us-regf"), first_contact=True))
    assert "attempt to collect" not in result.text
    assert result.content.initial_disclosure is None


@pytest.mark.parametrize("channel", [EMAIL, LETTER])
def test_a_first_contact_in_mexico_names_who_lent_what_and_where_to_complain(channel):
    made = inputs(channel, language="es", country="MX", packs=("default", "mx-condusef"), first_contact=True)
    text = rendered(shipped("first-reminder"), made).text
    for words in ("Otorgante del crédito: Example & Sons Services Inc.; contrato u operación: INV-2041", "Unidad de atención de quejas: Unidad Especializada",
                  "Persona responsable: Robin Ellis", "calculado al 11 de marzo de 2026", "Realice sus pagos únicamente a"):  # fmt: skip
        assert words in text


def test_a_first_contact_in_mexico_without_a_complaints_unit_is_held():
    made = inputs(
        language="es", country="MX", packs=("mx-condusef",), first_contact=True, sender={"complaints": {}}
    )
    assert "complaints.contact" in str(rendered(shipped("first-reminder"), made))


GERMAN_COLLECTOR = COLLECTOR | {
    "creditor_address": "Marktplatz 1, 34117 Kassel",
    "supervisors": {"DE": AdviceBody(name="Bundesamt für Justiz", address="Adenauerallee 99, 53113 Bonn")},
}
GERMAN_COLUMNS = {
    "claim_reason": "Stromlieferung, Vertrag vom 3. Februar 2024",
    "interest_basis": "5 Prozentpunkte über dem Basiszinssatz aus 120,50 € vom 2. bis 11. März 2026",
    "costs_basis": "Geschäftsgebühr für das erste Schreiben, 20,00 €",
    "costs_vat": "keine, der Gläubiger kann die Vorsteuer abziehen",
}


def a_german_demand(
    channel=EMAIL, *, first=True, fees=2_000, sender=GERMAN_COLLECTOR, columns=GERMAN_COLUMNS
):
    debt = a_debt(
        balance=Money(12_050, "EUR"),
        original=Money(12_050, "EUR"),
        paid=None,
        interest=Money(60, "EUR"),
        fees=Money(fees, "EUR"),
        extra=columns,
    )
    packs = ("default", "de-rdg", "eu-2021-2167")
    made = inputs(
        channel, language="de", country="DE", sender=sender, packs=packs, debts=(debt,), first_contact=first
    )
    return rendered(shipped("first-reminder"), made)


@pytest.mark.parametrize("channel", [EMAIL, LETTER])
def test_a_registered_collector_says_in_germany_first_what_the_law_names_and_later_no_more(channel):
    first, later = a_german_demand(channel), a_german_demand(channel, first=False)
    assert first.findings == later.findings == ()
    for said in (
        "Gläubiger ist Example Lender Ltd., Marktplatz 1, 34117 Kassel.",
        "Grund der Forderung: INV-2041: Stromlieferung, Vertrag vom 3. Februar 2024",
        "Berechnung der Zinsen: INV-2041: 5 Prozentpunkte über dem Basiszinssatz aus 120,50 €",
        "Entstehungsgrund der Kosten: INV-2041: Geschäftsgebühr für das erste Schreiben, 20,00 €",
        "Umsatzsteuer auf die Kosten: INV-2041: keine",
        "Aufsichtsbehörde von Example & Sons Services Inc.: Bundesamt für Justiz, Adenauerallee 99",
    ):
        assert said in " ".join(first.text.split())
        assert said not in " ".join(later.text.split())
    assert "Kosten der Einziehung werden nicht verlangt." in a_german_demand(channel, fees=0).text


@pytest.mark.parametrize(
    ("gone", "asked_for"),
    [
        ({"sender": GERMAN_COLLECTOR | {"creditor_address": ""}}, "creditor.address"),
        ({"sender": GERMAN_COLLECTOR | {"supervisors": {}}}, "supervisor.contact"),
        *(
            ({"columns": GERMAN_COLUMNS | {column: ""}}, placeholder)
            for column, placeholder in (
                ("claim_reason", "claim.reasons"),
                ("interest_basis", "claim.interest"),
                ("costs_basis", "claim.costs"),
                ("costs_vat", "claim.costs_vat"),
            )
        ),
    ],
)
def test_a_first_demand_in_germany_of_which_the_desk_does_not_know_all_is_not_written(gone, asked_for):
    assert asked_for in str(a_german_demand(**gone))


BELGIAN_COLUMNS = {
    "penalty": "een schadevergoeding van 10 % van het saldo",
    "enterprise_number": "0123.456.749",
    "product": "levering van gas, februari 2026",
}


@pytest.mark.parametrize("channel", [EMAIL, LETTER])
def test_a_first_reminder_in_dutch_says_in_belgium_what_the_law_names_and_is_not_written_without(channel):
    def reminder(columns):
        debt = a_debt(
            balance=Money(12_050, "EUR"),
            original=Money(15_000, "EUR"),
            paid=Money(2_950, "EUR"),
            extra=columns,
        )
        made = inputs(
            channel,
            language="nl",
            country="BE",
            kind="notice",
            packs=("be-xix",),
            sender=COLLECTOR,
            debts=(debt,),
        )
        return rendered(shipped("first-notice"), made)

    whole = reminder(BELGIAN_COLUMNS)
    assert whole.findings == ()
    text = " ".join(whole.text.split())
    for said in (
        "bijkomend te vragen als het saldo niet binnen deze termijn is betaald: een schadevergoeding van 10 % van het saldo.",
        "Ondernemingsnummer van de schuldeiser, Example Lender Ltd.: 0123.456.749.",
        "Wat geleverd werd: levering van gas, februari 2026.",
        "te betalen sinds 1 maart 2026",
        "Deze eerste herinnering is gratis. De termijn om te betalen is veertien kalenderdagen",
    ):
        assert said in text
    for column in BELGIAN_COLUMNS:
        assert f"debt.extra.{column}" in str(reminder(BELGIAN_COLUMNS | {column: ""}))
