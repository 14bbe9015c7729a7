import json

import pytest

from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from tests.portfolio.books import a_file, a_row, a_text_file, an_import, rejects, rows_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HEADER = "creditor,debt_reference,debtor_reference,debtor_name,currency,balance,due_date"


def a_csv(folder, *lines, header=HEADER):
    return a_text_file(folder, "\n".join([header, *lines]) + "\n")


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated(database, tmp_path):
    text = f"\ufeff{HEADER}\r\nacme,1,7,Ana,USD,5.00,2026-10-31\r\n"
    assert an_import(database, a_text_file(tmp_path, text)).imported == 1
    assert rows_of(database, debts)[0].reference == "1"


def test_headers_match_without_regard_to_case_space_underscore_and_hyphen(database, tmp_path):
    header = "Creditor,DEBT REFERENCE,debtor-reference,DebtorName,Currency,BALANCE,Due Date"
    assert (
        an_import(database, a_csv(tmp_path, "acme,1,7,Ana,USD,5.00,2026-10-31", header=header)).imported == 1
    )
    assert rows_of(database, debtors)[0].name == "Ana"


def test_a_quoted_cell_may_hold_line_breaks_and_lines_are_still_counted_right(database, tmp_path):
    file = a_csv(
        tmp_path,
        'acme,1,7,"Ana\nPérez",USD,5.00,2026-10-31',
        "acme,2,7,Ana Pérez,USD,?,2026-10-31",
        "acme,3,7,Ana Pérez,USD,1,2026-10-31",
    )
    assert an_import(database, file).imported == 2
    assert rows_of(database, debtors)[0].name == "Ana Pérez"
    assert [(r["line"], r["value"]) for r in rejects(file)] == [("4", "?")]


def test_a_quotation_mark_that_is_never_closed_costs_one_line(database, tmp_path):
    lines = [f"acme,{i},7,Ana,USD,5.00,2026-10-31" for i in range(1, 50)]
    lines[9] = 'acme,10,7,"Ana,USD,5.00,2026-10-31'
    file = a_csv(tmp_path, *lines)
    report = an_import(database, file)
    assert (report.imported, report.refused) == (48, 1)
    assert [r["line"] for r in rejects(file)] == ["11"]


def test_two_open_quotation_marks_cost_the_two_lines(database, tmp_path):
    lines = [f"acme,{i},7,Ana,USD,5.00,2026-10-31" for i in range(1, 30)]
    lines[4] = 'acme,5,7,"Ana,USD,5.00,2026-10-31'
    lines[19] = 'acme,20,7,"Ana,USD,5.00,2026-10-31'
    file = a_csv(tmp_path, *lines)
    assert an_import(database, file).imported == 27
    assert [r["line"] for r in rejects(file)] == ["6", "21"]


@pytest.mark.parametrize("line", ["acme,1,7,Ana,USD,5.00", "acme,1,7,Pérez, Ana,USD,5.00,2026-10-31"])
def test_a_row_with_too_few_or_too_many_cells_is_refused(database, tmp_path, line):
    file = a_csv(tmp_path, line, "acme,2,7,Ana,USD,5.00,2026-10-31")
    assert an_import(database, file).imported == 1
    [refused] = rejects(file)
    assert "cells under 7 column names" in refused["reason"]


def test_blank_lines_and_trailing_commas_are_passed_over(database, tmp_path):
    file = a_csv(
        tmp_path, "", "acme,1,7,Ana,USD,5.00,2026-10-31,,", "   ", "acme,2,7,Ana,USD,5.00,2026-10-31"
    )
    report = an_import(database, file)
    assert (report.rows, report.imported) == (2, 2)


def test_a_row_that_is_not_utf8_is_refused_and_the_others_imported(database, tmp_path):
    data = (
        f"{HEADER}\nacme,1,7,".encode()
        + "Pérez".encode("latin-1")
        + b",USD,5.00,2026-10-31\nacme,2,8,Ana,USD,5.00,2026-10-31\n"
    )
    file = a_text_file(tmp_path, data)
    assert an_import(database, file).imported == 1
    assert "save the file as UTF-8" in rejects(file)[0]["reason"]


