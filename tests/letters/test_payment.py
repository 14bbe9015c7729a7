import io
from dataclasses import replace

import pytest
import segno.helpers
import zxingcpp
from PIL import Image

from dispatcher.rulebook.senders import load_senders
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.values.bank_account import (
    BankAccount,
    check_digit,
    creditor_reference,
    grouped,
    iban_problem,
    payment_code,
    qr_reference,
)
from dispatcher.values.money import Money
from dispatcher.writing.letters.letter import LetterPdf, render_letter
from dispatcher.writing.letters.pictures import letter_pages_as_png
from tests.letters.builders import MESSAGE_ID, a_debtor, a_letter, a_sender, some_debts, some_inputs
from tests.shared import ROOT

GERMAN = BankAccount(holder="Acme Home Supplies GmbH", iban="DE89370400440532013000", bic="COBADEFFXXX")
SWISS = BankAccount(holder="Robert Schneider AG", iban="CH4431999123000889012", street="Rue du Lac 1268", postal_code="2501", city="Biel", country="CH")  # fmt: skip
PLAIN_SWISS = BankAccount(holder="Robert Schneider AG", iban="CH5800791123000889012", street="Rue du Lac 1268", postal_code="2501", city="Biel", country="CH")  # fmt: skip


@pytest.mark.parametrize(
    "iban", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", SWISS.iban, PLAIN_SWISS.iban]
)
def test_ibans_of_the_standard_are_right(iban):
    assert iban_problem(iban) is None


@pytest.mark.parametrize("iban", ["DE89370400440532013001", "DE8937", "", "1234567890123456"])
def test_a_wrong_iban_is_named(iban):
    assert iban_problem(iban)


def test_references_have_the_check_digits_of_their_standards():
    assert creditor_reference("539007547034") == "RF18539007547034"  # ISO 11649's own example
    assert creditor_reference("INV-2026-0001").endswith("INV20260001")
    assert creditor_reference("x" * 22) == creditor_reference("--") == ""
    assert (
        qr_reference("21000000000313947143000901") == "210000000003139471430009017"
    )  # the Swiss guideline's
    assert qr_reference("INV-1") == ""
    assert check_digit("21000000000313947143000901") == "7"
    assert grouped("210000000003139471430009017") == "21 00000 00003 13947 14300 09017"
    assert grouped("RF18539007547034") == "RF18 5390 0754 7034"


def test_the_sepa_code_is_what_another_maker_writes():
    ours = payment_code(GERMAN, minor=12_345, currency="EUR", reference="RF18539007547034")
    theirs = segno.helpers.make_epc_qr(GERMAN.holder, GERMAN.iban, 123.45, reference="RF18539007547034", bic=GERMAN.bic, encoding="utf-8")  # fmt: skip
    picture = io.BytesIO()
    theirs.save(picture, kind="png", scale=4)
    (decoded,) = zxingcpp.read_barcodes(Image.open(picture))
    assert ours.split("\n")[:10] == decoded.text.split("\n")[:10]
    assert ours.split("\n") == [
        "BCD", "002", "1", "SCT", GERMAN.bic, GERMAN.holder, GERMAN.iban, "EUR123.45", "", "RF18539007547034",
    ]  # fmt: skip


def test_the_swiss_code_holds_every_field_at_its_place():
    lines = payment_code(SWISS, minor=194_975, currency="CHF", reference="210000000003139471430009017").split(
        "\n"
    )
    assert len(lines) == 31
    assert lines[:11] == [
        "SPC",
        "0200",
        "1",
        SWISS.iban,
        "S",
        "Robert Schneider AG",
        "Rue du Lac 1268",
        "",
        "2501",
        "Biel",
        "CH",
    ]
    assert lines[18:20] == ["1949.75", "CHF"]
    assert lines[27:] == ["QRR", "210000000003139471430009017", "", "EPD"]
    scor = payment_code(PLAIN_SWISS, minor=100, currency="CHF", reference="RF18539007547034").split("\n")
    assert scor[27:29] == ["SCOR", "RF18539007547034"]
    assert payment_code(SWISS, minor=100, currency="CHF", reference="") == ""


@pytest.mark.parametrize(("currency", "minor"), [("USD", 100), ("EUR", 0), ("EUR", 100_000_000_000)])
def test_there_is_no_code_where_no_standard_has_one(currency, minor):
    assert payment_code(GERMAN, minor=minor, currency=currency, reference="") == ""


