from dataclasses import replace

import pytest

from dispatcher.writing.language import compile_text
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.language.sandbox import environment
from dispatcher.writing.trial import check_version
from tests.writing.desk import BODY, a_version, house_style, inputs, rendered


def problems_of(**files):
    with pytest.raises(TemplateProblems) as refused:
        compile_version(a_version(**files), house_style())
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "Dear {{ debtor_name }},",
            "en/email.md:5:9: there is no placeholder `debtor_name`; did you mean `debtor.name`?",
        ),
        ("Dear {{ name }},", "en/email.md:5:9: there is no placeholder `name`; did you mean `debtor.name`?"),
        (
            "Dear {{ debtor.nmae }},",
            "en/email.md:5:9: there is no placeholder `debtor.nmae`; did you mean `debtor.name`?",
        ),
        ("{{ xyzzy }}", "`dispatcher templates placeholders` lists all there are"),
        ("{{ debts }}", "`debts` cannot be printed; use it in `{% for … %}` or `{% if … %}`"),
        ("{{ debtor.name | upper }}", "there is no filter `upper` with these values"),
        ("{{ debtor.name | short }}", "`debtor.name` is not a date"),
        ("{% for d in debtor %}{% endfor %}", "there is no placeholder `debtor`"),
        ("{% for d in debtor.name %}{% endfor %}", "`debtor.name` is not a list"),
        ("{% for d in debts %}{{ d.nam }}{% endfor %}", "there is no `d.nam`"),
        (
            "{% for d in debts %}{% for p in plans %}{% endfor %}{% endfor %}",
            "a loop over `plans` inside another loop",
        ),
        ("{% set x = 1 %}", "`set` is not allowed in a template; only `for` and `if` are"),
        ("{% if debtor.name", "en/email.md:5:1: `{%` is not closed by `%}` on this line"),
        ("Dear {{ debtor.name", "en/email.md:5:6: `{{` is not closed by `}}` on this line"),
        ("{% endif %}", "stands without its beginning"),
        (
            "{{ tables.invoices }}",
            "there is no table `tables.invoices`; there are tables.debts, tables.breakdown, tables.plans",
        ),
        ("see {{ tables.debts }} here", "a table stands on a line of its own"),
        ("<div>", "HTML is not allowed: '<div>'"),
        ("[x](http://a.example)", "a link to 'http://a.example'"),
        ("[x](javascript:alert(1))", "a link to 'javascript:alert(1'"),
        ("{{ debt.due_date + 1 }}", "arithmetic is not allowed"),
        ("{{ debts | length }", "en/email.md:5"),
        ("We will s\u200bue you.", "en/email.md:5:10: an invisible character, U+200B; delete it"),
        ("Wa\u202erd", "en/email.md:5:3: an invisible character, U+202E"),
    ],
)
def test_a_fault_is_named_with_its_place_and_a_way_out(line, said):
    assert any(said in problem for problem in problems_of(en_email=line + "\n\n" + BODY)), problems_of(
        en_email=line + "\n\n" + BODY
    )


def test_all_faults_of_a_file_are_named_at_once():
    problems = problems_of(en_email="{{ a }}\n\n{{ b }} {{ c }}\n\n<b>\n")
    assert [problem.split(":")[1] for problem in problems] == ["5", "7", "7", "9"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Hello", "en/email.md:1: the file must begin with a line ---"),
        ("---\nsubject: x\n---\nHello", "`preheader` is missing"),
        ("---\nsubject: x\nsubject: y\npreheader: z\n---\nHello", "en/email.md:3: `subject: y` is not"),
        ("---\nsubjekt: x\n---\nHello", "en/email.md:2: `subjekt: x` is not"),
    ],
)
def test_a_head_that_is_wrong_says_what_belongs_there(source, said):
    from dispatcher.writing.domain.template import TemplateVersion

    files = {**a_version(en_sms="x").files, "en/email.md": source}
    with pytest.raises(TemplateProblems) as refused:
        compile_version(TemplateVersion(name="t", version=1, files=files), house_style())
    assert any(said in str(problem) for problem in refused.value.problems), refused.value.problems


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ("", "template.yaml"),
        (
            "purpose: x\nowner: y\nlegal_basis: z\nkinds: [collections]\n",
            "template.yaml:4: `kinds` must list what the template may serve",
        ),
        (
            "purpose: x\nowner: y\nlegal_basis: z\nkinds: [collection]\nsms_segment: 2\n",
            "template.yaml:5: there is no key `sms_segment`; did you mean `sms_segments`?",
        ),
        (
            "purpose: x\nowner: y\nlegal_basis: z\nkinds: [collection]\nneeds: [plan]\n",
            "there is no placeholder `plan`",
        ),
        ("purpose: [x\n", "template.yaml:"),
    ],
)
def test_a_description_that_is_wrong_says_where(meta, said):
    assert any(said in problem for problem in problems_of(meta=meta, en_email=BODY))


