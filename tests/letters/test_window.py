"""What shows through the envelope's window: name and address, whole, and nothing else."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dispatcher.writing.letters import LetterPdf, LetterProblem, render_letter, window_text
from dispatcher.writing.letters.layout import shipped_layout
from dispatcher.writing.letters.paper import A4, LETTER
from dispatcher.writing.letters.pictures import letter_pages_as_png
from tests.letters.builders import MESSAGE_ID, a_debtor, a_letter, a_sender, some_debts, some_inputs

SIZES = {"A4": A4, "Letter": LETTER}


def rendered(paper="A4", sender=None, layout=None, **debtor) -> LetterPdf | LetterProblem:
    inputs = some_inputs(sender=sender or a_sender(page_size=paper), debtor=a_debtor(**debtor))
    return render_letter(a_letter(inputs), inputs, message_id=MESSAGE_ID, layout=layout)


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_window_shows_name_and_address_only(paper):
    assert window_text(rendered(paper).pdf) == "Ana Gómez Ruiz\n22 Park Row\nFlat 3\nLeeds\nLS1 4AP"


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_no_ink_but_the_address_lies_behind_the_window(paper):
    window, address = SIZES[paper].window, SIZES[paper].address
    page = Image.open(io.BytesIO(letter_pages_as_png(rendered(paper).pdf, 127)[0])).convert("L")
    outside = page.crop(_pixels(window))
    inside = (address.left - window.left, address.top - window.top)
    outside.paste(255, _pixels_of(*inside, address.width, address.height))
    darkest, _ = outside.getextrema()
    assert darkest > 200  # the address's first column of pixels is softened into the next one


def test_the_country_stands_last_in_capitals_when_the_letter_leaves_the_sender_s():
    abroad = rendered(country="DE", postal_code="10117", city="Berlin", address_lines=("Unter den Linden 5",))
    assert window_text(abroad.pdf) == "Ana Gómez Ruiz\nUnter den Linden 5\n10117 Berlin\nGERMANY"


def test_long_lines_wrap_between_words_and_the_type_shrinks_before_the_letter_is_held():
    name = "Doña María de las Mercedes Fernández-Villaverde y Gómez de la Serna"
    letter = rendered(
        name=name, address_lines=("Urbanización Los Almendros de la Sierra Norte", "Escalera B", "Planta 14")
    )
    assert window_text(letter.pdf).replace("\n", " ").startswith(f"{name} Urbanización")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ({"name": " \u200b "}, "the debtor's name is empty"),
        ({"address_lines": ()}, "no line of street"),
        ({"city": ""}, "the city is empty"),
        ({"postal_code": ""}, "need a postal code"),
        (
            {"address_lines": tuple(f"Line {n}" for n in range(9))},
            "does not fit the envelope's window (12 lines",
        ),
        ({"address_lines": ("W" * 80,)}, "does not fit the envelope's window"),
    ],
)
def test_an_address_that_cannot_be_printed_holds_the_letter_and_says_why(address, says):
    problem = rendered(**address)
    assert isinstance(problem, LetterProblem)
    assert problem.rule == "postal-address"
    assert says in problem.message
    assert problem.message.endswith(".")


def test_a_layout_that_prints_something_else_behind_the_window_holds_every_letter():
    shipped = shipped_layout()
    careless = replace(shipped, css=shipped.css + ".return-line { margin-top: 12mm; }")
    problem = rendered(layout=careless)
    assert isinstance(problem, LetterProblem)
    assert problem.rule == "envelope-window"
    assert "14 Mill Lane" in problem.message


def test_the_return_address_stands_on_one_line_above_the_window():
    sender = a_sender(
        address_lines=("100 Example Street",),
        city="New York",
        region="NY",
        postal_code="10001",
        country="US",
        page_size="Letter",
    )
    letter = rendered("Letter", sender=sender)
    assert "Acme Home Supplies · 100 Example Street · New York NY 10001" in letter.text
    assert "Example Street" not in window_text(letter.pdf)


def test_a_return_address_too_long_for_its_place_holds_the_letter():
    problem = rendered(sender=a_sender(address_lines=("A very long way of saying where we are",) * 12))
    assert isinstance(problem, LetterProblem)
    assert problem.rule == "envelope-window"


@given(
    name=st.text(alphabet="abc ÑéŁ'.-,&<>{}", min_size=1, max_size=90).filter(
        lambda text: any(map(str.isalpha, text))
    ),
    lines=st.lists(st.text(alphabet="WiIm 0123", min_size=1, max_size=70), min_size=1, max_size=6),
    paper=st.sampled_from(["A4", "Letter"]),
)
def test_any_address_is_either_printed_whole_or_held(name, lines, paper):
    result = rendered(paper, name=name, address_lines=tuple(lines))
    if isinstance(result, LetterPdf):
        assert result.pages == 1
        assert "".join(window_text(result.pdf).split()).startswith("".join(name.split()))
    else:
        assert result.rule == "postal-address"


def test_a_word_wider_than_the_page_does_not_shrink_the_letter():
    debt = some_debts()[0]
    wide = "R" * 120
    inputs = some_inputs(
        debts=(type(debt)(**{**_fields(debt), "reference": wide}),),
        payment_url="https://p.example/" + "7" * 500,
    )
    result = render_letter(a_letter(inputs), inputs, message_id=MESSAGE_ID)
    assert isinstance(result, LetterPdf), result


def _fields(debt):
    return {name: getattr(debt, name) for name in debt.__dataclass_fields__}


def _pixels(box):
    return _pixels_of(box.left, box.top, box.width, box.height)


def _pixels_of(left, top, width, height):
    return tuple(
        round(mm * 5) for mm in (left, top, left + width, top + height)
    )  # 127 dpi: 5 pixels a millimetre
