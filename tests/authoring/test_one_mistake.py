"""Two hundred drafts with one mistake each: no finding is missed, none is there twice, each stands at its line."""

from itertools import chain

import pytest

from dispatcher.writing.trial import try_version
from tests.authoring.drafts import EACH, MISTAKES, drafts, without_mistake
from tests.writing.desk import house_style


def problems_of(version):
    return list(chain.from_iterable(problems or () for _, problems in try_version(version, house_style())))


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_draft_with_one_mistake_has_one_finding_at_its_line(kind):
    told = {
        f"{draft.version.name}/{draft.file}:{draft.line}": [
            f"{problem.file}:{problem.line}" for problem in problems_of(draft.version)
        ]
        for draft in drafts(kind)
    }
    assert {place: [place.partition("/")[2]] for place in told} == told


def test_there_are_two_hundred_drafts_and_their_texts_have_no_other_fault():
    made = [draft for kind in MISTAKES for draft in drafts(kind)]
    assert len(made) == len(MISTAKES) * EACH == 200
    texts = {(draft.version.name, draft.file): draft for draft in made}
    assert [place for place, draft in texts.items() if problems_of(without_mistake(draft))] == []
