"""Whether words only mention what they are most like: as a question, a joke, of somebody else, as told by others."""

from collections.abc import Container

# Found by logistic regression on sentences that say and that mention the same, of which others had been learnt.
_UNCLEAR_COUNTS = 0.154  # by how much more a text speaks for nothing at all, in logarithms
_LIKENESS_COUNTS = -0.87  # a deviation
_ASKING_COUNTS = 2.9  # of what nobody asks about who says it
_DOUBT_COUNTS = -3.5  # what is doubted in plain words was seen before
_SPEAKS_OF = {"request": -1.6, "family": 1.2, "say": 1.5}  # concepts
_BASE = 0.2


def mention_odds(
    *, unclear_by: float, likeness: float, asks: bool, doubts: bool, concepts: Container[str]
) -> float:
    """The logarithm of the odds that a text only mentions what it is most like.

    `unclear_by`: by how much more it speaks for nothing at all, in logarithms; `likeness` in deviations; `asks`:
    whether it asks about what nobody asks about who says it; `concepts`: those that its words speak of.
    """
    return (
        _BASE
        + _UNCLEAR_COUNTS * unclear_by
        + _LIKENESS_COUNTS * likeness
        + _ASKING_COUNTS * asks
        + _DOUBT_COUNTS * doubts
        + sum(weight for concept, weight in _SPEAKS_OF.items() if concept in concepts)
    )
