"""Consents and authorisations that come by the ledger are entries of the log, as those that the desk records."""

import json
from pathlib import Path
from typing import Any

from tests.command import dispatcher

HEAD = "creditor,debt_reference,debtor_reference,debtor_name,debtor_kind,country,email,currency,balance,due_date,email_consent_on,authorised_channels\n"
ROW = "acme,A1,D1,Ana Test,person,GB,ana@debtors.example,GBP,100.00,2026-11-14,{},{}\n"


def imported(home: Path, day: int, consent: str, channels: str) -> list[dict[str, Any]]:
    """The permissions that the log tells of after a ledger of that day."""
    (home / "ledger.csv").write_text(HEAD + ROW.format(consent, channels))
    done = dispatcher("portfolio", "import", home / "ledger.csv", "--as-of", f"2026-11-{day}", home=home)
    assert done.returncode == 0, done.stderr
    dispatcher("log", "export", "--out", home / f"{day}.jsonl", home=home)
    lines = [json.loads(line) for line in (home / f"{day}.jsonl").read_text().splitlines()]
    return [
        {"event": line["event"], **line["details"]}
        for line in lines
        if line.get("event") in {"consent_recorded", "fact_ended"}
    ]


def test_what_the_ledger_says_of_consent_and_channels_is_told_once_and_when_it_ends(tmp_path: Path) -> None:
    ledger = {"source": "ledger"}
    told = [
        {"event": "consent_recorded", **ledger, "consent": "authorised_channels", "given_on": "2026-11-16"},
        {"event": "consent_recorded", **ledger, "consent": "email_consent", "given_on": "2026-01-02"},
    ]
    assert imported(tmp_path, 16, "2026-01-02", "email") == told
    assert imported(tmp_path, 17, "2026-01-02", "email") == told
    ended = imported(tmp_path, 18, "", "email")
    assert ended[2:] == [
        {"event": "fact_ended", **ledger, "kind": "email_consent", "count": 1, "before": "2026-01-02"}
    ]
    narrowed = imported(tmp_path, 19, "", "none")
    assert [entry.get("consent") or entry["kind"] for entry in narrowed[3:]] == ["authorised_channels"]