def test_a_row_with_a_nul_character_is_refused(database, tmp_path):
    file = a_csv(tmp_path, "acme,1,7,A\0na,USD,5.00,2026-10-31")
    assert an_import(database, file).refused == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "line 1: the file is empty"),
        ("creditor,debt_reference\n".encode("utf-16"), "line 1: the required columns debtor_reference"),
        (b"PK\x03\x04", "export it as CSV"),
        (
            b"debt_reference,debtor_reference,currency,due_date\n",
            "line 1: the required column balance is missing; the file has: debt_reference, debtor_reference",
        ),
        (
            b"debt_reference;debtor_reference;currency;balance;due_date\n",
            "it seems to be parted by a semicolon",
        ),
        (
            b"Balance,balance,debt_reference,debtor_reference,currency,due_date\n",
            "line 1: the columns 'Balance' and 'balance' have one name",
        ),
        (b"\n", "line 1: there are no column names"),
        (b'"debt_reference\n', "line 1: the column names are not readable"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_one_clear_error(database, tmp_path, content, sentence):
    with pytest.raises(PortfolioFileError) as error:
        an_import(database, a_text_file(tmp_path, content))
    assert sentence in str(error.value)
    assert "ledger.csv" in str(error.value)
    assert rows_of(database, debts) == []


def test_a_missing_file_says_its_path(database, tmp_path):
    with pytest.raises(PortfolioFileError, match=r"nowhere\.csv: cannot be read: No such file"):
        an_import(database, tmp_path / "nowhere.csv")


def test_json_lines_carry_numbers_lists_and_missing_values(database, tmp_path):
    rows = [
        {
            "creditor": "acme",
            "debtReference": "0001",
            "debtor_reference": "7",
            "currency": "USD",
            "balance": 1234.5,
            "dueDate": "2026-10-31",
            "joint_debtors": ["8"],
            "authorised_channels": [],
            "email": None,
        },
        {"creditor": "acme", "debtor_reference": "8", "debtor_name": "Luis"},
    ]
    file = a_text_file(tmp_path, "\n".join(json.dumps(row) for row in rows), "ledger.jsonl")
    assert an_import(database, file).refused == 0
    assert rows_of(database, debts)[0].balance_minor == 123450
    assert rows_of(database, debtors)[0].authorised_channels == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "not readable as a JSON object"),
        ("[1]", "not an object"),
        ('{"balance": 1, "balance": 2}', "a key stands in it twice"),
        ('{"debt_reference": {"a": 1}}', "holds an object"),
        ('{"balance": NaN}', "NaN is not a number"),
        ('{"debtor_name": "\\ud800"}', "not UTF-8"),
        (
            '{"debt_reference": "1", "debtor_reference": "7", "currency": "USD", "due_date": "2026-10-31", "balance": 1E5}',
            "not an amount",
        ),
    ],
)
def test_a_json_line_that_cannot_be_used_is_refused_with_its_reason(database, tmp_path, line, reason):
    good = json.dumps({**a_row()})
    file = a_text_file(tmp_path, f"{good}\n{line}\n", "ledger.jsonl")
    report = an_import(database, file)
    assert (report.imported, report.refused) == (1, 1)
    [refused] = rejects(file)
    assert refused["line"] == "2"
    assert reason in refused["reason"]


def test_a_json_array_is_refused_with_the_way_out(database, tmp_path):
    with pytest.raises(PortfolioFileError, match="one object a line"):
        an_import(database, a_text_file(tmp_path, "[\n{}\n]", "ledger.json"))


def test_the_rejects_file_cannot_run_in_a_spreadsheet(database, tmp_path):
    file = a_file(
        tmp_path, a_row(currency='=HYPERLINK("http://x","y")'), a_row(debt_reference="2", balance="-1+1")
    )
    an_import(database, file)
    values = [row["value"] for row in rejects(file)]
    assert values == ['\'=HYPERLINK("http://x","y")', "'-1+1"]


def test_a_later_import_without_rejects_takes_the_old_file_away(database, tmp_path):
    file = a_file(tmp_path, a_row(balance="?"))
    an_import(database, file)
    assert rejects(file)
    an_import(database, a_file(tmp_path, a_row()))
    assert not (tmp_path / "rejects.csv").exists()
