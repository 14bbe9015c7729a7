from dispatcher.authoring.vanished import Vanishing
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.trial import branch_problems
from tests.writing.desk import BODY, a_version, house_style, inputs


def version(number, **files):
    made = a_version(**files)
    return compile_version(type(made)(name=made.name, version=number, files=made.files), house_style())


def test_a_mexican_who_would_get_english_is_told_of():
    old = version(1, en_email=BODY, es_email="Sobre {{ references }}: {{ total }}.")
    new = version(2, en_email=BODY)
    mexican = inputs(language="es", country="MX")
    assert list(Vanishing(old, new).of(mexican)) == ["the email in es vanishes: it would be written in en"]
    assert list(Vanishing(old, new).of(inputs())) == []


def test_a_channel_that_vanishes_is_told_of():
    old, new = version(1, en_email=BODY, en_letter=BODY), version(2, en_letter=BODY)
    assert "no email at all" in next(Vanishing(old, new).of(inputs()))


def test_a_bad_word_under_a_condition_is_a_problem_of_the_text():
    bad = version(1, en_email=BODY + "\n\n{% if debt.balance > 90000 %}\nWe will sue you.\n{% endif %}\n")
    (problem,) = branch_problems(bad, next(iter(bad.texts.values())))
    assert (problem.rule, problem.line) == ("threat-of-suit", 8)
