"""A language is its files alone: whoever adds one is told what is still missing."""

from pathlib import Path

import pytest

from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.rulebook.opening_words import load_opening_words
from dispatcher.rulebook.own_page_words import load_own_page_words
from dispatcher.rulebook.readings import load_readings
from dispatcher.rulebook.wording import load_wordings
from dispatcher.rulebook.yaml_file import ConfigError
from tests.shared import ROOT, yaml_of

LANGUAGES = sorted(load_wordings(ROOT / "config" / "content"))


def in_yaml(path: str) -> dict:
    return yaml_of(ROOT / path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_we_write_is_read_stopped_and_cared_for_too(language: str) -> None:
    assert {each.language for each in load_readings(ROOT / "config" / "readings").patterns} >= {language}
    assert language in in_yaml("config/content/optout_words.yaml")["languages"]
    assert language in in_yaml("config/content/care_words.yaml")["phrases"]
    assert language in load_letter_words(ROOT / "config" / "letters")
    assert language in load_own_page_words(ROOT / "config" / "own_page").names
    assert language in load_opening_words(ROOT / "config" / "calls")


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


def test_a_debtors_page_that_would_not_fill_in_the_same_places_is_refused_at_its_line(tmp_path: Path) -> None:
    shipped = ROOT / "config" / "own_page"
    (tmp_path / "en.yaml").write_bytes((shipped / "en.yaml").read_bytes())
    dutch = (shipped / "nl.yaml").read_text(encoding="utf-8")
    line = 1 + next(i for i, text in enumerate(dutch.splitlines()) if "{sender}" in text)
    (tmp_path / "nl.yaml").write_text(dutch.replace("{sender}", "{creditor}", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"nl\.yaml:{line}: messages\.title: .*\{{sender\}}"):
        load_own_page_words(tmp_path)


def test_this_list_of_what_a_language_is_stands_where_authors_read_it() -> None:
    said = (ROOT / "docs" / "adding_a_language.md").read_text(encoding="utf-8")
    kinds = ("content", "readings", "letters", "own_page", "calls")
    for path in ("templates/", *(f"config/{kind}/" for kind in kinds)):
        assert path in said
        assert Path(ROOT / path).is_dir()
