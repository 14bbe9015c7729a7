"""How many sentences, written without sight of the patterns, are read as they were meant, and what acts by itself.

The aim is 85 of 100. Of a first thousand every second one was tuned on at first (then 60 of 100 of the others were
right) and the others since; of the second set the last half of each list was never tuned on, and 94 of 100 of those
are right. Of a third set, 72 of 100 were right at first sight. The floors are what was reached, so that no change
falls behind them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.inbox.domain.reading import ReadingTable, language_of, propose
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.readings import load_readings
from tests.shared import ROOT, yaml_of

HERE = Path(__file__).parent
SENTENCES: dict[str, Any] = yaml_of(HERE / "sentences.yaml")
DENIALS = SENTENCES.pop("never")
SECOND: dict[str, Any] = yaml_of(HERE / "unseen.yaml")
THIRD: dict[str, Any] = yaml_of(HERE / "third.yaml")
SETS = {"first": SENTENCES, "second": SECOND, "never tuned on": SECOND, "third": THIRD}
RIGHT_AT_LEAST = {"first": 0.89, "second": 0.94, "never tuned on": 0.91, "third": 0.96}
OPPOSITE_AT_MOST = 0
STOPS_AT_LEAST = 0.88  # a stop that is not certain quiets the person too, until somebody has read it
ALSO_A_STOP = {  # each tells of something else, and to stop
    "got a lawyer now so dont contact me directly",
    "she is dead, stop writing to her",
    "todo con mi abogado, a mi no me escriban",
    "tout passe par mon avocat ne m'ecrivez plus a moi",
    "Don't text me, email me",
}
ACTS = {"stop": "stop", "wrong_number": "not_mine", "help": "help"}


@pytest.fixture(scope="module")
def table() -> ReadingTable:
    return load_readings(ROOT / "config" / "readings")


def meant(sentences: dict[str, Any], language: str, *, tuned: bool = True) -> Iterator[tuple[str, str]]:
    """(text, reading) of a language; without `tuned` of each list its last half."""
    for reading, texts in sentences[language].items():
        for text in texts if tuned else texts[len(texts) // 2 :]:
            yield text, reading


@pytest.mark.parametrize(
    ("which", "language"),
    [(which, language) for which in RIGHT_AT_LEAST for language in SETS[which]],
)
def test_so_many_sentences_are_read_as_they_were_meant(
    table: ReadingTable, which: str, language: str
) -> None:
    pairs = list(meant(SETS[which], language, tuned=which != "never tuned on"))
    right = [text for text, reading in pairs if propose(text, table)[0].reading == reading]
    assert len(right) / len(pairs) >= RIGHT_AT_LEAST[which]


def test_hardly_any_sentence_is_read_as_its_opposite(table: ReadingTable) -> None:
    pairs = [pair for listed in DENIALS.values() for pair in listed]
    opposite = [
        pair["text"]
        for pair in pairs
        if pair["not"] in [each.reading for each in propose(pair["text"], table)]
    ]
    assert len(opposite) <= OPPOSITE_AT_MOST, opposite


def test_the_language_of_words_is_told_by_its_small_words(table: ReadingTable) -> None:
    told = [
        language_of(text.casefold(), table) == language
        for language in SECOND
        for text, _ in meant(SECOND, language)
        if language_of(text.casefold(), table)
    ]
    assert sum(told) / len(told) >= 0.9
    assert language_of("ok 2", table) == ""


def test_alone_act_a_certain_stop_a_certain_wrong_number_and_help() -> None:
    words = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
    stops = 0
    every = [pair for known in (SENTENCES, SECOND) for language in known for pair in meant(known, language)]
    for text, reading in every:
        kind = classify_reply(text, words).kind
        stops += reading == "stop" and kind == "stop"
        if kind in ACTS and text not in ALSO_A_STOP:
            assert ACTS[kind] == reading, text
    assert stops / sum(reading == "stop" for _, reading in every) >= STOPS_AT_LEAST
