"""A letter as the print house, the post and its reader get it."""

import io
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest
import zxingcpp
from PIL import Image

from dispatcher.writing.letters.letter import LetterPdf, LetterProblem, render_letter
from dispatcher.writing.letters.pictures import letter_pages_as_png
from tests.letters.builders import (
    AS_OF,
    MESSAGE_ID,
    a_debtor,
    a_letter,
    a_sender,
    a_spanish_letter,
    some_debts,
    some_inputs,
)
from tests.letters.reading import char_positions, fonts_of, page_texts, type_size

ROOT = Path(__file__).parents[2]


def printed(letter=None, message_id=MESSAGE_ID, **changes) -> LetterPdf:
    inputs = some_inputs(**changes)
    result = render_letter(letter or a_letter(inputs), inputs, message_id=message_id)
    assert isinstance(result, LetterPdf), result
    return result


def test_a_first_reminder_fits_one_page():
    assert printed().pages == 1


def test_the_same_inputs_give_the_same_bytes_also_in_another_process_and_folder(tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.letters.builders import MESSAGE_ID, a_letter, some_inputs\n"
        "from dispatcher.writing.letters.letter import render_letter\n"
        "inputs = some_inputs()\n"
        "sys.stdout.buffer.write(render_letter(a_letter(inputs), inputs, message_id=MESSAGE_ID).pdf)\n"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=True)
    assert elsewhere.stdout == printed().pdf


def test_another_letter_in_between_changes_nothing():
    before = printed()
    printed(debtor=a_debtor(name="محمد علي"), debts=some_debts(40))
    assert printed().pdf == before.pdf


def test_the_document_names_its_title_language_author_and_the_date_of_the_run():
    reader = pypdf.PdfReader(io.BytesIO(printed(letter=a_spanish_letter()).pdf))
    assert reader.root_object["/Lang"] == "es"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Su cuenta con Acme"
    assert reader.metadata.author == "Acme Home Supplies Ltd"
    assert reader.metadata.creation_date == datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
    assert MESSAGE_ID in reader.metadata["/Keywords"]


def test_every_font_is_embedded_and_comes_from_our_packages():
    fonts = fonts_of(printed(debtor=a_debtor(name="محمد علي")).pdf)
    assert all(font.embedded for font in fonts)
    assert {font.family for font in fonts} == {
        "SourceSansPro-Regular",
        "SourceSansPro-Semibold",
        "IBMPlexSansArabic-Regular",
    }


def test_the_text_reads_in_the_order_of_the_page():
    text = printed().text
    places = [
        text.index(words)
        for words in (
            "14 Mill Lane",
            "22 Park Row",
            "2 March 2026",
            "Your account with Acme",
            "Dear Ana",
            "Kind regards",
            "Payment slip",
            "This message comes from",
            "Page 1 of 1",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "{{ 7*7 }} & Sons",
        "**Ana** [link](https://x.example)",
        'O\'Brien "Bob" Smith',
        '=HYPERLINK("https://x.example")',
        "José Ñuñez Łukasz Őry Ωμέγα Щукин",
    ],
)
def test_a_name_appears_literally_whatever_it_holds(name):
    text = printed(debtor=a_debtor(name=name)).text
    assert text.count(name) == 2  # window and salutation


def test_ligatures_do_not_hide_words_from_a_search():
    reader = pypdf.PdfReader(io.BytesIO(printed().pdf))
    assert "difficult" in reader.pages[0].extract_text()


def test_a_long_table_goes_on_with_heads_and_a_running_line_and_one_total():
    letter = printed(debts=some_debts(75), payment_url="https://pay.acme.example/D-1001")
    pages = page_texts(letter.pdf)
    assert letter.pages == len(pages) == 3
    running = "Acme Home Supplies · Reference D-1001 · continued"
    assert [running in page for page in pages] == [False, True, True]
    assert all("Reference Due date Balance" in page for page in pages)
    assert letter.text.count("Total 30,171.00") == 1
    assert [f"Page {n} of 3" in page for n, page in enumerate(pages, 1)] == [True, True, True]
    assert all(letter.text.count(debt.reference) == 1 for debt in some_debts(75))


def test_how_an_amount_is_made_up_stands_on_one_page():
    rows = "".join(
        f'<table class="amounts breakdown"><caption>How it is made up {n}</caption><tbody>'
        + '<tr><th scope="row">Original amount</th><td class="number">150.00</td></tr>' * 2
        + '</tbody><tfoot><tr><th scope="row">Outcome</th><td class="number">120.50</td></tr></tfoot></table>'
        for n in range(1, 13)
    )
    letter = printed(letter=a_letter(body_html=a_letter().body_html.replace("<p>Kind", f"{rows}<p>Kind")))
    assert letter.pages == 2
    for page in page_texts(letter.pdf):
        assert page.count("How it is made up") == page.count("Outcome") > 0


