"""Words are read by their meaning, in every language, with the place of what led to it; none is read as its opposite."""

import shutil
from pathlib import Path

import pytest

from dispatcher.inbox.domain.reading import Proposal, Reading, ReadingTable, fold, offer_number, propose
from dispatcher.rulebook.readings import load_readings
from dispatcher.rulebook.yaml_file import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table() -> ReadingTable:
    return load_readings(ROOT / "config" / "readings")


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("I filed for bankruptcy last month", "bankruptcy"),
        ("my lawyer is Ann Reed, talk to her", "attorney"),
        ("this person died in March", "deceased"),
        ("I dispute this debt", "dispute"),
        ("please send me a copy of the invoice", "proof"),
        ("who is this?", "help"),
        ("I accept option 2", "accept"),
        ("2", "accept"),
        ("wrong number", "not_mine"),
        ("I already paid this on Monday", "paid"),
        ("I will pay on Friday", "promise"),
        ("I can pay 50 dollars a month", "counter_offer"),
        ("lost my job and cannot pay anything", "hardship"),
        ("call me tomorrow after six", "callback"),
        ("my new address is 12 Elm Street", "other_contact"),
        ("proof of payment attached", "remittance"),
        ("quiero cancelar la suscripción", "stop"),
        ("pare de me mandar sms", "stop"),
        ("Arrêtez de m'écrire", "stop"),
        ("mi padre falleció en mayo", "deceased"),
        ("Não moro mais aqui, engano", "not_mine"),
        ("je conteste cette facture", "dispute"),
    ],
)
def test_words_are_read_by_what_they_mean(table: ReadingTable, text: str, reading: str) -> None:
    assert propose(text, table)[0].reading == reading


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("I have not paid yet", "paid"),
        ("I never said that he died", "deceased"),
        ("I don't dispute it", "dispute"),
        ("I can't afford a lawyer", "attorney"),
        ("please don't stop writing to me", "stop"),
        ("none of these options works for me", "accept"),
        ("no he pagado todavía", "paid"),
        ("je n'ai pas payé", "paid"),
        ("não vou pagar", "promise"),
        ("bored to death by your letters", "deceased"),
    ],
)
def test_none_is_read_as_its_opposite(table: ReadingTable, text: str, never: str) -> None:
    assert never not in [proposal.reading for proposal in propose(text, table)]


def test_of_several_meanings_the_gravest_is_proposed_first(table: ReadingTable) -> None:
    found = propose("My husband died. I already paid you in May. Call me.", table)
    assert [proposal.reading.value for proposal in found] == ["deceased", "paid", "callback"]


def test_the_words_that_led_to_a_reading_are_marked_as_they_were_written(table: ReadingTable) -> None:
    text = "Buenos días: ya PAGUÉ ayer, gracias"
    (start, end), *_ = propose(text, table)[0].words
    assert text[start:end].casefold().startswith("ya pagué")


@pytest.mark.parametrize("text", ["", "👍", "Thanks", "hmm", "x" * 5_000])
def test_what_says_nothing_is_unclear(table: ReadingTable, text: str) -> None:
    assert propose(text, table) == (Proposal(reading=Reading.UNCLEAR),)


def test_the_number_of_an_offer_is_read_where_it_is_one() -> None:
    assert [offer_number(text) for text in ("2", "option 3 please", "la opción 1", "option 1 or 2", "hello")] == [
        2, 3, 1, None, None,
    ]  # fmt: skip


def test_folding_keeps_where_each_letter_stood() -> None:
    folded, places = fold("Ça ﬁnit")
    assert folded == "ca finit"
    assert [places[i] for i in (0, 1, 3, 4)] == [0, 1, 3, 3]


def test_a_language_that_lacks_a_reading_is_refused_with_file_and_key(tmp_path: Path) -> None:
    text = (ROOT / "config" / "readings" / "fr.yaml").read_text().replace("  deceased:", "  deceasd:")
    (tmp_path / "fr.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"fr\.yaml:\d+: readings.deceasd: unknown key; did you mean"):
        load_readings(tmp_path)


def test_a_broken_pattern_is_named(tmp_path: Path) -> None:
    text = (ROOT / "config" / "readings" / "fr.yaml").read_text().replace('"plus de ce monde"', '"("')
    broken = text.replace('says:\n      - "', 'says:\n      - "(', 1)
    (tmp_path / "fr.yaml").write_text(broken)
    with pytest.raises(ConfigError, match=r"fr\.yaml:\d+: .*is no pattern"):
        load_readings(tmp_path)


def test_the_table_is_read_anew_when_a_file_has_changed_and_at_no_other_time(tmp_path: Path) -> None:
    readings = tmp_path / "readings"
    shutil.copytree(ROOT / "config" / "readings", readings)
    first = load_readings(readings)
    assert load_readings(readings) is first
    file = readings / "en.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("negators: [", "negators: [nary, "), encoding="utf-8"
    )
    assert "nary" in load_readings(readings).negators["en"] - first.negators["en"]
