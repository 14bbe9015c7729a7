"""What messages share is written once, and is never another message's."""

from dataclasses import replace

import pytest

from channels.kind import ChannelKind
from dispatcher.values.sender import AdviceBody
from dispatcher.writing.formats import locale_for
from dispatcher.writing.language.placeholders import BRAND, PLACEHOLDERS
from dispatcher.writing.language.shared_values import shared_values
from dispatcher.writing.language.values import Use, plain_text
from tests.writing.desk import LANGUAGES, home_of, house_style, inputs, rendered, shipped


def an_adviser(name):
    return AdviceBody(name=name, address="", phone="", email="", website="https://advice.example")


ADVICE = {"US": an_adviser("American Advice"), "MX": an_adviser("Mexican Advice")}


def changes(of):
    """Messages that differ from one in one thing that shared values read."""
    yield replace(of, sender=replace(of.sender, name="Another Name", phone="+1 212 555 0199"))
    yield replace(of, debtor=replace(of.debtor, country="MX"))
    yield replace(of, role="third_party")
    yield replace(of, packs=("us-regf",))
    yield replace(of, packs=("us-regf",), role="third_party")
    yield replace(of, packs=("us-regf",), role="third_party", first_contact=True)
    yield replace(of, packs=("us-regf",), role="third_party", said=("us_collector",))
    yield replace(of, packs=("us-regf",), role="third_party", said=())


@pytest.mark.parametrize("channel", [ChannelKind.EMAIL, ChannelKind.SMS])
def test_no_text_has_what_another_message_shares(channel):
    template, one = shipped("first-reminder"), inputs(channel, sender={"advice": ADVICE})
    before = rendered(template, one)
    told = {before.text}
    for other in changes(one):
        found = rendered(template, other)
        unknown = replace(other, sender=replace(other.sender))  # an equal sender whom nobody has written for
        assert found == rendered(template, unknown)
        told.add(getattr(found, "text", ""))  # a kind that is not the template's has none
        assert rendered(template, one) == before
    assert len(told) > 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shared_reads_nothing_of_a_single_message(language):
    """It could not be made otherwise: it sees what is shared alone."""
    wording = house_style().wording(language)
    every = tuple(
        Use(placeholder=one, variable=name, printed=True) for name, one in {**PLACEHOLDERS, **BRAND}.items()
    )
    made = inputs(language=language, country=home_of(language))
    found = shared_values(every, made, wording, locale_for(language, "US"), plain_text)
    assert {use.variable for use in found.own}.isdisjoint(found.plain)
    assert {"sender.name", "creditor.name", "words.amount", "brand.colour"} <= found.plain.keys()
    assert {"debtor.name", "total", "links.stop"} <= {use.variable for use in found.own}
