"""How the page calls a ledger's columns: in plain words, grouped by what a person looks for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

GROUPS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "What every debt needs",
        {
            "debt_reference": "Number of the invoice or debt",
            "debtor_reference": "Number of the customer",
            "balance": "What is still owed",
            "currency": "Currency",
            "due_date": "Due on",
        },
    ),
    (
        "Who owes, and where they live",
        {
            "creditor": "Creditor",
            "debtor_name": "Name",
            "debtor_kind": "Person or company",
            "language": "Language",
            "country": "Country",
            "region": "State or region",
            "postal_code": "Postal code",
            "city": "Town",
            "address_line_1": "Address, first line",
            "address_line_2": "Address, second line",
            "address_line_3": "Address, third line",
            "address_line_4": "Address, fourth line",
            "time_zone": "Time zone",
        },
    ),
    (
        "How they may be reached",
        {
            "email": "E-mail",
            "phone": "Telephone",
            "email_label": "Whose mailbox: home, work",
            "phone_label": "Whose telephone: home, mobile, work",
            "email_consent_on": "Agreed to e-mail on",
            "sms_consent_on": "Agreed to text messages on",
            "authorised_channels": "Channels they authorised",
            "preferred_channel": "Channel they prefer",
        },
    ),
    (
        "What protects them",
        {
            "disputed_on": "Disputed on",
            "represented_by": "Represented by",
            "cease_received_on": "Asked to be left alone on",
            "bankrupt_on": "Insolvent since",
            "deceased_on": "Died on",
            "breathing_space_until": "Breathing space until",
            "birth_date": "Born on",
            "time_barred_on": "Barred by time on",
        },
    ),
    (
        "More about the debt",
        {
            "original_amount": "Amount of the invoice",
            "issued_on": "Invoice of",
            "settled_on": "Settled on",
            "promise_date": "Promised for",
            "promise_amount": "Promised amount",
            "notice_sent_on": "Notice sent on",
            "handover_decided_on": "Handed over on",
            "sender_role": "What the creditor is to the debtor",
            "debt_type": "Kind of debt: consumer, commercial",
            "ledger_segment": "Segment",
            "ledger_as_of": "Day of the whole ledger",
            "access_code": "Code for the debtor's page",
            "joint_debtors": "Joint debtors",
            "guarantors": "Guarantors",
        },
    ),
)
LABELS: Mapping[str, str] = {column: label for _, columns in GROUPS for column, label in columns.items()}
_SHORT = {
    "debt_reference": "Debt no.",
    "debtor_reference": "Customer no.",
    "balance": "Owed",
}  # over a narrow column
# These may be one value for a whole file.
SAME_FOR_ALL = frozenset(
    {"currency", "country", "language", "debtor_kind", "debt_type", "sender_role", "region", "time_zone"}
)
ENCODINGS = (
    ("", "told from the file"),
    ("utf-8", "UTF-8"),
    ("cp1252", "Windows, Western (1252)"),
    ("cp1250", "Windows, Central European (1250)"),
    ("cp1251", "Windows, Cyrillic (1251)"),
    ("iso-8859-1", "ISO 8859-1"),
    ("iso-8859-15", "ISO 8859-15"),
    ("utf-16", "UTF-16"),
    ("cp850", "DOS (850)"),
)
DELIMITERS = (("", "told from the file"), (",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"))
DECIMALS = (
    ("", "a point: 1,234.50"),
    (",", "a comma: 1.234,50"),
    (".", "a point, also where 1.234 is less than two"),
)
ACCEPTED = {
    "day": "The file is of another day",
    "columns": "Columns that protect people are gone",
    "emptied": "A column emptied",
    "keys": "References are spelled differently",
    "balances": "Balances jumped",
    "due_dates": "Due dates moved alike",
    "ages": "Debts are years older or younger",
    "currencies": "Currencies changed",
    "debtors": "Debts belong to others",
    "refused": "Many rows cannot be read",
    "vanished": "Debts are missing",
    "appeared": "Many debts are new",
    "renumbered": "Debts look renumbered",
}
_ALWAYS_SHOWN = ("debt_reference", "debtor_reference", "debtor_name", "balance", "due_date")
_EXAMPLE_DAY = {
    "YYYY": "2026", "YY": "26", "MMMM": "November", "MMM": "Nov", "MM": "11", "M": "11", "DD": "03", "D": "3",
}  # fmt: skip


def example_of(date_format: str) -> str:
    """A date format as people see it: 3 November 2026 written that way."""
    if not date_format:
        return "2026-11-03"
    return re.sub("YYYY|YY|MMMM|MMM|MM|DD|M|D", lambda token: _EXAMPLE_DAY[token[0]], date_format)


# What the program says to somebody at a terminal, and what stands on the page in its place.
_IN_OTHER_WORDS = (
    (r": name the file's form in a mapping, date_format: \S+ or \S+", ": say above how the file writes days"),
    (r'say so in a mapping: decimal: "."', "say so above"),
    (r": map names and numbers with a lookup table", ": say above what its words mean"),
    (r": say `decimal` in a mapping", ": say above how the file writes amounts"),
    (
        r", or name its `?encoding`? in a mapping(?: \(encoding: cp1252\))?",
        ", or say above how it is encoded",
    ),
    (r": name its encoding in a mapping, such as encoding: cp1252", ": say how it is encoded"),
    (r"(?:a date in the form \S+), which the mapping names", "a day as the file is said to write them"),
    (r"; rename a column, or name it in a mapping \(--mapping\)", ""),
    (r"; add it under fields: in .*$", ""),
    (r'say delimiter: "(.{1,2})" in a mapping', "say that above"),
    (r"; give the right --as-of, or --allow-older if it is meant", "; is its day right?"),
    (r"; who is really called so stands under real_names in import\.yaml", ""),
    (r" \(stand_ins in import\.yaml\)", ""),
    (r"^[\w .-]*:\d+: (?:fields\.)?", ""),
    (r"lookup table \w+ has no entry", "nobody has said what it means:"),
)


def on_a_page(said: object) -> str:
    """A sentence of the program's as the page says it."""
    text = str(said)
    for pattern, instead in _IN_OTHER_WORDS:
        text = re.sub(pattern, instead, text)
    text = text.strip()
    begins_with_a_file = re.match(r"\S+\.\w{1,8}\b", text)
    return (text if begins_with_a_file else text[:1].upper() + text[1:]) + (
        "" if text.endswith((".", "!", "?")) else "."
    )


def heading(column: str) -> str:
    """A column's name over a table."""
    return _SHORT.get(column) or LABELS.get(column, column)


def notes_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong in the cells of a table, each sentence once, with its column; a cell names it by its place."""
    notes = (
        note_of(column, cell) for row in rows for column, cell in row["cells"].items() if cell["problem"]
    )
    return list(dict.fromkeys(notes))


def note_of(column: str, cell: Mapping[str, Any]) -> str:
    """What is wrong in one cell."""
    return f"{heading(column)}: {on_a_page(cell['problem'])}"


def columns_shown(rows: Sequence[Mapping[str, Any]], *, wrong_only: bool) -> list[str]:
    """The columns of a table of rows: those that any of them has, or those where something is wrong and whose it is."""
    cells = [row["cells"] for row in rows]
    if not wrong_only:
        return [column for column in LABELS if any(column in found for found in cells)]
    wrong = {column for found in cells for column, cell in found.items() if cell["problem"]}
    return [
        column
        for column in (*LABELS, *sorted(wrong - set(LABELS)))
        if column in wrong or (column in _ALWAYS_SHOWN and any(column in found for found in cells))
    ]
