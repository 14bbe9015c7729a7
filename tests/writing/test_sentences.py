"""A rule that wants words which no wording says is known before a message is held for it."""

from dataclasses import replace

import pytest

from channels.kind import ChannelKind
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.wording import load_wordings
from dispatcher.writing.checks.sentences import ALWAYS, unwritten
from tests.shared import ROOT

BOOK = load_rule_packs(ROOT / "config" / "rules")
WORDINGS = load_wordings(ROOT / "config" / "content")


def missing(pack: str, rule: str, channel: ChannelKind, role: str, language: str = "en") -> set[str]:
    """What no sentence says."""
    [wanted] = [each for each in BOOK.pack(pack).rules if each.id == rule]
    return set(unwritten(BOOK.pack(pack), wanted, WORDINGS[language], channel, role))


@pytest.mark.parametrize("language", sorted(WORDINGS))
@pytest.mark.parametrize("pack", ["us-regf", "us-ca"])
def test_the_collectors_statement_is_written_for_every_pack_that_wants_it(pack: str, language: str) -> None:
    for channel in ChannelKind:
        assert not missing(pack, "disclosures", channel, "third_party", language)


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_a_medium_that_cannot_carry_a_sentence_wants_none(language: str) -> None:
    for channel in ChannelKind:
        assert not missing("mx-condusef", "first-contact-data", channel, "third_party", language)


FIRST = [
    ("de-rdg", "first-assertion", "de"),
    ("be-xix", "first-reminder-content", "nl"),
    ("be-xix", "first-reminder-content", "fr"),
]


@pytest.mark.parametrize(("pack", "rule", "language"), FIRST)
@pytest.mark.parametrize("role", ["third_party_collector", "debt_buyer", "law_firm"])
def test_the_first_demand_says_all_that_the_law_of_the_place_names_and_misses_what_is_taken_away(
    pack: str, rule: str, language: str, role: str
) -> None:
    [wanted] = [each for each in BOOK.pack(pack).rules if each.id == rule]
    wording = WORDINGS[language]
    for channel in (ChannelKind.EMAIL, ChannelKind.LETTER):
        assert not missing(pack, rule, channel, role, language)
        for element in wanted.guard.elements - ALWAYS:
            less = replace(wording, disclosures=tuple(d for d in wording.disclosures if d.name != element))
            assert unwritten(BOOK.pack(pack), wanted, less, channel, role) == {element}


def test_what_nobody_has_written_is_named() -> None:
    found = missing("fr-cpce", "later-reference", ChannelKind.EMAIL, "third_party")
    assert found == {"first_letter_reference"}


@pytest.mark.parametrize(
    ("pack", "rule", "language", "channels"),
    [
        ("fr-cpce", "later-reference", "fr", tuple(ChannelKind)),
        ("fr-cpce", "first-letter-content", "fr", (ChannelKind.EMAIL, ChannelKind.LETTER)),
        ("be-xix", "first-reminder-content", "fr", (ChannelKind.EMAIL, ChannelKind.LETTER)),
        ("it-garante", "breakdown", "it", (ChannelKind.LETTER,)),
    ],
)
def test_what_a_place_wants_said_is_written_in_its_language(
    pack: str, rule: str, language: str, channels: tuple[ChannelKind, ...]
) -> None:
    for channel in channels:
        assert not missing(pack, rule, channel, "third_party", language)
