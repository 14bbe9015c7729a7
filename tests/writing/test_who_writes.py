"""The foot of a message says how to check who wrote it, in every language, and what anybody is called holds none."""

from dataclasses import replace

import pytest

from channels.kind import ChannelKind
from dispatcher.writing.render import Draft, RenderFailure, render_words
from tests.writing.desk import LANGUAGES, home_of, inputs, shipped

CREDITORS = (
    "Bank of Rockville",
    "Stadtwerke Kassel Strom und Gas GmbH",
    "Telecom Water & Power Inc.",
    "Inkasso Recht & Partner",
    "Banque du Contrat S.A.",
    "Servicios y Contratos, S.L.",
    "Energia e Acqua S.p.A.",
    "Last Chance Collections Ltd.",
)


def words(language: str, channel: ChannelKind = ChannelKind.EMAIL, **more: object) -> Draft | RenderFailure:
    made = inputs(channel, language=language, country=home_of(language), first_message_on=None, **more)
    return render_words(shipped("first-reminder"), made)


def text_of(draft: Draft | RenderFailure) -> str:
    assert isinstance(draft, Draft)
    assert draft.report.findings == ()
    return draft.parts["text"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", [ChannelKind.EMAIL, ChannelKind.LETTER])
def test_the_foot_names_the_website_s_telephone_and_the_end_of_the_customer_number(
    language: str, channel: ChannelKind
) -> None:
    text = text_of(words(language, channel))
    foot = text[text.index("https://sender.example ") :]
    assert "…1007" in foot
    assert "C-1007" not in foot


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", list(ChannelKind))
def test_no_creditor_s_name_makes_a_threat_of_a_sentence(language: str, channel: ChannelKind) -> None:
    for name in CREDITORS:
        sender = {
            "role": "third_party",
            "creditor_name": name,
            "creditor_address": "1 Main Street, Springfield",
        }
        draft = words(language, channel, sender=sender, packs=())
        assert isinstance(draft, Draft)
        assert draft.report.findings == (), name


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("00042", "…042"),
        ("C-1007", "…1007"),
        ("1234567890", "…7890"),
        ("4711", "…11"),
        ("123", ""),
        ("7", ""),
    ],
)
def test_at_most_four_characters_are_shown_and_two_stay_hidden(reference: str, shown: str) -> None:
    assert replace(inputs().debtor, reference=reference).reference_end == shown


def test_a_number_too_short_for_that_is_not_spoken_of() -> None:
    made = inputs(first_message_on=None)
    short = replace(made, debtor=replace(made.debtor, reference="7"))
    assert "customer number" not in text_of(render_words(shipped("first-reminder"), short))


def test_a_guarantor_whose_customer_number_it_is_not_is_shown_none() -> None:
    assert "…1007" not in text_of(words("en", relation="guarantor"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_that_ends_with_a_stop_ends_its_sentence(language: str) -> None:
    made = inputs(
        language=language, country=home_of(language), kind="reply_to_consumer",
        sender={"legal_name": "Acme Inc.", "creditor_name": "Acme Inc."},
    )  # fmt: skip
    draft = render_words(shipped("reply-help"), made)
    assert ".." not in text_of(draft)
    assert isinstance(draft, Draft)
    assert ".." not in draft.parts["html"]
