"""A language is its files alone: whoever adds one is told what is still missing."""

from pathlib import Path

import pytest

from dispatcher.rulebook.readings import load_readings
from dispatcher.rulebook.wording import load_wordings
from dispatcher.web.debtors.debtor_words import ACCOUNT_WORDS, NAMES, WORDS
from dispatcher.writing.letters.words import words_for
from tests.shared import ROOT, yaml_of

LANGUAGES = sorted(load_wordings(ROOT / "config" / "content"))


def in_yaml(path: str) -> dict:
    return yaml_of(ROOT / path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_we_write_is_read_stopped_and_cared_for_too(language: str) -> None:
    assert {each.language for each in load_readings(ROOT / "config" / "readings").patterns} >= {language}
    assert language in in_yaml("config/content/optout_words.yaml")["languages"]
    assert language in in_yaml("config/content/care_words.yaml")["phrases"]
    assert words_for(language, in_yaml("templates/_layouts/letter_words.yaml"))
    assert language in NAMES


# What a law of the United States wants is written for its readers.
OF_ONE_PLACE = {"validation-notice": {"en", "es"}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_text_is_there_in_every_language(language: str) -> None:
    texts = sorted(path.relative_to(ROOT) for path in (ROOT / "templates").glob("*/en/*"))
    assert texts
    wanted = [path for path in texts if language in OF_ONE_PLACE.get(path.parts[1], LANGUAGES)]
    assert [
        str(path) for path in wanted if not (ROOT / str(path).replace("/en/", f"/{language}/")).is_file()
    ] == []


@pytest.mark.parametrize("language", sorted(NAMES))
def test_the_debtors_page_fills_in_the_same_places_in_every_language(language: str) -> None:
    for words in (WORDS, ACCOUNT_WORDS):
        for key, text in words[language].items():
            assert places(text) == places(words["en"][key]), (language, key)


def places(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


def test_this_list_of_what_a_language_is_stands_where_authors_read_it() -> None:
    said = (ROOT / "docs" / "adding_a_language.md").read_text(encoding="utf-8")
    for path in ("config/content/", "config/readings/", "templates/", "dispatcher/web/debtors/words/"):
        assert path in said
        assert Path(ROOT / path).is_dir()
