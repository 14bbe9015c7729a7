import re

import pytest

from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from dispatcher.portfolio.apply_mapping import PortfolioFileError, check_expressions
from dispatcher.portfolio.rehearse_mapping import rehearse_mapping
from dispatcher.rulebook.mappings import load_mapping, load_mappings
from dispatcher.rulebook.yaml_file import ConfigError
from tests.portfolio.books import a_text_file, an_import, rows_of, warnings
from tests.shared import ROOT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def a_mapping(folder, text):
    (folder / "odd.yaml").write_text(text, encoding="utf-8")
    return load_mapping(folder, "odd")


FIELDS = """
fields:
  creditor: "'acme'"
  debt_reference: Invoice No
  debtor_reference: Client
  currency: "'EUR'"
  balance: Open
  due_date: Due
"""


def test_columns_constants_and_expressions_become_our_columns(database, tmp_path):
    mapping = a_mapping(
        tmp_path,
        "date_format: D/M/YYYY\ndecimal: ','\ndelimiter: ';'\nlookups: {land: {'49': DE, '34': ES}}\n"
        + FIELDS
        + "  country: Land | lookup('land')\n  email: \"{{ Client | lower }}@debtors.example\"\n  original_amount: Open | replace('.', '') \n",
    )
    file = a_text_file(
        tmp_path,
        "Invoice No;CLIENT;Client;Open;Due;Land;Clerk\n007;x;AB1;1.234,50;31/10/2026;34;Rosa\n".replace(
            "CLIENT;", ""
        ).replace("x;", ""),
    )
    an_import(database, file, mapping=mapping)

    [debt] = rows_of(database, debts)
    assert (debt.reference, debt.balance_minor, debt.original_minor, debt.due_date.isoformat()) == (
        "007",
        123450,
        123450,
        "2026-10-31",
    )
    assert debt.extra == {"Clerk": "Rosa"}
    assert rows_of(database, debtors)[0].country == "ES"
    assert rows_of(database, contact_points)[0].address == "ab1@debtors.example"


def test_a_value_that_a_lookup_does_not_know_holds_its_debt_where_law_hangs_on_it(database, tmp_path):
    mapping = a_mapping(
        tmp_path, "lookups: {land: {'34': ES}}\n" + FIELDS + "  country: Land | lookup('land')\n"
    )
    file = a_text_file(
        tmp_path, "Invoice No,Client,Open,Due,Land\n1,7,5.00,2026-10-31,99\n2,7,5.00,2026-10-31,34\n"
    )
    report = an_import(database, file, mapping=mapping)
    assert (report.imported, report.held) == (2, 1)
    [unread] = warnings(file)
    assert (unread["line"], unread["column"]) == ("2", "country")
    assert "'99'" in unread["reason"]


def test_a_column_that_the_file_does_not_have_names_file_line_and_key(database, tmp_path):
    mapping = a_mapping(tmp_path, FIELDS)
    with pytest.raises(
        PortfolioFileError,
        match=r"odd\.yaml:7: fields\.balance: the file has no column 'Open'; it has: Invoice No, Client",
    ):
        an_import(database, a_text_file(tmp_path, "Invoice No,Client,Due\n1,7,2026-10-31\n"), mapping=mapping)


def test_an_expression_that_reaches_beyond_the_row_is_refused(database, tmp_path):
    mapping = a_mapping(tmp_path, FIELDS + "  city: \"{{ ''.__class__ }}\"\n")
    assert check_expressions(mapping) != []
    with pytest.raises(PortfolioFileError, match=r"odd\.yaml:9: fields\.city"):
        an_import(
            database, a_text_file(tmp_path, "Invoice No,Client,Open,Due\n1,7,5,2026-10-31\n"), mapping=mapping
        )