def test_a_language_without_wording_is_refused():
    assert problems_of(sv_email=BODY) == [
        "sv/email.md: there is no wording for sv: without its phrases and disclosures it cannot be sent; add the language sv to the wording first"
    ]


def test_a_value_that_may_be_empty_is_asked_for_before_saving():
    (problem,) = check_version(a_version(en_email="Interest {{ debt.interest }}. " + BODY), house_style())
    assert problem.rule == "missing-value"
    assert "put it between {% if debt.interest %} and {% endif %}" in problem.suggestion


def test_a_threat_is_found_before_saving_at_its_line():
    problems = check_version(a_version(en_email=BODY + "\n\nOr else our lawyers will call."), house_style())
    assert {(problem.rule, problem.line) for problem in problems} >= {("threat-of-suit", 7), ("threat", 7)}


def test_a_text_in_another_language_than_its_folder_says_is_found():
    spanish = (
        "Hola, {{ debtor.name }}: le escribimos sobre su cuenta y el saldo que tiene con nosotros, para ver con usted lo que puede hacer. "
        + BODY
    )
    problems = check_version(a_version(en_letter=spanish), house_style())
    assert {problem.rule for problem in problems} == {"language"}


def test_markdown_stays_markdown_around_placeholders():
    template = a_version(
        en_email="## About {{ references }}\n\n**{{ debtor.name }}**, *{{ total }}* and a_b_c & <3\n\n1. one\n2. two\n\n> said\n\nend\\\nnext\n"
    )
    result = rendered(compile_version(template, house_style()), inputs(name="*A*"))
    for piece in (
        "<h2>About INV-2041</h2>",
        '<strong>*A*</strong>, <em><span class="amount">$120.50</span></em> and a_b_c &amp; &lt;3',
        "<ol>\n<li>one</li>",
        "<blockquote>\n<p>said</p>",
        "end<br>next",
    ):
        assert piece in result.html
    for piece in ("About INV-2041\n\n*A*, $120.50 and a_b_c & <3", "1. one\n2. two", "end\nnext"):
        assert piece in result.text


@pytest.mark.parametrize(
    "body",
    [
        "Hello",
        "{% if 1 %}\nHello\n{% endif %}",
        "{{ 'Hello' -}}",
        "{#- no -#}",
        "  {%- if 1 %}a{% endif -%}  ",
    ],
)
@pytest.mark.parametrize("layout", ["<p>\n{}\n\n</p>\n", "a {} b", "{}\n{{% if 1 %}}\nEnd\n{{% endif %}}\n"])
def test_pieces_of_a_layout_read_as_jinja_reads_them_in_one(body, layout):
    env, (before, after) = environment(html=False), layout.split("{}")
    pieces = [(before, False), (body, True), (after.format(), False)]
    apart = "".join(env.from_string(source).render() for source, _ in compile_text._parted(pieces))
    assert apart == env.from_string(layout.format(body)).render()


def test_a_layout_whose_condition_holds_the_body_compiles_whole():
    house = house_style()
    layout = "{% if debtor.name %}\n{{ body }}\n{% endif %}\n{{ identity }}\n"
    house = replace(house, layouts={**house.layouts, "email.txt": layout}, digest="conditional")
    compiled = compile_version(a_version(en_email="Hello. " + BODY), house)
    (text,) = compiled.texts.values()
    assert len(text.parts["text"].pieces) == 1
    assert "Hello." in rendered(compiled, inputs()).text
