import pickle
from functools import cache

import pytest

from dispatcher.rulebook.wording import AN_AMOUNT, load_wordings
from dispatcher.writing.checks.scan import AMOUNT, Scanner
from dispatcher.writing.domain.leaning import Leaning, words_of
from tests.shared import ROOT, yaml_of

WORDINGS = load_wordings(ROOT / "config/content")
LANGUAGES = sorted(WORDINGS)


@cache
def sentences(language):
    return yaml_of(ROOT / f"tests/content/{language}.yaml")


def rules_found(language, sentence, where="text"):
    verdict = Scanner(WORDINGS[language]).judge(sentence, where)
    return {hit.rule for hit in verdict.hits} | ({"handover"} if verdict.handovers else set())


def rules_of(language, example):
    """The rules found in a written-down sentence, in which `{amount}` is an amount of the ledger."""
    return rules_found(language, example.replace(AN_AMOUNT, AMOUNT))


def str_of_two(value):
    return value if isinstance(value, str) else ""


EXAMPLES = {language: yaml_of(ROOT / f"config/content/examples/{language}.yaml") for language in LANGUAGES}
UNSEEN = yaml_of(ROOT / "tests/content/unseen.yaml")


def of_examples(side):
    """Language, family and its sentences: a test a family, since one a sentence costs the suite a minute."""
    return [
        (language, name, rows) for language in LANGUAGES for name, rows in EXAMPLES[language][side].items()
    ]


@pytest.mark.parametrize(("language", "name", "sentences"), of_examples("held"), ids=str_of_two)
def test_the_sentences_that_people_have_held_are_held(language, name, sentences):
    assert [sentence for sentence in sentences if not rules_of(language, sentence)] == []


@pytest.mark.parametrize(("language", "name", "sentences"), of_examples("free"), ids=str_of_two)
def test_the_sentences_that_people_let_pass_pass(language, name, sentences):
    assert {s: found for s in sentences if (found := rules_of(language, s))} == {}


@pytest.mark.parametrize("family", sorted({f.rule for f in WORDINGS["en"].families if f.mentions}))
def test_every_family_has_twenty_sentences_on_both_sides(family):
    if family in EXAMPLES["en"]["free"]:
        for side in ("held", "free"):
            assert sum(len(EXAMPLES[language][side].get(family, ())) for language in ("en", "es")) >= 20
            for language in set(LANGUAGES) - {"en", "es"}:
                assert len(EXAMPLES[language][side].get(family, ())) >= 20, (language, side)


def unseen(side):
    return [(language, row) for language, sides in UNSEEN.items() for row in sides[side]]


def test_of_sentences_that_nobody_mended_for_nine_in_ten_threats_are_held():
    missed = [row for row in unseen("held") if not rules_found(*row)]
    assert len(missed) <= 0.1 * len(unseen("held"))


def test_of_sentences_that_nobody_mended_for_ninety_five_in_a_hundred_fair_ones_pass():
    held = [row for row in unseen("free") if rules_found(*row)]
    assert len(held) <= 0.05 * len(unseen("free"))


def of_unread(file, language, side):
    """How many sentences of one side are held, and of how many."""
    rows = yaml_of(ROOT / f"tests/content/{file}.yaml")[language][side]
    return sum(bool(rules_of(language, row)) for row in rows), len(rows)


@pytest.mark.parametrize(
    ("file", "language", "held", "free"),
    [
        ("unread", "en", 90, 98),
        ("unread", "es", 92, 98),
        ("unread", "pt", 93, 96),
        ("unread", "fr", 93, 93),
        ("unread_too", "en", 88, 96),
        ("unread_too", "es", 82, 98),
        ("unread_too", "pt", 77, 97),
        ("unread_too", "fr", 86, 98),
    ],
)
def test_of_other_hands_sentences_that_nobody_mended_for_as_many_are_judged_rightly(
    file, language, held, free
):
    # Counts alone, so that a failure shows no sentence: who mends for one has to write others.
    found, threats = of_unread(file, language, "held")
    stopped, fair = of_unread(file, language, "free")
    assert 100 * found >= held * threats
    assert 100 * (fair - stopped) >= free * fair


