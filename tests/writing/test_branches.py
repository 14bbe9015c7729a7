import pytest

from dispatcher.writing.coverage import coverage_of
from dispatcher.writing.language.branches import author_text, branches_of
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.trial import check_version
from tests.writing.desk import BODY, a_version, house_style

META = "purpose: A test\nowner: Tests\nlegal_basis: none\nkinds: [collection]\nsms_segments: 9\n"
THREAT = "We will see you in court."


def read(file="en/email.md", **files):
    version = a_version(meta=META, **files)
    compiled = compile_version(version, house_style())
    text = next(text for text in compiled.texts.values() if text.file == file)
    return coverage_of(text, compiled.meta)


@pytest.mark.parametrize(
    "condition",
    [
        "debt.balance > 600",
        "debtor.country == 'PE'",
        "debts | length > 30",
        "debt.extra.colour == 'red' and debt.days_past_due > 400",
        "relation == 'guarantor'",
        "not links.pay and debtor.kind == 'company'",
        "sender.role == 'law_firm' and first_contact and debt.fees > 90000",
    ],
)
@pytest.mark.parametrize("kind", ["en_email", "es_sms", "en_letter"])
def test_a_threat_under_any_condition_is_found_with_its_line(condition, kind):
    threat = THREAT if kind.startswith("en") else "Lo llevaremos a juicio."
    body = BODY if not kind.endswith("sms") else "{{ sender.name }}: {{ sender.phone }}, {{ debtor.name }}."
    source = f"{body}\n\n{{% if {condition} %}}\n{threat}\n{{% endif %}}\n"
    version = a_version(meta=META, **{kind: source})
    problems = [p for p in check_version(version, house_style()) if p.rule == "threat-of-suit"]
    assert len(problems) == 1
    (file,) = (name for name in version.files if name != "template.yaml")
    assert version.files[file].split("\n")[problems[0].line - 1] == threat


def test_a_threat_in_an_else_an_elif_an_inline_choice_and_a_subject_is_found():
    source = (
        "---\nsubject: Hello{{ ' from the judge' if debt.fees > 99999 else '' }}\npreheader: x\n---\n"
        + BODY
        + "\n\n{% if total > 0 %}\nFine.\n{% elif total < 0 %}\nWe will sue you.\n{% else %}\nPay up.\n{% endif %}\n\n"
        "Hello{{ ', we know where you live' if debt.interest > 88888 else '' }}.\n"
    )
    rules = {problem.rule for problem in check_version(a_version(meta=META, en_email=source), house_style())}
    assert {"threat-of-suit", "threat"} <= rules
    phrases = {f.phrase for f in read(en_email=source).findings}
    assert any("judge" in phrase for phrase in phrases)
    assert any("where you live" in phrase for phrase in phrases)


def test_each_branch_is_taken_by_a_debtor_made_from_its_condition():
    source = (
        BODY + "\n\n{% if debt.balance > 600 %}\nA large one.\n{% else %}\nA small one.\n{% endif %}\n\n"
        "{% if debtor.country in ['PE', 'CL'] %}\nAbroad.\n{% endif %}\n\n"
        "{% if debt.extra.shop %}\nFrom {{ debt.extra.shop }}.\n{% endif %}\n"
    )
    found = read(en_email=source)
    assert [bool(each.sample) for each in found.branches] == [True] * 6
    assert found.taken == 6
    assert found.branches[0].branch.line == 7
    assert "debt.balance > 600" in found.branches[0].branch.condition


def test_a_branch_that_nobody_can_take_is_shown_as_such():
    found = read(en_email=BODY + "\n\n{% if total < 0 and total > 0 %}\nNever.\n{% endif %}\n")
    assert [bool(each.sample) for each in found.branches] == [False, True]


def test_branches_within_branches_and_loops_are_counted_once():
    source = "{% for debt in debts %}{% if debt.fees %}A{% if debt.paid %}B{% endif %}{% endif %}{% endfor %}"
    author = author_text("en/sms.txt", source)
    assert [branch.path for branch in branches_of(author)] == [
        ((0, 0), (1, 0)),
        ((0, 0), (1, 0), (2, 0)),
        ((0, 0), (1, 0), (2, -1)),
        ((0, 0), (1, -1)),
    ]
