"""The parts a letter is made of: fonts, papers, words, the catalogue, pictures."""

import io
from pathlib import Path

import pypdf
import pytest
from PIL import Image

from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.writing.letters.catalogue import with_language
from dispatcher.writing.letters.fonts import all_faces, faces_on_demand, text_width, uncovered
from dispatcher.writing.letters.letter import LetterPdf, render_letter
from dispatcher.writing.letters.page_rules import css_string
from dispatcher.writing.letters.paper import A4, A4_RIGHT, LETTER, paper_for
from dispatcher.writing.letters.pictures import letter_pages_as_png
from dispatcher.writing.letters.reading import read_letter
from tests.letters.builders import MESSAGE_ID, PAGE_WORDS, a_letter, a_sender, some_inputs
from tests.shared import ROOT


@pytest.mark.parametrize(
    "text",
    [
        "¿Ñandú, pingüino, corazón? «Sí» – 1.234,56 €",
        "Łódź, Őrség, Žďár, İstanbul, Þór, Straße",
        "Ωμέγα Щукин Їжак",
        "محمد كاميليا پیمان ٣٤٥",
        "שרה כהן",
        "£ $ € ₹ ₽ ₪ · … “quoted” ‘so’ — –",
        "王小明 臺灣 渡邊 さくら アキラ",
        "김철수 박영희",
        "राजेश कुमार",
        "สมชาย ใจดี",
        "★ ☆ ♥ ● ☎ →",
        "zero\u200dwidth \u2068isolates\u2069 soft\u00adhyphen variation\ufe0f\tand\nlines",
    ],
)
def test_the_fonts_cover_what_debtors_are_called_here(text):
    assert uncovered(text) == ()


def test_uncovered_characters_are_named_once_and_in_order():
    assert uncovered("🙂 王 Ana 𐎀🙂") == ("🙂", "𐎀")


def test_further_fonts_are_wanted_for_what_the_others_lack_and_for_nothing_else():
    def wanted(text):
        return [face.family for face in faces_on_demand(text)]

    assert wanted("Łódź, Щукин, محمد, שרה") == []
    assert wanted("김철수") == ["Noto Sans KR"]
    assert wanted("राजेश สมชาย 伟") == ["Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans SC"]


def test_every_font_file_is_there():
    assert all(face.path.is_file() for face in all_faces())


def test_a_line_s_width_grows_with_its_letters_and_its_size():
    assert text_width("", 10) == 0
    assert text_width("iiii", 10) < text_width("WWWW", 10) == pytest.approx(text_width("WWWW", 5) * 2)


@pytest.mark.parametrize(
    ("page_size", "country", "paper"),
    [
        ("A4", "US", A4),
        ("letter", "ES", LETTER),
        ("", "MX", LETTER),
        ("", "es", A4),
        ("auto", "CA", LETTER),
        ("", "", A4),
    ],
)
def test_paper_follows_the_sender_and_else_the_country(page_size, country, paper):
    assert paper_for(a_sender(page_size=page_size), country) is paper


@pytest.mark.parametrize("paper", [A4, A4_RIGHT, LETTER], ids=["A4", "right", "Letter"])
def test_the_addresses_lie_inside_the_window_and_the_text_below_it(paper):
    window, returns, address = paper.window, paper.returns, paper.address
    assert window.left <= address.left < address.right <= window.right
    assert window.top <= address.top < address.bottom <= window.bottom
    assert window.top < returns.top < returns.bottom < address.top
    assert (returns.left, returns.width) == (address.left, address.width)
    assert window.bottom < paper.body_top


def written(folder: Path, text: str, language: str = "sv") -> Path:
    """A folder with the words of one language."""
    (folder / f"{language}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_region_s_words_go_over_its_language_s(tmp_path):
    shipped = (ROOT / "config" / "letters" / "es.yaml").read_text(encoding="utf-8")
    words = load_letter_words(
        written(tmp_path, shipped + "regions:\n  MX: {pay_heading: Formas de pago}\n", "es")
    )
    assert words["es-MX"].pay_heading == "Formas de pago"
    assert words["es-MX"].pay_to == words["es"].pay_to
    assert words["es"].pay_heading == PAGE_WORDS["es"].pay_heading


def test_a_word_that_is_missing_or_leaves_no_room_is_named_with_its_line(tmp_path):
    shipped = (ROOT / "config" / "letters" / "en.yaml").read_text(encoding="utf-8")
    swedish = shipped.replace("language: en", "language: sv")
    with pytest.raises(ConfigError, match=r"sv\.yaml:3: words: 'pay_to' is a required property"):
        load_letter_words(written(tmp_path, swedish.replace("  pay_to: Pay to\n", "")))
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ConfigError, match=r"sv\.yaml:6: words\.page: its places in braces must be these"):
        load_letter_words(written(other, swedish.replace("{pages}", "many")))


def test_a_css_string_cannot_be_left():
    assert (
        css_string('a"; } </style>\n')
        == '"a\\000022\\00003b\\000020\\00007d\\000020\\00003c\\00002fstyle\\00003e\\00000a"'
    )


def a_pdf() -> bytes:
    letter = render_letter(a_letter(), some_inputs(), message_id=MESSAGE_ID)
    assert isinstance(letter, LetterPdf)
    return letter.pdf


def test_the_language_is_added_behind_the_untouched_first_bytes():
    pdf = a_pdf()
    twice = with_language(pdf, "es-MX")
    assert twice.startswith(pdf)
    reader = pypdf.PdfReader(io.BytesIO(twice), strict=True)
    assert reader.root_object["/Lang"] == "es-MX"
    assert reader.metadata.title == "Your account with Acme"
    assert read_letter(twice) == read_letter(pdf)


def test_bytes_that_are_no_pdf_are_refused_with_a_sentence():
    with pytest.raises(ValueError, match="these 5 bytes are not a PDF"):
        read_letter(b"hello")


def test_pictures_show_each_page_and_on_demand_the_window():
    pdf = a_pdf()
    plain, outlined = (
        Image.open(io.BytesIO(letter_pages_as_png(pdf, 100, show_window=wanted)[0]))
        for wanted in (False, True)
    )
    assert plain.size == outlined.size == (827, 1170)
    left, top = (round(mm / 25.4 * 100) for mm in (A4.window.left, (A4.window.top + A4.window.bottom) / 2))
    assert plain.getpixel((left, top)) == (255, 255, 255)
    assert outlined.getpixel((left, top)) != (255, 255, 255)