def test_too_few_words_to_explain_a_delicate_one_hold_it():
    assert rules_found("en", "Hello from the police") >= {"state-authority"}
    assert rules_found("en", "Please report the theft to the police and send us their number.") == set()


def test_a_fair_sentence_that_follows_does_not_excuse_a_threat():
    line = (
        "We will take you to court: the due dates of the three invoices are listed below with their numbers."
    )
    assert rules_found("en", line) >= {"threat-of-suit"}


def test_a_short_sentence_is_read_with_the_one_that_it_introduces():
    assert (
        rules_found("en", "There is no hurry now. Pay when your wages have come in, as you told us.") == set()
    )


def test_what_people_have_judged_is_judged_as_they_did_whatever_its_words_say():
    leaning = Leaning(["good day to you"], ["good day to all", "good day to both", "a good day to her"])
    assert (
        leaning.weigh(words_of("good day to them")).sum < 0 < leaning.weigh(words_of("good day to you")).sum
    )


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("es", "Mañana se le corta la luz"),
        ("es", "Tenemos el teléfono de su hermano y no dudaremos en usarlo"),
        ("en", "Your mother's number is in our file and she will be our next call"),
        ("en", "No payment, no electricity."),
        ("es", "Primero cortamos el gas."),
        (
            "en",
            "We will tell your employer about it. You can pay it in parts. These options cost nothing extra.",
        ),
    ],
)
def test_a_supply_relatives_and_employers_used_as_a_pressure_are_held(language, sentence):
    assert rules_found(language, sentence)


def test_what_is_denied_excuses_nothing_that_is_said_beside_it():
    assert rules_found("en", "Your employer will not be contacted about this.") == set()
    assert rules_found("en", "Your employer will not be contacted but we will have you arrested.") >= {
        "threat"
    }


def test_a_sentence_is_held_that_only_reads_like_those_that_people_held_and_shows_by_which_words():
    [hit] = Scanner(WORDINGS["en"]).judge("Walls are thin in your house and people whisper.", "text").hits
    assert hit.rule == "ill-intent"
    assert hit.phrase


def test_a_language_that_judges_no_sentence_learns_nothing():
    leaning = Leaning(["a threat"], ["a fair one"])
    assert "learnt" not in vars(pickle.loads(pickle.dumps(leaning)))
    leaning.weigh(words_of("a threat"))
    assert "learnt" in vars(leaning)
    assert pickle.loads(pickle.dumps(leaning)) == leaning


def test_an_imperative_that_denies_is_a_denial():
    assert rules_found("en", "Please don't take out a loan or use a credit card for this.") == set()
    assert rules_found("en", "Don't you think your wife deserves to know?") == {"relatives"}


def test_a_denial_that_is_the_fault_itself_is_held():
    assert rules_found("en", "This is not a bill.") == {"disguised-purpose"}
    assert rules_found("fr", "Ceci n'est pas une facture.") == {"disguised-purpose"}


BAD = [(lang, rule, rows) for lang in LANGUAGES for rule, rows in sentences(lang)["found"].items()]


@pytest.mark.parametrize(("language", "rule", "sentences"), BAD, ids=str_of_two)
def test_the_sentences_that_no_debtor_should_read_are_found_under_their_rule(language, rule, sentences):
    assert [sentence for sentence in sentences if rule not in rules_found(language, sentence)] == []


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
    assert rules <= set(EXAMPLES[language]["held"])


# South Africa's debtors read no other language of ours; Québec's notice of claim is written in French and English.
ENGLISH_ALONE = {"za-dca", "ca-qc"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_holds_the_same_rules_phrases_and_disclosures(language):
    en, other = WORDINGS["en"], WORDINGS[language]
    assert {f.rule for f in en.families} == {f.rule for f in other.families}
    forms = {d.name for d in other.disclosures if d.in_text}
    own = {name for name in en.phrases if name.startswith("itemization_") and not forms}
    assert set(en.phrases) - own == set(other.phrases), "what a form of the law needs goes with the form"
    common = {d.name for d in en.disclosures if d.packs - ENGLISH_ALONE and not d.in_text}
    assert common <= {d.name for d in other.disclosures}
    assert not forms or forms == {d.name for d in en.disclosures if d.in_text}, "a form is there whole or not"