def test_a_required_column_that_the_mapping_leaves_out_names_the_mapping(database, tmp_path):
    mapping = a_mapping(tmp_path, "fields: {debt_reference: 'No'}\n")
    with pytest.raises(
        PortfolioFileError,
        match=r"debtor_reference, currency, balance, due_date are missing.*add it under fields: in .*odd\.yaml",
    ):
        an_import(database, a_text_file(tmp_path, "No\n1\n"), mapping=mapping)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("fields: {blance: Open}\n", r"odd\.yaml:1: fields\.blance: unknown key; did you mean \"balance\""),
        (
            "fields: {debt_reference: No}\n",
            r"odd\.yaml:1: fields\.debt_reference: YAML reads this as False: put it in quotation marks",
        ),
        (FIELDS + "date_format: D/YYYY\n", r"odd\.yaml:9: date_format: needs YYYY"),
        (FIELDS + "decimal: ';'\n", r"odd\.yaml:9: decimal"),
        (FIELDS + "  creditor: x\n", r"odd\.yaml:9: creditor: stands here twice"),
        (
            FIELDS + "lookups: {land: {NO: NO}}\n",
            r"odd\.yaml:9: lookups\.land\.NO: YAML reads this word as true or false",
        ),
        ("date_format: ISO\n", r"odd\.yaml:1: the file: 'fields' is a required property"),
    ],
)
def test_a_mapping_that_is_wrong_names_file_line_and_key(database, tmp_path, text, error):
    with pytest.raises(ConfigError, match=error):
        a_mapping(tmp_path, text)


def test_an_unknown_mapping_lists_those_there_are(database, tmp_path):
    with pytest.raises(
        ConfigError,
        match=r"there is no mapping 'ibm'; there are: .*ibm-ar, odoo-invoices, quickbooks-open-invoices, sage-50-",
    ):
        load_mapping(ROOT / "config" / "mappings", "ibm")


def test_every_shipped_mapping_is_sound(database):
    for mapping in load_mappings(ROOT / "config" / "mappings"):
        assert check_expressions(mapping) == []


def test_the_shipped_sap_mapping_reads_an_export_as_the_system_writes_it(database, tmp_path):
    file = a_text_file(
        tmp_path,
        "\ufeffBuchungskreis;Belegnummer;Debitor;Name 1;Sprache;Land;Postleitzahl;Ort;Strasse;E-Mail-Adresse;Telefon;Währung;Betrag;Belegdatum;Nettofälligkeit;Mahnsperre\r\n"
        "1000;0090001234;0000100001;Müller GmbH;D;DE;10115;Berlin;Weg 1;ap@debtors.example;030 23125000;EUR;1.190,00;01.10.2026;31.10.2026;\r\n"
        "1000;0090001235;0000100001;Müller GmbH;D;DE;10115;Berlin;Weg 1;ap@debtors.example;030 23125000;EUR;190,00-;05.10.2026;05.10.2026;A\r\n",
    )
    assert an_import(database, file, mapping="sap-open-items").refused == 0
    assert [(d.reference, d.balance_minor) for d in rows_of(database, debts)] == [
        ("0090001234/31.10.2026", 119000),
        ("0090001235/05.10.2026", -19000),
    ]
    assert [d.disputed_on is not None for d in rows_of(database, debts)] == [False, True]


def test_the_instalments_of_one_sap_document_are_two_debts_and_an_unknown_language_is_an_empty_one(
    database, tmp_path
):
    file = a_text_file(
        tmp_path,
        "Buchungskreis;Belegnummer;Debitor;Name 1;Sprache;Land;Postleitzahl;Ort;Strasse;E-Mail-Adresse;Telefon;Währung;Betrag;Belegdatum;Nettofälligkeit;Mahnsperre\r\n"
        "1000;0090001300;0000100007;Weber KG;;DE;10115;Berlin;Weg 7;w@debtors.example;;EUR;250,00;01.10.2026;31.10.2026;\r\n"
        "1000;0090001300;0000100007;Weber KG;;DE;10115;Berlin;Weg 7;w@debtors.example;;EUR;250,00;01.10.2026;30.11.2026;\r\n"
        "1000;0090001301;0000100008;Bianchi Srl;Q;IT;20121;Milano;Via 8;b@debtors.example;;EUR;80,00;01.10.2026;31.10.2026;\r\n",
    )
    report = an_import(database, file, mapping="sap-open-items")
    assert (report.refused, report.debts.new) == (0, 3)
    assert [debtor.language for debtor in rows_of(database, debtors)] == ["", ""]


