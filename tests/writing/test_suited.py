"""A template declares what it is for in fields, and what goes against them is held before it is written."""

from dataclasses import replace

import pytest

from channels.kind import ChannelKind
from dispatcher.writing.checks.suited import unsuited
from dispatcher.writing.language.meta import read_meta
from dispatcher.writing.language.problems import TemplateProblems
from tests.writing.desk import inputs

HEAD = "purpose: p\nowner: o\nlegal_basis: l\nkinds: [collection]\n"


@pytest.mark.parametrize(
    ("fields", "against", "wanted"),
    [
        ("roles: [original_creditor]", {"role": "third_party"}, "original_creditor"),
        ("parties: [debtor]", {"relation": "guarantor"}, "debtor"),
        ("first_contact: never", {"first_contact": True}, "never a first contact"),
        ("first_contact: only", {"first_contact": False}, "first contact only"),
        ("not_when: [time_barred]", {"barred": True}, "time_barred"),
        ("not_when: [disputed]", {"disputed": ("R1",)}, "disputed"),
        ("not_when: [arrangement]", {"arranged": True}, "arrangement"),
    ],
)
def test_a_message_that_goes_against_a_field_is_a_finding(fields: str, against: dict, wanted: str) -> None:
    made = replace(inputs(ChannelKind.EMAIL), **against)
    [finding] = unsuited(read_meta(HEAD + fields), made)
    assert (finding.rule, wanted in str(finding)) == ("template-not-for", True)
    assert not unsuited(read_meta(HEAD), made)


@pytest.mark.parametrize(
    "line", ["roles: [nobody]", "not_when: tired", "first_contact: sometimes", "parties: []"]
)
def test_a_field_with_other_words_is_named_with_its_line(line: str) -> None:
    with pytest.raises(TemplateProblems) as problems:
        read_meta(HEAD + line)
    assert problems.value.problems[0].line == 5
