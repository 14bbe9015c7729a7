"""A plan that bears interest costs the same through every door: command line, page and API, and each shows what it costs."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dispatcher.cli.main import main
from dispatcher.people.domain.agreement_facts import AGREEMENTS
from dispatcher.users.manage_users import make_token
from tests.agreements.test_plan_interest import CAPS
from tests.shared import ROOT
from tests.web.house import ALL, NOW, Web, build_home, import_sample, open_home
from tests.web.test_three_doors import DOORS, by_command, by_page, by_wire

[PLAN] = [fact for fact in AGREEMENTS if fact.name == "plan"]
SAID = {"payments": "3", "every": "month", "first_on": "2026-12-01"}


def configured(folder: Path) -> Path:
    (folder / "offers").mkdir(parents=True)
    text = (ROOT / "config/offers/consumer.yaml").read_text(encoding="utf-8")
    rate = '  interest: {percent: "7.5", day_count: 30/360, booked_by: Acme accounts}\n'
    text = text.replace("  grace_days: 5\n", f"{rate}  grace_days: 5\n")
    (folder / "offers/consumer.yaml").write_text(text, encoding="utf-8")
    (folder / "interest_caps.yaml").write_text(CAPS, encoding="utf-8")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Web]:
    """A debtor for each door, whose plans bear interest."""
    config = configured(tmp_path / "config")
    build_home(tmp_path / "home")
    house = open_home(tmp_path / "home", config_dir=config)
    rows = [
        {
            "creditor": "acme", "debtor_reference": f"P-{door}", "debtor_name": "Ana Example", "country": "US",
            "region": "NY", "postal_code": "10001", "city": "New York", "address_line_1": "12 Sample Lane",
            "debt_reference": f"D-{door}", "currency": "USD", "balance": "900.00", "due_date": "2026-11-01",
            "disputed_on": "", "promise_date": "",
        }
        for door in DOORS
    ]  # fmt: skip
    file = tmp_path / "book.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    import_sample(house, file)
    yield Web(house)
    house.close()


@pytest.fixture
def typed(
    site: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """A command in this process; gives what it prints."""
    monkeypatch.setenv("DISPATCHER_HOME", str(site.house.home))
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(tmp_path / "config"))

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["dispatcher", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert ended.value.code == 0, (words, printed.err)
        return printed.out

    return run


def test_a_plan_with_interest_is_the_same_by_command_page_and_api(
    site: Web, typed: Callable[..., str]
) -> None:
    wire = site.visitor()
    token = make_token(site.house.database, name=ALL, label="test", by="test", at=site.house.real_now())
    wire.headers["Authorization"] = f"Bearer {token}"

    def record(*words: str) -> str:
        return typed("record", *words, "--now", NOW.isoformat())

    by_command(record, PLAN, "acme/P-line", SAID)
    by_page(site, PLAN, "acme/P-page", SAID)
    by_wire(wire, PLAN, "acme/P-wire", SAID)

    found: dict[str, dict[str, Any]] = {}
    for one in wire.get("/api/v1/arrangements").json()["items"]:
        found[one["debtor"].removeprefix("acme/P-")] = one
    first, *others = ({key: found[door][key] for key in ("total", "principal", "interest")} for door in DOORS)
    assert others == [first, first]
    assert first["principal"] == "900.00"
    assert Decimal(first["interest"]) > 0
    assert Decimal(first["total"]) == Decimal("900.00") + Decimal(first["interest"])
    assert len({json.dumps(found[door]["instalments"]) for door in DOORS}) == 1
    assert sum(Decimal(one["amount"]) for one in found["wire"]["instalments"]) == Decimal(first["total"])
    line = next(
        one for one in json.loads(typed("arrangements", "list", "--json")) if "P-line" in one["debtor"]
    )
    assert line["terms"]["interest"]["booked_by"] == "Acme accounts"
    assert line["interest"] == first["interest"]
    page = site.signed_in("operator").get("/people/acme/P-page").text
    assert f"{first['interest']} USD of it interest" in " ".join(page.split())
