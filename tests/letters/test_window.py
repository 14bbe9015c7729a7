"""What shows through the envelope's window: name and address, whole, and nothing else."""

import io
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dispatcher.writing.letters.layout import shipped_layout
from dispatcher.writing.letters.letter import LetterPdf, LetterProblem, render_letter
from dispatcher.writing.letters.paper import A4, A4_RIGHT, LETTER, Box, paper_for
from dispatcher.writing.letters.pictures import letter_pages_as_png
from dispatcher.writing.letters.reading import read_letter
from tests.letters.builders import MESSAGE_ID, a_debtor, a_letter, a_sender, some_debts, some_inputs
from tests.letters.reading import line_box

SIZES = {"A4": A4, "right": A4_RIGHT, "Letter": LETTER}
RETURNS = "Acme Home Supplies · 14 Mill Lane · London · SW1A 1AA"
ADDRESS = "Ana Gómez Ruiz\n22 Park Row\nFlat 3\nLeeds\nLS1 4AP"
# Where the standards put the window, in millimetres from the sheet's upper left: left, top, right, bottom.
FIELDS = {
    "A4": (20, 45, 105, 90),  # DIN 5008 form B: 85 by 45 mm
    "right": (112, 35, 202, 80),  # SN 010130 on the right, in C5/6
    "Letter": (22.2, 51.8, 136.5, 80.4),  # US #10, sheet at the envelope's foot
}


_SHEETS = {
    "A4": {"page_size": "A4"},
    "right": {"page_size": "A4", "window": "right"},
    "Letter": {"page_size": "Letter"},
}

_IN_NEW_YORK = {
    "country": "US",
    "region": "NY",
    "postal_code": "10038",
    "city": "New York",
    "address_lines": ("22 Park Row",),
}


def rendered(paper="A4", sender=None, layout=None, **debtor) -> LetterPdf | LetterProblem:
    sender = sender or a_sender(**_SHEETS[paper])
    inputs = some_inputs(sender=sender, debtor=a_debtor(**debtor))
    return render_letter(a_letter(inputs), inputs, message_id=MESSAGE_ID, layout=layout)


@pytest.mark.parametrize("paper", SIZES)
def test_the_window_shows_the_sender_s_address_and_name_and_address_only(paper):
    assert read_letter(rendered(paper).pdf).window == f"{RETURNS}\n{ADDRESS}"


@pytest.mark.parametrize("paper", SIZES)
def test_both_addresses_lie_in_the_standard_s_field_the_sender_s_above(paper):
    pdf = rendered(paper, **(_IN_NEW_YORK if paper == "Letter" else {})).pdf
    lines = [line_box(pdf, line) for line in read_letter(pdf).window.split("\n")]
    left, top, right, bottom = FIELDS[paper]
    assert all(left < x0 and top < y0 and x1 < right and y1 < bottom for x0, y0, x1, y1 in lines)
    assert all(above[3] < below[1] for above, below in itertools.pairwise(lines))
    assert max(line[0] for line in lines) - min(line[0] for line in lines) < 0.5  # one left edge


@pytest.mark.parametrize("paper", SIZES)
def test_no_ink_but_the_addresses_lies_behind_the_window(paper):
    window, address = SIZES[paper].window, both(SIZES[paper])
    page = Image.open(io.BytesIO(letter_pages_as_png(rendered(paper).pdf, 127)[0])).convert("L")
    outside = page.crop(_pixels(window))
    inside = (address.left - window.left, address.top - window.top)
    outside.paste(255, _pixels_of(*inside, address.width, address.height))
    darkest, _ = outside.getextrema()
    assert darkest > 200  # the address's first column of pixels is softened into the next one


def test_the_country_stands_last_in_capitals_when_the_letter_leaves_the_sender_s():
    abroad = rendered(country="DE", postal_code="10117", city="Berlin", address_lines=("Unter den Linden 5",))
    assert (
        read_letter(abroad.pdf).window
        == f"{RETURNS}\nAna Gómez Ruiz\nUnter den Linden 5\n10117 Berlin\nGERMANY"
    )


