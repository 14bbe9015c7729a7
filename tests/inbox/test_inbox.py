"""What people write waits, quiets them, is read by a person, becomes a fact of the table, and can be taken back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import dispatcher

NOW = "2026-11-16T15:00:00Z"
LEDGER = (
    "creditor,debtor_reference,debtor_name,debtor_kind,language,country,region,postal_code,city,email,email_consent_on,"
    "debt_reference,currency,balance,due_date\n"
    "acme,07,Ana Diaz,person,en,GB,,SW1A 1AA,London,ana@debtors.example,2026-01-01,D1,GBP,120.50,2026-11-10\n"
)


class House:
    """A home with one debtor, spoken to as a terminal does."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str) -> Any:
        return dispatcher(*words, home=self.home)

    def hears(self, text: str, channel: str = "email") -> int:
        """The debtor writes; the number of the item."""
        done = self(
            "record",
            "contact",
            "acme/07",
            channel,
            "--inbound",
            "--text",
            text,
            "--source",
            "t",
            "--now",
            NOW,
        )
        assert done.returncode == 0, done.stderr
        return int(self.waiting()[-1]["id"])

    def waiting(self) -> list[dict[str, Any]]:
        """The inbox."""
        found: list[dict[str, Any]] = json.loads(self("inbox", "list", "--json").stdout)
        return found

    def why_not(self) -> str:
        """What keeps the first reminder back."""
        done = self("explain", "acme/07", "--as-of", "2026-11-16", "--now", NOW)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "ledger.csv").write_text(LEDGER)
    house = House(tmp_path / "home")
    assert house("portfolio", "import", str(tmp_path / "ledger.csv"), "--as-of", "2026-11-16").returncode == 0
    return house


def test_words_wait_with_their_reading_and_keep_the_person_quiet(house: House) -> None:
    key = house.hears("I dispute this debt, the amount is wrong")
    (item,) = house.waiting()
    assert (item["debtor"], item["reading"], item["proposals"][0]["words"][0]) == (
        "acme/07", "dispute", "I dispute this debt, the amount is wrong",
    )  # fmt: skip
    shown = house("inbox", "show", str(key)).stdout
    assert "dispute: “I dispute this debt" in shown
    assert f"dispatcher inbox confirm {key}" in shown
    assert "an answer" in house.why_not()


def test_confirming_records_the_fact_ends_the_pause_and_says_what_holds_now(house: House) -> None:
    key = house.hears("I dispute this debt")
    done = house("inbox", "confirm", str(key), "--now", NOW)
    assert (done.returncode, done.stdout) == (0, f"{key} read as dispute: dispute\n")
    assert house.waiting() == []
    assert "disput" in house.why_not()
    assert "an answer" not in house.why_not()
    (answered,) = json.loads(house("inbox", "list", "--done", "--json").stdout)
    assert (answered["confirmed"], answered["outcome"]) == ("dispute", "read as dispute")
    again = house("inbox", "confirm", str(key))
    assert again.returncode == 2
    assert "was answered" in again.stderr


def test_a_reading_is_corrected_and_takes_what_the_fact_needs(house: House) -> None:
    key = house.hears("hmm, let me see, around the 4th")
    without = house("inbox", "confirm", str(key))
    assert without.returncode == 2
    assert "unclear" in without.stderr
    unknown = house("inbox", "confirm", str(key), "--as", "promised")
    assert "is no reading; there are: deceased" in " ".join((unknown.stderr + unknown.stdout).split())
    dayless = house("inbox", "confirm", str(key), "--as", "promise", "--now", NOW)
    assert dayless.returncode == 2
    assert "by which day" in dayless.stderr
    assert (
        house("inbox", "confirm", str(key), "--as", "promise", "--on", "2026-12-04", "--now", NOW).returncode
        == 0
    )
    assert "promis" in house.why_not()


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("my mother passed away in May", "deceased"),
        ("we filed for bankruptcy", "bankruptcy"),
        ("talk to my lawyer, Ann Reed", "attorney"),
    ],
)
def test_what_ends_all_contact_needs_a_second_key(house: House, text: str, reading: str) -> None:
    key = house.hears(text)
    once = house("inbox", "confirm", str(key), "--now", NOW)
    assert once.returncode == 2
    assert "--sure" in once.stderr
    assert house("inbox", "confirm", str(key), "--sure", "--now", NOW).returncode == 0
    assert json.loads(house("inbox", "list", "--done", "--json").stdout)[0]["confirmed"] == reading


def test_a_confirmation_is_taken_back_and_the_words_wait_again(house: House) -> None:
    key = house.hears("my mother passed away in May")
    house("inbox", "confirm", str(key), "--sure", "--now", NOW)
    assert "died" in house.why_not()
    done = house("inbox", "undo", str(key), "--why", "it was her neighbour", "--now", NOW)
    assert done.returncode == 0, done.stderr
    assert "died" not in house.why_not()
    assert "an answer" in house.why_not()
    assert [item["id"] for item in house.waiting()] == [key]


def test_words_that_ask_for_nothing_are_dismissed_with_a_reason(house: House) -> None:
    key = house.hears("thank you kindly")
    assert house("inbox", "dismiss", str(key), "--why", "  ").returncode == 2
    assert house("inbox", "dismiss", str(key), "--why", "says thanks", "--now", NOW).returncode == 0
    assert house.waiting() == []
    assert "an answer" not in house.why_not()


def test_quoted_text_and_our_own_foot_are_never_read(house: House) -> None:
    house.hears("Thanks.\n\nOn Mon, 16 Nov 2026 Acme wrote:\n> I dispute this debt\n> wrong number\n")
    (item,) = house.waiting()
    assert (item["reading"], item["text"]) == ("unclear", "Thanks.")


def test_the_log_says_who_read_what_as_what_and_never_the_words(house: House, tmp_path: Path) -> None:
    key = house.hears("I dispute this debt because of the broken lamp")
    house("inbox", "confirm", str(key), "--as", "complaint", "--now", NOW)
    house("inbox", "confirm", str(key), "--now", NOW)
    house("log", "export", "--out", str(tmp_path / "log.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    (entry,) = [line for line in lines if line.get("event") == "reading_confirmed"]
    assert entry["details"] == {"item": key, "reading": "dispute", "proposed": "dispute"}


def test_a_number_that_is_none_is_said(house: House) -> None:
    done = house("inbox", "show", "99")
    assert (done.returncode, "nothing in the inbox has the number 99" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "fact",
    [
        ("dispute", "--debt", "D1"),
        ("opt-out", "--medium", "email"),
        ("hold", "attorney", "--name", "Ann Reed"),
    ],
)
def test_an_agreement_is_recorded_whether_or_not_its_confirmation_may_go(
    house: House, fact: tuple[str, ...]
) -> None:
    name, *rest = fact
    assert house("record", name, "acme/07", *rest, "--source", "t", "--now", NOW).returncode == 0
    done = house("record", "promise", "acme/07", "--on", "2026-12-01", "--source", "t", "--now", NOW)
    assert done.returncode == 0, done.stderr
    assert "unexpected" not in done.stderr


def test_a_dispute_bears_the_day_on_which_it_was_written(house: House) -> None:
    house("record", "contact", "acme/07", "email", "--inbound", "--text", "I dispute this debt",
          "--at", "2026-11-12T09:00:00Z", "--source", "t", "--now", NOW)  # fmt: skip
    (item,) = house.waiting()
    assert item["at"].startswith("2026-11-12T09:00:00")
    assert house("inbox", "confirm", str(item["id"]), "--now", NOW).returncode == 0
    assert "2026-11-12" in house.why_not()
