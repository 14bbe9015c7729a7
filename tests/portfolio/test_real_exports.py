"""Files as accounting programs write them open: encodings, title lines, totals, spreadsheets, archives."""

import gzip
import zipfile
from datetime import date

import pytest

from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.rulebook.mappings import load_mapping
from tests.portfolio.books import a_file, a_row, a_text_file, an_import, rejects, rows_of, warnings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HEADER = "creditor,debt_reference,debtor_reference,debtor_name,currency,balance,due_date"
ROW = "acme,1,7,Ana,USD,5.00,2026-10-31"


def a_mapping(folder, text):
    (folder / "odd.yaml").write_text(text, encoding="utf-8")
    return load_mapping(folder, "odd")


def a_workbook(path, *sheets):
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-15", "utf-16", "utf-8-sig"])
def test_a_mapping_says_how_a_file_is_encoded(database, tmp_path, encoding):
    names = "cp1252" if encoding in {"utf-16", "utf-8-sig"} else encoding  # a byte order mark decides
    mapping = a_mapping(tmp_path, f"encoding: {names}\nfields:\n  debtor_name: Kundenname für Briefe\n")
    text = f"{HEADER.replace('debtor_name', 'Kundenname für Briefe')}\n{ROW.replace('Ana', 'Müller')}\n"
    an_import(database, a_text_file(tmp_path, text.encode(encoding)), mapping=mapping)
    assert [row.name for row in rows_of(database, debtors)] == ["Müller"]


def test_without_a_mapping_the_error_names_the_encoding_and_the_way_out(database, tmp_path):
    with pytest.raises(
        PortfolioFileError, match="not UTF-8: name its encoding in a mapping, such as encoding: cp1252"
    ):
        an_import(database, a_text_file(tmp_path, "Währung,Beleg\nEUR,1\n".encode("cp1252")))


@pytest.mark.parametrize(
    "above", ['Acme Inc\nOpen items\n"As of November 16, 2026"\n\n', "sep=,\n", "\n\n", "a,b,c\n1,2,3\n"]
)
def test_lines_above_the_names_are_passed_over(database, tmp_path, above):
    file = a_text_file(tmp_path, f"{above}{HEADER}\n{ROW}\nacme,2,7,Ana,USD,?,2026-10-31\n")
    report = an_import(database, file)
    assert (report.imported, report.refused) == (1, 1)
    assert rejects(file)[0]["line"] == str(above.count("\n") + 3)


@pytest.mark.parametrize("header", ["3", "'^creditor,'"])
def test_a_mapping_says_which_line_holds_the_names(database, tmp_path, header):
    mapping = a_mapping(tmp_path, f"header: {header}\nfields:\n  debt_reference: debt_reference\n")
    file = a_text_file(tmp_path, f"EXTF\n{HEADER.upper()}\n{HEADER}\n{ROW}\n")
    assert an_import(database, file, mapping=mapping).imported == 1


def test_totals_empty_rows_and_end_marks_are_counted_and_not_refused(database, tmp_path):
    file = a_text_file(tmp_path, f"{HEADER}\n{ROW}\n,,,,,,\n\nTotal,,,,,5.00,\nSumme,,,,,5.00,\n\x1a")
    report = an_import(database, file)
    assert (report.imported, report.refused, report.needs_somebody) == (1, 0, False)
    assert report.passed_over == {"empty": 2, "total": 2, "end of file": 1}


def test_a_debtor_called_total_is_no_total(database, tmp_path):
    file = a_text_file(tmp_path, f"{HEADER}\ntotal,1,7,Total Energies,USD,5.00,2026-10-31\n")
    assert an_import(database, file).imported == 1


def test_a_mapping_says_which_rows_are_no_debts_and_what_counts_for_the_rows_below(database, tmp_path):
    mapping = a_mapping(
        tmp_path,
        "skip: row['Type'] == 'Journal'\nfill_down: [Customer]\nfields:\n  creditor: \"'acme'\"\n"
        "  debtor_reference: Customer\n  debt_reference: Num\n  currency: \"'USD'\"\n  balance: Open\n  due_date: Due\n",
    )
    text = "Customer,Type,Num,Open,Due\nAmy,,,,\n,Invoice,1,5.00,2026-10-31\n,Journal,2,6.00,2026-10-31\nTotal for Amy,,,11.00,\nBen,,,,\n,Invoice,3,7.00,2026-10-31\n"
    report = an_import(database, a_text_file(tmp_path, text), mapping=mapping)
    assert (report.refused, report.passed_over) == (0, {"group": 2, "skip": 1, "total": 1})
    assert [row.reference for row in rows_of(database, debtors)] == ["Amy", "Ben"]


def test_a_spreadsheet_is_read_as_it_shows(database, tmp_path):
    names = HEADER.split(",")
    rows = [
        names,
        ["acme", 1930438491, 7, "Müller", "USD", 1234.5, date(2026, 10, 31)],
        [None] * 7,
        ["Total", None, None, None, None, 1234.5, None],
    ]
    file = a_workbook(tmp_path / "ledger.xlsx", ("Notes", [["nothing here"]]), ("Open items", rows))
    mapping = a_mapping(
        tmp_path, "sheet: open items\ndate_format: DD.MM.YYYY\nfields:\n  debt_reference: debt_reference\n"
    )
    report = an_import(database, file, mapping=mapping)
    [debt], [debtor] = rows_of(database, debts), rows_of(database, debtors)
    assert (report.refused, debt.reference, debt.balance_minor, debt.due_date, debtor.name) == (
        0, "1930438491", 123450, date(2026, 10, 31), "Müller",
    )  # fmt: skip


