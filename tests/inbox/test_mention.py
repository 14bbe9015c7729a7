"""What words are most like is not proposed where they likelier mention it only."""

from dispatcher.inbox.domain.mention import mention_odds


def odds(
    *,
    unclear_by: float = 0.0,
    likeness: float = 3.0,
    asks: bool = False,
    concepts: frozenset[str] = frozenset(),
) -> float:
    return mention_odds(unclear_by=unclear_by, likeness=likeness, asks=asks, doubts=False, concepts=concepts)


def test_who_asks_about_it_tells_of_family_or_of_what_was_said_likelier_mentions_it_only() -> None:
    plain = odds()
    assert odds(asks=True) > plain
    assert odds(concepts=frozenset({"family", "say"})) > odds(concepts=frozenset({"say"})) > plain


def test_who_requests_something_or_is_much_like_it_likelier_means_it() -> None:
    assert odds(concepts=frozenset({"request"})) < odds()
    assert odds(likeness=3.5) < odds() < odds(unclear_by=5.0)
