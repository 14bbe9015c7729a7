import pytest

from dispatcher.portfolio.domain.portfolio_columns import channels


@pytest.mark.parametrize(
    "text", ["none", "None", "NONE", " none ", "[]", "No channels", "ninguno", "KEINE", "not authorised"]
)
def test_none_in_any_case_and_by_any_of_its_words_is_no_channel(text: str) -> None:
    assert channels(text) == ()


@pytest.mark.parametrize("text", ["none;email", "n/a", "-", "?", "whatsapp", "email;nothing"])
def test_what_may_mean_none_or_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a list"):
        channels(text)