def test_long_lines_wrap_between_words_and_the_type_shrinks_before_the_letter_is_held():
    name = "Doña María de las Mercedes Fernández-Villaverde y Gómez de la Serna"
    letter = rendered(
        name=name, address_lines=("Urbanización Los Almendros de la Sierra Norte", "Escalera B", "Planta 14")
    )
    assert read_letter(letter.pdf).window.replace("\n", " ").startswith(f"{RETURNS} {name} Urbanización")


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


@pytest.mark.parametrize(
    ("country", "window", "page_size", "expected"),
    [
        ("CH", "", "A4", A4_RIGHT),
        ("LI", "", "", A4_RIGHT),
        ("CH", "left", "A4", A4),
        ("DE", "right", "A4", A4_RIGHT),
        ("DE", "", "A4", A4),
        ("CH", "right", "Letter", LETTER),  # whose envelopes have none on the right
    ],
)
def test_a_swiss_sender_s_window_is_on_the_right_unless_it_says_otherwise(
    country, window, page_size, expected
):
    sender = a_sender(country=country, window=window, page_size=page_size)
    assert paper_for(sender, "DE") is expected


def test_a_layout_that_prints_something_else_behind_the_window_holds_every_letter():
    shipped = shipped_layout()
    careless = replace(shipped, css=shipped.css + ".sender { padding-top: 26mm; }")
    problem = rendered(layout=careless)
    assert isinstance(problem, LetterProblem)
    assert problem.rule == "envelope-window"
    assert "Acme Home Supplies Acme Home Supplies" in problem.message


@pytest.mark.parametrize("paper", SIZES)
def test_a_long_address_of_the_sender_shrinks_and_then_takes_two_lines(paper):
    lines = ("Suite 1204, The Old Exchange Building", "100 Example Street")
    one = rendered(paper, sender=a_sender(address_lines=lines[:1], **_SHEETS[paper]))
    two = rendered(paper, sender=a_sender(address_lines=(*lines, "Riverside Quarter"), **_SHEETS[paper]))
    assert read_letter(one.pdf).window.split("\n")[1] == "Ana Gómez Ruiz"
    assert read_letter(two.pdf).window.split("\n")[2] == "Ana Gómez Ruiz"


def test_an_address_of_the_sender_that_does_not_fit_holds_the_letter_and_names_the_sender():
    problem = rendered(sender=a_sender(address_lines=("A very long way of saying where we are",) * 12))
    assert isinstance(problem, LetterProblem)
    assert problem.rule == "envelope-window"
    assert "The address of the sender acme does not fit" in problem.message


@given(
    name=st.text(alphabet="abc ÑéŁ'.-,&<>{}", min_size=1, max_size=90).filter(
        lambda text: any(map(str.isalpha, text))
    ),
    lines=st.lists(st.text(alphabet="WiIm 0123", min_size=1, max_size=70), min_size=1, max_size=6),
    paper=st.sampled_from(sorted(SIZES)),
)
def test_any_address_is_either_printed_whole_or_held(name, lines, paper):
    result = rendered(paper, name=name, address_lines=tuple(lines))
    if isinstance(result, LetterPdf):
        assert result.pages == 1
        shown = read_letter(result.pdf).window.removeprefix(RETURNS)
        assert "".join(shown.split()).startswith("".join(name.split()))
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


def both(paper):
    """The room of both addresses."""
    top = paper.returns.top
    return Box(left=paper.address.left, top=top, width=paper.address.width, height=paper.address.bottom - top)


def _pixels(box):
    return _pixels_of(box.left, box.top, box.width, box.height)


def _pixels_of(left, top, width, height):
    return tuple(
        round(mm * 5) for mm in (left, top, left + width, top + height)
    )  # 127 dpi: 5 pixels a millimetre