def test_the_shipped_quickbooks_mapping_reads_month_first(database, tmp_path):
    file = a_text_file(
        tmp_path,
        "Date,Num,Customer,Email,Phone,Billing Street,Billing City,Billing State,Billing ZIP,Due Date,Amount,Open Balance\n"
        '10/02/2026,1044,Ana Pérez,ana@debtors.example,212-555-0100,1 Oak St,New York,NY,10001,11/01/2026,"1,250.00",250.00\n',
    )
    assert an_import(database, file, mapping="quickbooks-open-invoices").refused == 0
    [debt] = rows_of(database, debts)
    assert (debt.issued_on.isoformat(), debt.due_date.isoformat(), debt.original_minor) == (
        "2026-10-02",
        "2026-11-01",
        125000,
    )


def test_the_shipped_stripe_mapping_takes_the_day_of_an_instant_and_passes_over_what_is_paid(
    database, tmp_path
):
    file = a_text_file(
        tmp_path,
        "id,Amount Due,Billing,Currency,Customer,Date (UTC),Due Date (UTC),Number,Total,Amount Paid,Status,Customer Email,Customer Name\n"
        "in_1,120.50,send_invoice,usd,cus_A,2026-10-01 09:12,2026-10-31 09:12,A-0001,120.50,0.00,open,ana@debtors.example,Ana\n"
        "in_2,90.00,send_invoice,usd,cus_B,2026-10-01 09:12,2026-10-31 09:12,A-0002,90.00,90.00,paid,ben@debtors.example,Ben\n",
    )
    report = an_import(database, file, mapping="stripe-invoices")
    assert (report.refused, report.passed_over) == (0, {"skip": 1})
    [debt] = rows_of(database, debts)
    assert (debt.reference, debt.balance_minor, debt.due_date.isoformat()) == ("A-0001", 12050, "2026-10-31")


def test_the_shipped_odoo_mapping_reads_a_list_of_invoices(database, tmp_path):
    file = a_text_file(
        tmp_path,
        "Number,Invoice Partner Display Name,Invoice/Bill Date,Due Date,Total,Amount Due,Currency,Payment Status,Status\n"
        "INV/2026/00001,Azure Interior,2026-10-01,2026-10-31,115.00,115.00,EUR,Not Paid,Posted\n"
        ",Azure Interior,2026-10-02,2026-10-31,115.00,115.00,EUR,Not Paid,Draft\n",
    )
    report = an_import(database, file, mapping="odoo-invoices")
    assert (report.refused, report.passed_over) == (0, {"skip": 1})
    [debt] = rows_of(database, debts)
    assert (debt.reference, debt.balance_minor) == ("INV/2026/00001", 11500)


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "config" / "mappings").glob("*.yaml")])
def test_a_made_up_row_comes_through_every_shipped_mapping(database, name):
    assert rehearse_mapping(load_mapping(ROOT / "config" / "mappings", name)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  country: Land | lookup('land')\n", r"odd\.yaml:9: fields\.country: lookup needs the name of a table"),
        ('  email: "{{ Client | mail }}"\n', r"odd\.yaml:9: fields\.email: there is no filter mail"),
        ("date_format: MM\n", "needs YYYY"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_read_its_own_row_is_told_before_a_file_comes(database, tmp_path, text, said):
    try:
        told = "\n".join(rehearse_mapping(a_mapping(tmp_path, FIELDS + text)))
    except ConfigError as error:
        told = str(error)
    assert re.search(said, told)
