from hypothesis import given
from hypothesis import strategies as st

from dispatcher.authoring.domain.word_changes import MostDifferent, traits_of_change, word_changes

TEXTS = st.text(alphabet="ab c\n", max_size=60)


@given(TEXTS, TEXTS)
def test_what_stays_and_goes_is_the_text_before_and_what_stays_and_comes_the_text_after(before, after):
    changes = word_changes(before, after)
    assert "".join(change.text for change in changes if change.kind != "add") == before
    assert "".join(change.text for change in changes if change.kind != "cut") == after


def test_two_readers_whose_numbers_alone_differ_see_the_same_change():
    assert traits_of_change(["You owe 30.50 now"], ["You owe 30.50"]) == traits_of_change(
        ["You owe 7.10 now"], ["You owe 7.10"]
    )


def test_the_readers_who_show_the_most_come_first_and_each_once():
    chooser = MostDifferent()
    chooser.add("few", frozenset({"+a"}))
    chooser.add("most", frozenset({"+a", "+b"}))
    chooser.add("other", frozenset({"+c"}))
    chooser.add("most", frozenset({"+d"}))
    assert chooser.choose(2) == ["most", "other"]
    assert set(chooser.choose(9)) == {"few", "most", "other"}
