"""What is told of a text by its tags alone is what is told of the whole text."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.writing.language.placeholders import PLACEHOLDERS
from dispatcher.writing.language.sandbox import environment
from dispatcher.writing.language.syntax import analyse
from dispatcher.writing.language.tags import uses_of
from tests.writing.desk import house_style

PIECES = (
    "Dear ", "{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "-", "%", "#", '"', "'", "\\", "\n", "<b>", "{{{", "}}}",
    "{{ debtor.name }}", "{{- debtor.name -}}", "{{ debtor.nmae }}", "{{ debt.due_date | short }}", "{{ '}}' }}",
    '{{ debts | plural("debt", "debts") }}', '{{ "Hello" if debt.paid else "" }}', "{{ debtor.name", "{{ (debt.paid }}",
    "{% if debt.paid %}", "{%- if debt.paid > 3 -%}", '{% if debtor.country == "MX" %}', "{% elif debt.fees %}",
    "{% else %}", "{% endif %}", "{% for d in debts %}", "{{ d.balance }}", "{{ d.nothing }}", "{% endfor %}",
    "{% raw %}", "{% endraw %}", "{% set x = 1 %}", "{# a note #}", "{% if '%}' == debtor.name %}", "{{ debts }}",
    "{{ 1 + 1 }}", "{{ debt.extra.colour }}", "{{ ''.__class__ }}", "{% include 'x' %}", "{{ brand.logo }}",
)  # fmt: skip


def analysed(source):
    return analyse(source, env=environment(html=True), known=PLACEHOLDERS, file="x")


def same(told, found):
    return [each.variable for each in told] == [each.variable for each in found] and all(
        (one.printed, one.style, one.placeholder.name) == (other.printed, other.style, other.placeholder.name)
        and same(one.fields, other.fields)
        for one, other in zip(told, found, strict=True)
    )


def is_as_the_whole_says(source):
    """Nothing is told, or the whole text is without a fault and needs the same."""
    told = uses_of(source)
    if told is None:
        return True
    found = analysed(source)
    return not found.problems and same(told, found.uses)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_nothing_passes_by_its_tags_that_is_refused_as_a_whole(pieces):
    assert is_as_the_whole_says("".join(pieces))


@given(st.text(alphabet="{}%#-\"'\\ \nadebtorsif.()|<", max_size=40))
def test_no_text_of_the_signs_that_make_tags_passes_by_its_tags_alone(source):
    assert is_as_the_whole_says(source)


def test_no_pair_or_three_of_pieces_passes_by_its_tags_alone():
    sources = map("".join, (*product(PIECES, repeat=2), *product(PIECES[:14], repeat=3)))
    assert [source for source in sources if not is_as_the_whole_says(source)] == []


def test_a_text_without_a_fault_is_told_by_its_tags_and_its_translation_with_it():
    english = (
        'Dear {{ debtor.name }}, {% if debt.paid %}thank you: {{ debts | plural("one", "all") }}.{% endif %}'
    )
    spanish = (
        'Hola {{ debtor.name }}:\n{% if debt.paid %}gracias {{ debts | plural("one", "all") }}{% endif %}!'
    )
    assert uses_of(english)
    assert uses_of(english) is uses_of(spanish)


def test_what_a_language_adds_for_its_layouts_takes_no_name_that_texts_have():
    from dispatcher.writing.language.compile_text import _language_of

    for wording in house_style().wordings.values():
        known = _language_of(wording).known
        assert {name: known[name] for name in PLACEHOLDERS} == dict(PLACEHOLDERS)
