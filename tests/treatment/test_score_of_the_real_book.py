"""A card learned on a public book of 2012 and judged on 2013: the report's figures again, from the file alone."""

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
import yaml

from dispatcher.database.engine import open_database
from dispatcher.rulebook.scorecard import load_scorecard
from dispatcher.treatment.domain.score_history import ISSUED, observe
from dispatcher.treatment.storage.score_history import read_book
from dispatcher.treatment.storage.scores import figures_of_person
from tests.command import dispatcher


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    from tests.shared import shared_folder

    def day(text: str) -> date:
        return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date()

    with (shared_folder() / "data" / "ibm_accounts_receivable.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        return [
            {
                "who": row["customerID"], "country": row["countryCode"], "amount": float(row["InvoiceAmount"]),
                "issued": day(row["InvoiceDate"]), "due": day(row["DueDate"]), "settled": day(row["SettledDate"]),
            }
            for row in csv.DictReader(file)
        ]  # fmt: skip


@pytest.fixture(scope="module")
def home(rows: list[dict], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the book, the card that was learned from it, and the report."""
    from tests.shared import shared_folder

    folder = tmp_path_factory.mktemp("book")
    book = folder / "book.csv"
    book.write_bytes((shared_folder() / "data" / "ibm_accounts_receivable.csv").read_bytes())
    done = dispatcher(
        "portfolio", "import", book, "--mapping", "ibm-ar", "--as-of", "2012-01-01", home=folder / "home"
    )
    assert done.returncode == 0, done.stderr
    groups = folder / "groups.csv"
    with groups.open("w") as file:
        file.write("debtor,group\n")
        file.writelines(
            f"ibm/{who},{country}\n" for who, country in sorted({(r["who"], r["country"]) for r in rows})
        )
    done = dispatcher(
        "score", "fit", "--learn-from", "2012-01-01", "--learn-to", "2012-12-31", "--judge-to", "2013-12-31",
        "--begins", "issued", "--groups", groups, "--out", folder / "card.yaml", "--report", folder / "report.json",
        home=folder / "home",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


@pytest.fixture(scope="module")
def report(home: Path) -> dict:
    return json.loads((home / "report.json").read_text())


def figures(rows: list[dict], row: dict) -> dict:
    """What the file says was known of an invoice on the day it was issued."""
    on = row["issued"]
    theirs = [r for r in rows if r["who"] == row["who"]]
    open_ = [r for r in theirs if r["issued"] <= on < r["settled"]]
    past = [r for r in theirs if on - timedelta(days=365) < r["settled"] <= on]
    late = [r for r in past if r["settled"] > r["due"]]
    return {
        "days_past_due": (on - row["due"]).days,
        "balance": row["amount"],
        "owed": sum(r["amount"] for r in open_),
        "oldest_days_past_due": max((on - r["due"]).days for r in open_),
        "overdue_debts": sum(r["due"] < on for r in open_),
        "paid_late": len(late),
        "paid_on_time": len(past) - len(late),
        "late_share": 100 * len(late) // len(past) if past else None,
    }


def score(card: dict, known: dict) -> int:
    total = card["base"]
    for attribute in card["attributes"]:
        value = known[attribute["fact"]]
        if value is None:
            total += attribute["unknown"]
            continue
        for part in attribute["points"]:
            if part["below"] is None or round(value, 2) < float(part["below"]):
                total += part["points"]
                break
    return total


def chance(card: dict, points: int) -> float:
    odds = (
        card["percent_at_base"]
        / (100 - card["percent_at_base"])
        * 2 ** ((points - card["base"]) / card["double"])
    )
    return odds / (1 + odds)


def band(card: dict, points: int) -> str:
    return next(each["name"] for each in card["bands"] if each["below"] is None or points < each["below"])


def share(values: list) -> float:
    return sum(values) / len(values)


def judged_by_hand(rows: list[dict], card: dict) -> dict:
    """The figures of one card on the invoices of 2013 whose 60 days the file covers."""
    known_until = max(row["settled"] for row in rows)
    judged = [
        row
        for row in rows
        if date(2013, 1, 1) <= row["issued"] <= date(2013, 12, 31)
        and row["issued"] + timedelta(days=60) <= known_until
        and row["settled"] > row["issued"]
    ]
    seen = [
        (score(card, figures(rows, row)), (row["settled"] - row["issued"]).days, row["who"], row["country"])
        for row in judged
    ]
    bands: dict[str, list] = defaultdict(list)
    for points, after, *_ in seen:
        bands[band(card, points)].append((points, after))
    payers, others = ([s for s, after, *_ in seen if (after <= 30) is did] for did in (True, False))
    wins = sum((one > two) + (one == two) / 2 for one, two in product(payers, others))
    shown = [
        {
            "band": each["name"],
            "debts": len(mine),
            "foretold": share([chance(card, points) for points, _ in mine]),
            "paid": share([after <= 30 for _, after in mine]),
            "paid_within_30": share([after <= 30 for _, after in mine]),
            "paid_within_60": share([after <= 60 for _, after in mine]),
        }
        for each in card["bands"]
        if (mine := bands[each["name"]])
    ]
    return {
        "debts": len(seen),
        "paid": share([after <= 30 for _, after, *_ in seen]),
        "foretold": share([chance(card, points) for points, *_ in seen]),
        "auc": wins / (len(payers) * len(others)),
        "brier": share([(chance(card, points) - (after <= 30)) ** 2 for points, after, *_ in seen]),
        "calibration_error": sum(abs(each["foretold"] - each["paid"]) * each["debts"] for each in shown)
        / len(seen),
        "bands": shown,
        "seen": seen,
    }


def same(figure, expected) -> None:
    if isinstance(expected, dict):
        for key, value in expected.items():
            same(figure[key], value)
    elif isinstance(expected, list):
        assert len(figure) == len(expected)
        for one, two in zip(figure, expected, strict=True):
            same(one, two)
    elif isinstance(expected, float):
        assert figure == pytest.approx(expected, abs=1.01e-4)
    else:
        assert figure == expected


def test_every_figure_of_the_report_comes_out_of_the_file_again(rows: list[dict], report: dict) -> None:
    learned = [row for row in rows if row["issued"] >= date(2012, 1, 1) and row["settled"] > row["issued"]]
    until = date(2012, 12, 31) - timedelta(days=30)
    assert report["learned_from"] == sum(row["issued"] <= until for row in learned)
    for shown in (report["card"], *report["baselines"].values()):
        by_hand = judged_by_hand(rows, shown["points"])
        by_hand.pop("seen")
        same(shown, by_hand)


def test_the_card_tells_payers_apart_better_than_amount_or_past_delay_alone(report: dict) -> None:
    auc = {name: each["auc"] for name, each in report["baselines"].items()}
    assert report["card"]["auc"] > auc["past delay alone"] > auc["amount alone"] > 0.5
    assert report["card"]["brier"] < min(each["brier"] for each in report["baselines"].values())


def test_points_only_rise_or_only_fall_along_each_fact(report: dict) -> None:
    for attribute in report["card"]["points"]["attributes"]:
        given = [part["points"] for part in attribute["points"]]
        assert given in (sorted(given), sorted(given, reverse=True)), attribute
        assert len(given) > 1


def test_groups_are_compared_and_count_for_nothing(rows: list[dict], home: Path, report: dict) -> None:
    seen = judged_by_hand(rows, report["card"]["points"])["seen"]
    by_group: dict[str, list] = defaultdict(list)
    for points, after, _, country in seen:
        by_group[country].append((points, after <= 30))
    assert {each["group"]: each["debts"] for each in report["groups"]} == {
        k: len(v) for k, v in by_group.items()
    }
    for each in report["groups"]:
        same(each["paid"], share([did for _, did in by_group[each["group"]]]))
        assert each["mean_score"] == pytest.approx(
            share([points for points, _ in by_group[each["group"]]]), abs=0.01
        )
    text = (home / "card.yaml").read_text()
    assert not any(each["group"] in text for each in report["groups"])


def test_the_card_is_off_until_somebody_approves_each_attribute(home: Path, tmp_path: Path) -> None:
    path = home / "card.yaml"
    card = load_scorecard(path)
    assert card is not None
    assert not card.in_use
    assert {each.approved_by for each in card.attributes} == {""}
    turned_on = tmp_path / "scorecard.yaml"
    turned_on.write_text(path.read_text().replace("use: false", "use: true"))
    with pytest.raises(ValueError, match="approved_by"):
        load_scorecard(turned_on)
    data = yaml.safe_load(path.read_text())
    assert data["about"] == "paid within 30 days of being issued"


def test_what_is_known_of_a_past_day_is_what_the_database_says_of_that_day(home: Path) -> None:
    """Learning and scoring mean the same by a fact: all debts issued on some days, by both."""
    card = load_scorecard(home / "card.yaml")
    assert card is not None
    database = open_database(f"sqlite:///{home / 'home' / 'dispatcher.db'}")
    try:
        with database.reading() as connection:
            book = read_book(connection)
            days = [date(2012, 6, 1) + timedelta(days=i) for i in range(4)]
            observed = {
                each.debt.id: each for day in days for each in observe(book, ISSUED, day, day, days=0)
            }
            assert observed
            from dispatcher.people.storage.find_debtor import find_debtor

            for key, seen in observed.items():
                debtor = find_debtor(connection, seen.debt.debtor)
                figures = {f.debt_id: f for f in figures_of_person(connection, card, debtor.id, seen.on)}
                by_sql = dict(zip((a.fact for a in card.attributes), figures[key].values, strict=True))
                assert by_sql == {a.fact: seen.values[a.fact] for a in card.attributes}
                assert isinstance(seen.values[card.attributes[0].fact], Decimal | int)
    finally:
        database.close()


def test_too_little_to_learn_from_is_said_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.yaml"
    done = dispatcher(
        "score",
        "fit",
        "--learn-from",
        "2012-01-01",
        "--learn-to",
        "2012-02-15",
        "--out",
        out,
        home=home / "home",
    )
    assert done.returncode == 2
    assert "debts can be learned from" in done.stderr
    assert not out.exists()