def test_zeros_that_a_format_shows_ahead_of_a_number_are_kept(database, tmp_path):
    from openpyxl import load_workbook

    file = a_workbook(
        tmp_path / "ledger.xlsx",
        ("A", [HEADER.split(","), ["acme", 42, 7, "Ana", "USD", 5, date(2026, 10, 31)]]),
    )
    book = load_workbook(file)
    book.active["B2"].number_format = "00000"
    book.save(file)
    an_import(database, file)
    assert rows_of(database, debts)[0].reference == "00042"


def test_a_number_whose_digits_a_spreadsheet_lost_is_no_reference(database, tmp_path):
    row = ["acme", 12345678901234567890.0, 7, "Ana", "USD", 5, date(2026, 10, 31)]
    file = a_workbook(tmp_path / "ledger.xlsx", ("A", [HEADER.split(","), row]))
    assert an_import(database, file).refused == 1


def test_a_sheet_that_is_not_there_lists_those_that_are(database, tmp_path):
    file = a_workbook(tmp_path / "ledger.xlsx", ("A", [["x"]]), ("B", [["x"]]))
    mapping = a_mapping(tmp_path, "sheet: C\nfields:\n  debt_reference: debt_reference\n")
    with pytest.raises(PortfolioFileError, match="no sheet 'C'; there are: A, B"):
        an_import(database, file, mapping=mapping)


def test_an_archive_of_one_file_is_read_and_one_of_two_is_refused(database, tmp_path):
    text = f"{HEADER}\n{ROW}\n"
    with zipfile.ZipFile(tmp_path / "ledger.zip", "w") as archive:
        archive.writestr("ledger.csv", text)
        archive.writestr("__MACOSX/._ledger.csv", "x")
    (tmp_path / "ledger.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert an_import(database, tmp_path / "ledger.zip").debts.new == 1
    assert an_import(database, tmp_path / "ledger.csv.gz").debts.unchanged == 1
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", text)
        archive.writestr("b.csv", text)
    with pytest.raises(PortfolioFileError, match=r"must hold one file; this one holds a\.csv, b\.csv"):
        an_import(database, tmp_path / "two.zip")


def test_twin_and_unnamed_columns_that_nothing_uses_are_warnings(database, tmp_path):
    file = a_text_file(tmp_path, f"{HEADER},Note,note,\n{ROW},a,b,c\n")
    report = an_import(database, file)
    assert (report.imported, report.warnings) == (1, 2)
    assert rows_of(database, debts)[0].extra == {"Note": "a", "note": "b"}


@pytest.mark.parametrize("balance", ["100 50", "1 2 3", "12'5", "1,234 567", "12,34"])
def test_an_amount_in_broken_groups_is_never_guessed(database, tmp_path, balance):
    assert an_import(database, a_file(tmp_path, a_row(balance=balance))).refused == 1


def test_with_three_decimals_one_mark_is_asked_about(database, tmp_path):
    file = a_file(tmp_path, a_row(currency="KWD", balance="1,234"))
    assert an_import(database, file).refused == 1
    assert "say `decimal` in a mapping" in rejects(file)[0]["reason"]
    mapping = a_mapping(tmp_path, "decimal: '.'\nfields:\n  debt_reference: debt_reference\n")
    an_import(database, file, mapping=mapping)
    assert rows_of(database, debts)[0].balance_minor == 1_234_000


@pytest.mark.parametrize(
    "name", ["nan", "NULL", "None", "#N/A", "-", "0", "undefined", "MÃ¼ller", "???", "N/A"]
)
def test_what_programs_write_for_no_name_is_no_name(database, tmp_path, name):
    file = a_file(tmp_path, a_row(debtor_name=name))
    an_import(database, file)
    assert (rows_of(database, debtors)[0].name, [w["column"] for w in warnings(file)]) == (
        "",
        ["debtor_name"],
    )


@pytest.mark.parametrize(
    ("cell", "addresses"),
    [
        ("a@x.example, b@y.example", {"a@x.example", "b@y.example"}),
        ("a@x.example; A@X.example", {"A@x.example"}),
        ("Ana <ana2@debtors.example>", {"ana2@debtors.example"}),
        ('"Miller, Ana" <a@x.example>; b@y.example', {"a@x.example", "b@y.example"}),
        ("a@x.example b@y.example", {"a@x.example", "b@y.example"}),
        ("k@straße.example", {"k@xn--strae-oqa.example"}),
        ("k@mÃ¼ller.example", set()),
        ("k@garcÃ³n.example", set()),
        ("noemail@shop.example", {"noemail@shop.example"}),  # the list of stand-ins is data: none here
    ],
)
def test_the_addresses_of_a_cell_are_read_and_none_is_rewritten_into_another(
    database, tmp_path, cell, addresses
):
    an_import(database, a_file(tmp_path, a_row(email=cell, phone="")))
    assert {point.address for point in rows_of(database, contact_points)} == addresses


@pytest.mark.parametrize(
    "number",
    [
        "+52 1 55 5416 3714",
        "044 55 5416 3714",
        "045 55 5416 3714",
        "01 55 5416 3714",
        "55 5416 3714",
        "5215554163714",
    ],
)
def test_a_mexican_mobile_is_one_number_however_old_its_spelling(database, tmp_path, number):
    an_import(database, a_file(tmp_path, a_row(country="MX", region="CMX", email="", phone=number)))
    assert [point.address for point in rows_of(database, contact_points)] == ["+525554163714"]
