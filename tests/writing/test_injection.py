import time
from html.parser import HTMLParser

import pytest

from channels.kind import ChannelKind
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.letters.reading import read_letter
from dispatcher.writing.render import Rendered
from dispatcher.writing.trial import check_version
from dispatcher.writing.untrusted import one_line
from tests.pace import is_within
from tests.writing.desk import BODY, a_version, house_style, inputs, rendered, shipped
from tests.writing.payloads import DATA, HANG, READ_SECRETS

SECONDS = 2.0
FILES = {"email": ChannelKind.EMAIL, "sms": ChannelKind.SMS, "letter": ChannelKind.LETTER}
NAME_LENGTH = 200  # names longer than that are cut by no medium but would fill pages here


ATTEMPTS = [
    pytest.param(kind, payload, id=f"{kind}-{payload[:60]!r}")
    for payload in READ_SECRETS + HANG
    for kind in FILES
]


@pytest.mark.parametrize(("kind", "payload"), ATTEMPTS)
def test_a_payload_in_a_template_is_refused_or_stays_text(kind, payload):
    version = a_version(**{f"en_{kind}": f"{payload}\n\n{BODY}"})
    started = time.process_time()
    try:
        template = compile_version(version, house_style())
    except TemplateProblems:
        pass
    else:
        assert payload not in READ_SECRETS
        if kind != "letter":
            rendered(template, inputs(FILES[kind]))
    spent = time.process_time() - started
    assert is_within(spent, SECONDS)


@pytest.mark.parametrize("payload", READ_SECRETS)
def test_a_payload_in_a_subject_is_refused(payload):
    with pytest.raises(TemplateProblems):
        compile_version(
            a_version(en_email=f"---\nsubject: {payload}\npreheader: x\n---\n{BODY}"), house_style()
        )


@pytest.mark.parametrize("payload", READ_SECRETS[:20])
def test_a_payload_in_the_description_of_a_template_stays_text(payload):
    meta = f"purpose: {payload!r}\nowner: T\nlegal_basis: none\nkinds: [collection]\n"
    try:
        template = compile_version(a_version(meta=meta, en_email=BODY), house_style())
    except TemplateProblems:
        return
    assert template.meta.purpose == payload


@pytest.mark.parametrize(
    "bomb",
    ["a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]", "purpose: !!python/object/apply:os.system [id]", "[" * 2000],
)
def test_a_bomb_in_the_description_of_a_template_is_refused(bomb):
    started = time.process_time()
    with pytest.raises(TemplateProblems):
        compile_version(a_version(meta=bomb, en_email=BODY), house_style())
    spent = time.process_time() - started
    assert is_within(spent, SECONDS)


class _Shape(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.seen, self.links, self.words = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [value for key, value in attrs if key in {"href", "src"}]

    def handle_data(self, data):
        self.words.append(data)


def names():
    return [payload for payload in dict.fromkeys(DATA + READ_SECRETS + HANG) if len(payload) <= NAME_LENGTH]


@pytest.mark.parametrize("name", names(), ids=lambda name: repr(name[:50]))
def test_a_payload_in_a_debtors_name_appears_literally_and_does_nothing(name):
    template, visible = shipped("first-reminder"), one_line(name).strip()
    started = time.process_time()
    email, sms = rendered(template, inputs(name=name)), rendered(template, inputs(ChannelKind.SMS, name=name))
    spent = time.process_time() - started
    assert is_within(spent, SECONDS)
    assert isinstance(email, Rendered)
    assert isinstance(sms, Rendered)
    harmless = _Shape(rendered(template, inputs(name="Ana")).html)
    shape = _Shape(email.html)
    assert shape.seen == harmless.seen
    assert shape.links == harmless.links
    assert " ".join(f"Hello {visible},".split()) in " ".join("".join(shape.words).split())
    assert f"Hello {visible}," in email.text.replace("\u2068", "").replace("\u2069", "")
    assert f"Hello {visible}," in sms.body.decode()


@pytest.mark.parametrize("name", DATA, ids=lambda name: repr(name[:50]))
def test_a_payload_in_a_debtors_name_is_printed_literally_in_a_letter(name):
    result = rendered(shipped("first-reminder"), inputs(ChannelKind.LETTER, name=name))
    if not isinstance(result, Rendered):
        assert result.rule in {"letter-font", "postal-address"}  # characters without a glyph hold the letter
        return
    paper = "".join(read_letter(result.body).text.split())
    assert "".join(f"Dear {one_line(name)},".split()) in paper


@pytest.mark.parametrize("name", [*DATA, *READ_SECRETS[:30]], ids=lambda name: repr(name[:50]))
def test_a_name_that_looks_like_a_template_does_not_hold_the_message(name):
    assert rendered(shipped("first-reminder"), inputs(name=name)).findings == ()


@pytest.mark.parametrize(
    "payload", ["{{ 'a' * 1000000000 }}", "{% for i in range(1000000000) %}x{% endfor %}", "[" * 20_000]
)
@pytest.mark.usefixtures("trials_start_as_the_programs_do")
def test_saving_a_bomb_takes_no_longer_than_two_seconds_a_file(payload):
    started = time.process_time()
    problems = check_version(a_version(en_sms=payload), house_style())
    assert problems
    spent = time.process_time() - started
    assert is_within(spent, SECONDS)


@pytest.mark.usefixtures("trials_start_as_the_programs_do")
def test_a_trial_that_hangs_is_killed_and_named(monkeypatch):
    from dispatcher.writing import trial

    monkeypatch.setattr(trial, "SECONDS_A_FILE", 0.0001)
    monkeypatch.setattr(trial, "_START_SECONDS", 0.0001)
    monkeypatch.setattr(trial, "_TRIED", {})
    (problem,) = check_version(a_version(en_sms="Hello. " + BODY), house_style())
    assert problem.rule == "bounds"
    assert "was stopped after" in problem.message
