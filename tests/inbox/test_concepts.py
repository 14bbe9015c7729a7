"""Words of one concept are read alike, in whatever language, also those that stand in no known sentence."""

from pathlib import Path

import pytest

from dispatcher.inbox.domain.concepts import Concepts, concepts_of
from dispatcher.inbox.domain.likeness import Likeness, learn
from dispatcher.rulebook.readings import load_readings
from dispatcher.rulebook.yaml_file import ConfigError
from tests.shared import ROOT

KNOWN = {
    "deceased": ["my mother was buried on monday", "we buried my dad"],
    "dispute": ["the sofa came broken", "my sofa is broken"],
}
CONCEPTS = {
    "family": ["mother", "dad", "madre", "uncles"],
    "dead": ["buried", "passed away", "fallec*"],
    "goods": ["sofa", "boiler", "caldera"],
    "fault": ["broken", "leaks", "gotea"],
}


@pytest.fixture(scope="module")
def known() -> Likeness:
    return learn(KNOWN, concepts=concepts_of(CONCEPTS))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("uncles passed away", "deceased"),
        ("la madre ha fallecido", "deceased"),
        ("boiler leaks", "dispute"),
        ("la caldera gotea", "dispute"),
    ],
)
def test_words_that_no_known_sentence_has_are_read_by_their_concepts(
    known: Likeness, text: str, kind: str
) -> None:
    scores = known.scores(text)
    assert max(scores, key=scores.__getitem__) == kind
    assert learn(KNOWN).scores(text).get(kind, 0.0) < scores[kind]


def test_the_words_that_a_concept_was_told_by_are_what_spoke_for_a_reading(known: Likeness) -> None:
    text = "er, la caldera"
    assert [text[start:end] for start, end in known.words_for(text, "dispute")] == ["caldera"]


def test_a_concept_is_told_by_a_word_a_beginning_or_a_few_words_in_a_row() -> None:
    told = concepts_of({**CONCEPTS, "money": ["argent"]}).of(
        ["l'argent", "passed", "away", "unclear", "fallecio"]
    )
    assert told == [("money",), ("dead",), (), (), ("dead",)]
    assert Concepts().of(["anything"]) == [()]


def test_a_concept_without_words_is_refused_with_file_and_key(tmp_path: Path) -> None:
    text = (ROOT / "config" / "readings" / "it.yaml").read_text()
    (tmp_path / "it.yaml").write_text(text + "concepts:\n  dead: []\n")
    with pytest.raises(ConfigError, match=r"it\.yaml:\d+: concepts.dead"):
        load_readings(tmp_path, learning=False)
