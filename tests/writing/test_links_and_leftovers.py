import re
from dataclasses import replace
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from channels.sms.segments import count_segments
from dispatcher.rulebook.senders import load_senders
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.trial import try_version
from tests.writing.desk import BODY, ROOT, a_version, compiled, house_style, inputs, rendered

SMS = ChannelKind.SMS
TEXT = "{{ debtor.name }}, {{ sender.name }} would like to hear from you: {{ sender.phone }}."
META = "purpose: A test\nowner: Tests\nlegal_basis: none\nkinds: [collection]\nsms_segments: 9\n"


def rules(result):
    return sorted({finding.rule for finding in result.findings})


def tried(version, senders=()):
    house = replace(house_style(), senders=tuple(senders))
    return [problem for _, problems in try_version(version, house) for problem in problems or ()]


@pytest.mark.parametrize(
    "address",
    ["https://bit.ly/abc", "bit.ly/abc", "www.elsewhere.example", "evil.com/pay", "http://1.2.3.4/x"],
)
@pytest.mark.parametrize("kind", ["en_email", "en_sms"])
def test_a_strangers_address_in_plain_text_is_a_link(address, kind):
    body = BODY if kind == "en_email" else TEXT
    made = inputs() if kind == "en_email" else inputs(SMS)
    assert "link" in rules(rendered(compiled(**{kind: f"{body}\n\nSee {address} please."}), made))


@pytest.mark.parametrize(
    "address", ["https://sender.example/help", "https://www.sender.example", "https://help.sender.example/a"]
)
def test_the_senders_own_site_is_no_stranger(address):
    assert rules(rendered(compiled(en_email=f"{BODY}\n\nSee {address} please."), inputs())) == []
    assert rules(rendered(compiled(en_email=f"{BODY}\n\n[See it]({address})."), inputs())) == []


def test_a_link_that_tracks_the_reader_is_found():
    text = f"{BODY}\n\n[See it](https://sender.example/a?utm_source=mail)."
    assert rules(rendered(compiled(en_email=text), inputs())) == ["link"]


def test_the_senders_of_the_configuration_are_tried_and_not_a_made_up_one():
    senders = load_senders(ROOT / "config/senders.yaml").values()
    (acme,) = (sender for sender in senders if sender.key == "acme")
    version = a_version(meta=META, en_email=f"{BODY}\n\n[Help](https://acme.example/help).")
    assert [problem.rule for problem in tried(version, [acme])] == []
    assert "link" in {problem.rule for problem in tried(version, senders)}  # IBM's debtors are sent to Acme
    assert "link" in {problem.rule for problem in tried(version)}


@pytest.mark.parametrize(
    "words",
    ["Dear { name },", "Dear «name»,", "Estimado «Nombre»", "by [insert date]", "until [DATE]", "[Your name here]", "a\\newpage b",
     "Dear %name%,", "Dear [[name]],", "one&nbsp;word", "Dear <name>,", "Hello $nombre, ok"],
)  # fmt: skip
def test_left_overs_in_other_programs_forms_are_found(words):
    from dispatcher.writing.checks.scan import scanner_for

    scanner = scanner_for(house_style().wordings["en"])
    assert "leftover" in {hit.rule for hit in scanner.judge(words, "text").hits}


@pytest.mark.parametrize(
    "words", ["Reply «1» or «2».", "It costs $20.", "Acme [Springfield]", "100% of it", "A & B", "a {} b"]
)
def test_what_only_looks_like_a_left_over_stands(words):
    from dispatcher.writing.checks.scan import scanner_for

    scanner = scanner_for(house_style().wordings["en"])
    assert "leftover" not in {hit.rule for hit in scanner.judge(words, "text").hits}


@pytest.mark.parametrize("marks", ["**now**", "[here](https://sender.example)", "# Title"])
def test_markdown_in_an_sms_is_found(marks):
    assert "leftover" in rules(rendered(compiled(en_sms=f"{TEXT}\n{marks}"), inputs(SMS)))


def test_an_empty_text_has_no_segment():
    assert count_segments("").segments == 0


def test_a_character_that_doubles_the_cost_of_an_sms_is_a_finding_with_its_place():
    problems = tried(a_version(meta=META, en_sms=f"{TEXT}\nIt\N{RIGHT SINGLE QUOTATION MARK}s easy."))
    (problem,) = (problem for problem in problems if problem.rule == "sms-cost")
    assert (problem.line, problem.column) == (2, 3)
    assert 'write "\'" instead' in problem.suggestion


def test_a_picture_is_refused():
    with pytest.raises(TemplateProblems, match="picture"):
        compile_version(a_version(en_email=BODY + "\n\n![](https://sender.example/x.png)"), house_style())


@pytest.mark.parametrize(
    "fault",
    ["{% if debt.interest if %}x{% endif %}", "{% if debt.interest %}", "{% endif %}", "{{ debtor name }}", "{% set a = 1 %}",
     "{% if debt.balance > 'x' %}a{% endif %}", "{% if debtor.name > 3 %}a{% endif %}", "{% if debt.due_date > 3 %}a{% endif %}",
     "{{ debtor.name | upper }}", "{% while x %}", "{{ 1 + }}", "{% for x debts %}{% endfor %}"],
)  # fmt: skip
def test_no_word_of_the_template_engine_reaches_a_manager(fault):
    with pytest.raises(TemplateProblems) as refused:
        compile_version(a_version(en_email=f"{BODY}\n\n{fault}"), house_style())
    said = str(refused.value)
    assert not re.search(
        r"(?i)token|jinja|statement|unexpected|python|traceback|\w+Error\b|NoneType|expected", said
    ), said
    assert "en/email.md:7" in said


def test_the_examples_of_the_manual_pass_their_own_check():
    text = (Path(ROOT) / "docs/writing_templates.md").read_text(encoding="utf-8")
    (meta,) = re.findall(r"```yaml\n(purpose:.*?)```", text, re.DOTALL)
    (email,) = re.findall(r"```markdown\n(---.*?)```", text, re.DOTALL)
    version = a_version(meta=meta, en_email=email)
    assert [str(problem) for problem in tried(version)] == []
