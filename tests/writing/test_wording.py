from functools import cache
from pathlib import Path

import pytest
import yaml

from dispatcher.rulebook.wording import load_wordings
from dispatcher.writing.checks.scan import Scanner

ROOT = Path(__file__).parents[2]
WORDINGS = load_wordings(ROOT / "config/content")
LANGUAGES = sorted(WORDINGS)


@cache
def sentences(language):
    return yaml.safe_load((ROOT / f"tests/content/{language}.yaml").read_text(encoding="utf-8"))


def rules_found(language, sentence, where="text"):
    verdict = Scanner(WORDINGS[language]).judge(sentence, where)
    return {hit.rule for hit in verdict.hits} | ({"handover"} if verdict.handovers else set())


INTENTS = yaml.safe_load((ROOT / "tests/content/intents.yaml").read_text(encoding="utf-8"))


def of_intents(side):
    return [
        (language, family, row)
        for family, languages in INTENTS.items()
        for language, sides in languages.items()
        for row in sides[side]
    ]


@pytest.mark.parametrize(("language", "family", "sentence"), of_intents("held"))
def test_a_sentence_of_ill_intent_is_found(language, family, sentence):
    assert rules_found(language, sentence), family


@pytest.mark.parametrize(("language", "family", "sentence"), of_intents("free"))
def test_a_sentence_that_speaks_of_the_same_and_harms_nobody_is_free(language, family, sentence):
    assert rules_found(language, sentence) == set(), family


@pytest.mark.parametrize("family", sorted({f.rule for f in WORDINGS["en"].families if f.mentions}))
def test_every_family_has_twenty_sentences_on_both_sides(family):
    if family in INTENTS:
        sides = INTENTS[family].values()
        assert min(sum(len(each[side]) for each in sides) for side in ("held", "free")) >= 20


BAD = [
    (lang, rule, row) for lang in LANGUAGES for rule, rows in sentences(lang)["found"].items() for row in rows
]


@pytest.mark.parametrize(("language", "rule", "sentence"), BAD)
def test_a_sentence_that_no_debtor_should_read_is_found_under_its_rule(language, rule, sentence):
    assert rule in rules_found(language, sentence)


@pytest.mark.parametrize(
    ("language", "sentence"), [(lang, s) for lang in LANGUAGES for s in sentences(lang)["fine"]]
)
def test_a_lawful_humane_sentence_passes(language, sentence):
    assert rules_found(language, sentence) == set()


@pytest.mark.parametrize(
    ("language", "sentence"), [(lang, s) for lang in LANGUAGES for s in sentences(lang)["neutral"]["found"]]
)
def test_a_subject_that_gives_away_a_debt_is_found(language, sentence):
    assert rules_found(language, sentence, "neutral") & {"gives-away-debt", "amount"}


@pytest.mark.parametrize(
    ("language", "sentence"), [(lang, s) for lang in LANGUAGES for s in sentences(lang)["neutral"]["fine"]]
)
def test_a_neutral_subject_passes(language, sentence):
    assert rules_found(language, sentence, "neutral") == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_of_a_language_has_sentences(language):
    rules = {family.rule for family in WORDINGS[language].families} - {"gives-away-debt"}
    assert rules <= set(sentences(language)["found"]) | set(INTENTS)


def test_both_languages_hold_the_same_rules_phrases_and_disclosures():
    en, es = WORDINGS["en"], WORDINGS["es"]
    assert {f.rule for f in en.families} == {f.rule for f in es.families}
    assert set(en.phrases) == set(es.phrases)
    assert [d.name for d in en.disclosures] == [d.name for d in es.disclosures]
