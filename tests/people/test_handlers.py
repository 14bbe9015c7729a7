"""Who handles a person: by hand before rules, a deputy while somebody is away, never somebody who is gone."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.people.domain.handler import Handler, HandlerRule, acting, handler_of

DAY = date(2026, 11, 16)
NAMES = ("ana", "ben", "cleo")


def handlers(**changes: dict[str, object]) -> dict[str, Handler]:
    return {
        name: Handler(**({"user": name, "shown_as": name.title(), "deputy": ""} | changes.get(name, {})))  # type: ignore[arg-type]  # each field has its own type
        for name in NAMES
    }


@pytest.mark.parametrize(
    ("away_from", "away_until", "acts"),
    [
        (None, None, "ana"),
        (DAY, DAY, "ben"),
        (DAY + timedelta(days=1), None, "ana"),
        (DAY - timedelta(days=9), None, "ben"),
        (DAY - timedelta(days=9), DAY - timedelta(days=1), "ana"),
    ],
)
def test_the_deputy_acts_on_the_days_away_and_on_no_other(
    away_from: date | None, away_until: date | None, acts: str
) -> None:
    known = handlers(ana={"deputy": "ben", "away_from": away_from, "away_until": away_until})

    found = acting(known, "ana", DAY)

    assert found is not None
    assert found.user == acts


def test_a_word_by_hand_goes_before_the_rules_and_the_first_rule_that_fits_before_the_others() -> None:
    rules = [
        HandlerRule(id=1, handler="ben", creditor="other"),
        HandlerRule(id=2, handler="ana", from_letter="N", to_letter="Z"),
        HandlerRule(id=3, handler="cleo"),
    ]

    def who(by_hand: str, name: str, creditor: str = "acme") -> str:
        found = handler_of(handlers(), rules, by_hand, creditor=creditor, country="US", name=name, on=DAY)
        return found.user if found else ""

    assert [who("", "Zoe"), who("", "Abel"), who("", ""), who("", "Zoe", "other"), who("ben", "Zoe")] == [
        "ana", "cleo", "cleo", "ben", "ben",
    ]  # fmt: skip


@given(
    gone=st.sets(st.sampled_from(NAMES)),
    deputies=st.fixed_dictionaries({name: st.sampled_from(("", *NAMES)) for name in NAMES}),
    user=st.sampled_from((*NAMES, "nobody")),
)
def test_whoever_acts_is_there_whatever_ring_of_deputies_somebody_has_made(
    gone: set[str], deputies: dict[str, str], user: str
) -> None:
    known = handlers(**{name: {"deputy": deputies[name], "is_gone": name in gone} for name in NAMES})

    found = acting(known, user, DAY)

    assert found is None or found.user not in gone
    if user in known and user not in gone:
        assert found is known[user]