def test_a_spanish_letter_speaks_spanish_around_its_text_too():
    text = printed(
        letter=a_spanish_letter(),
        debts=some_debts(1, "EUR"),
        debtor=a_debtor(country="ES", postal_code="28013"),
    ).text
    assert "Página 1 de 1" in text
    assert "Datos para el pago" in text
    assert "Saldo al 2 de marzo de 2026 131,81 €" in text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("page_size", "country", "millimetres"),
    [("", "GB", (210, 297)), ("", "US", (216, 279)), ("Letter", "GB", (216, 279)), ("A4", "MX", (210, 297))],
)
def test_the_sender_chooses_the_paper_and_else_the_country(page_size, country, millimetres):
    codes = {"GB": "LS1 4AP", "US": "94103", "MX": "06000"}
    letter = printed(
        sender=a_sender(page_size=page_size), debtor=a_debtor(country=country, postal_code=codes[country])
    )
    box = pypdf.PdfReader(io.BytesIO(letter.pdf)).pages[0].mediabox
    assert (round(float(box.width) / 72 * 25.4), round(float(box.height) / 72 * 25.4)) == millimetres


@pytest.mark.parametrize(
    "url",
    [
        "https://pay.acme.example/INV-2026-0001",
        'https://pay.acme.example/?r="x)\\&amp;<é>',
        "https://p.example/" + "7" * 400,
    ],
)
def test_the_payment_slip_s_code_reads_back_as_the_payment_link(url):
    letter = printed(payment_url=url)
    page = Image.open(io.BytesIO(letter_pages_as_png(letter.pdf, 300)[0]))
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [url]


def test_a_letter_without_payment_link_has_a_slip_without_code():
    letter = printed(payment_url="")
    page = Image.open(io.BytesIO(letter_pages_as_png(letter.pdf, 150)[0]))
    assert zxingcpp.read_barcodes(page) == []
    assert "Quote this reference INV-2026-0001" in letter.text
    assert "Scan the code" not in letter.text


def test_a_letter_without_debts_or_that_confirms_an_opt_out_asks_for_no_payment():
    assert "Payment slip" not in printed(debts=(), kind="notice").text
    assert "Payment slip" not in printed(kind="optout_confirmation").text


def test_a_letter_that_runs_over_by_a_few_lines_is_set_tighter_to_stay_on_one_page():
    def longer(lines: int) -> LetterPdf:
        more = "<p>A paragraph of one line.</p>" * lines
        return printed(letter=a_letter(body_html=a_letter().body_html.replace("<p>Kind", f"{more}<p>Kind")))

    kinds = [(letter.pages, type_size(letter.pdf, "paragraph")) for letter in map(longer, range(1, 20))]
    stages = [(1, 10.0), (1, 9.5), (2, 10.0)]
    assert list(dict.fromkeys(kinds)) == stages


def test_letters_of_a_right_to_left_name_run_from_right_to_left():
    name = "محمد علي"
    places = char_positions(printed(debtor=a_debtor(name=name)).pdf, "محمد")
    assert len(places) == 2  # window and salutation
    assert all(xs == sorted(xs, reverse=True) for xs in places)


def test_a_right_to_left_name_with_latin_letters_does_not_turn_its_neighbours_round():
    letter = printed(debtor=a_debtor(name="שרה (Sarah)"))
    dear, sarah, hebrew = (char_positions(letter.pdf, word)[-1][0] for word in ("Dear", "Sarah", "שרה"))
    assert dear < sarah < hebrew


def test_right_to_left_text_is_extracted_in_its_own_letters():
    text = unicodedata.normalize("NFKC", printed(debtor=a_debtor(name="كاميليا محمد")).text)
    assert "كاميليا محمد" in text


@pytest.mark.parametrize(
    ("name", "named"),
    [("王𐎀", "𐎀 (U+10380)"), ("Ana 🙂", "🙂 (U+1F642)"), ("Mu\ufffdoz", "U+FFFD")],
)
def test_a_name_that_no_font_covers_holds_the_letter_and_names_the_characters(name, named):
    inputs = some_inputs(debtor=a_debtor(name=name))
    problem = render_letter(a_letter(inputs), inputs, message_id=MESSAGE_ID)
    assert isinstance(problem, LetterProblem)
    assert problem.rule == "letter-font"
    assert named in problem.message
    assert "the debtor's name" in problem.message
    assert "choose another channel" in problem.message


def test_a_language_without_words_for_the_page_holds_the_letter_and_says_where_to_add_them():
    inputs = some_inputs()
    problem = render_letter(a_letter(inputs, language="sv-SE"), inputs, message_id=MESSAGE_ID)
    assert problem == LetterProblem(
        rule="letter-layout",
        message="Nobody has written yet what the page around a letter says in Swedish (Sweden): add it to the words of"
        " letters in the configuration.",
    )