@pytest.mark.parametrize(("account", "currency", "count"), [(GERMAN, "EUR", 1), (GERMAN, "EUR", 3)])
def test_the_letters_code_pays_what_the_letter_says(account, currency, count):
    made = some_inputs(debts=some_debts(count, currency), sender=a_sender(bank={currency: account}))
    letter = render_letter(a_letter(made), made, message_id=MESSAGE_ID)
    assert isinstance(letter, LetterPdf), letter
    page = Image.open(io.BytesIO(letter_pages_as_png(letter.pdf, 300)[-1]))
    (code,) = zxingcpp.read_barcodes(page)
    reference = creditor_reference("INV-2026-0001" if count == 1 else "D-1001")
    assert code.text == payment_code(account, minor=made.total.minor, currency=currency, reference=reference)
    assert grouped(account.iban) in letter.text
    assert grouped(reference) in letter.text
    assert account.holder in letter.text


LINES = ("kind", "version", "coding", "iban", "type", "name", "street", "house", "postcode", "city", "country",
         *(f"ultimate_{n}" for n in range(7)), "amount", "currency", "by_type", "by_name", "by_street", "by_house",
         "by_postcode", "by_city", "by_country", "reference_type", "reference", "message", "end")  # fmt: skip
PIA = {"name": "Pia-Maria Rutschmann", "address_lines": ("Marktgasse 28",), "postal_code": "9400", "city": "Rorschach", "country": "CH"}  # fmt: skip


def a_swiss_letter(account, reference, language="de", **debtor):
    debt = replace(some_debts(1, "CHF")[0], reference=reference, balance=Money(194_975, "CHF"))
    made = some_inputs(debts=(debt,), debtor=a_debtor(**PIA | debtor), sender=a_sender(bank={"CHF": account}))
    letter = render_letter(a_letter(made, language=language), made, message_id=MESSAGE_ID)
    assert isinstance(letter, LetterPdf), letter
    page = Image.open(io.BytesIO(letter_pages_as_png(letter.pdf, 300)[-1]))
    (code,) = zxingcpp.read_barcodes(page)
    return letter, code, dict(zip(LINES, code.text.split("\n"), strict=True))


@pytest.mark.parametrize(
    ("account", "reference", "kind", "structured"),
    [
        (SWISS, "21000000000313947143000901", "QRR", "210000000003139471430009017"),
        (PLAIN_SWISS, "539007547034", "SCOR", "RF18539007547034"),
    ],
)
def test_a_swiss_letter_ends_with_the_payment_part_and_its_receipt_at_their_places(
    account, reference, kind, structured
):
    letter, code, said = a_swiss_letter(account, reference)
    assert (said["reference_type"], said["reference"]) == (kind, structured)
    assert (said["amount"], said["currency"], said["iban"]) == ("1949.75", "CHF", account.iban)
    assert (said["by_name"], said["by_street"], said["by_postcode"], said["by_city"], said["by_country"]) == (
        "Pia-Maria Rutschmann", "Marktgasse 28", "9400", "Rorschach", "CH",
    )  # fmt: skip
    corners = (code.position.top_left, code.position.bottom_right)
    in_mm = [round(value / 300 * 25.4) for corner in corners for value in (corner.x, corner.y)]
    assert in_mm == [
        67,
        209,
        113,
        255,
    ]  # 46 mm square, 5 mm from the line between the parts, 17 mm below the edge
    slip = letter.text[letter.text.index("Vor der Einzahlung abzutrennen") :]
    for words in (grouped(account.iban), grouped(structured), "Robert Schneider AG", "Pia-Maria Rutschmann", "1 949.75"):  # fmt: skip
        assert slip.count(words) == 2, words  # on the receipt and on the payment part
    assert [slip.count(words) for words in ("Empfangsschein", "Zahlteil", "Annahmestelle")] == [1, 1, 1]


def test_a_name_that_the_swiss_code_cannot_hold_is_left_for_the_payer_to_write():
    letter, _, said = a_swiss_letter(PLAIN_SWISS, "539007547034", language="fr", name="王小明")
    assert {said[f"by_{field}"] for field in ("type", "name", "city", "country")} == {""}
    assert letter.text.count("Payable par (nom/adresse)") == 2


@pytest.mark.parametrize("count", [1, 3, 60])
def test_the_pages_of_a_swiss_letter_are_counted_with_the_payment_part(count):
    made = some_inputs(
        debts=some_debts(count, "CHF"),
        sender=a_sender(country="CH", page_size="A4", bank={"CHF": PLAIN_SWISS}),
    )
    letter = render_letter(a_letter(made), made, message_id=MESSAGE_ID)
    assert isinstance(letter, LetterPdf), letter
    assert f"Page 1 of {letter.pages}" in letter.text
    assert letter.pages > 1
    assert letter.text.count("Receipt") == 1


def test_a_wrong_iban_in_the_configuration_is_refused_with_its_key(tmp_path):
    path = tmp_path / "senders.yaml"
    text = (ROOT / "config/senders.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("    handover_days: 14\n", "    handover_days: 14\n    bank: {EUR: {iban: DE00370400440532013000}}\n", 1), encoding="utf-8")  # fmt: skip
    with pytest.raises(ConfigError, match="wrong digit"):
        load_senders(path)
