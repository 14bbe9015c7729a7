"""Both engines print the same letter, fetch nothing and know no fonts but ours."""

import http.server
import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest
import zxingcpp
from PIL import Image

from dispatcher.values.bank_account import BankAccount
from dispatcher.writing.letters.letter import LetterPdf, render_letter
from dispatcher.writing.letters.pictures import letter_pages_as_png
from dispatcher.writing.letters.reading import read_letter
from tests.letters.builders import MESSAGE_ID, a_debtor, a_letter, a_sender, some_debts, some_inputs
from tests.letters.reading import char_positions, fonts_of, page_texts


def plutoprint_engine():
    return pytest.importorskip(
        "dispatcher.writing.letters.plutoprint_engine", exc_type=ImportError
    ).PlutoprintEngine()


def weasyprint_engine():
    try:
        from dispatcher.writing.letters.weasyprint_engine import WeasyprintEngine
    except (ImportError, OSError) as reason:
        pytest.skip(f"WeasyPrint cannot run here: {reason}")
    return WeasyprintEngine()


@pytest.fixture(params=[plutoprint_engine, weasyprint_engine], ids=["plutoprint", "weasyprint"])
def engine(request):
    return request.param()


@pytest.fixture
def watched():
    """A loopback server that only notes who asks it."""
    asked = []

    class Note(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Note)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def printed(engine, letter=None, **changes) -> LetterPdf:
    inputs = some_inputs(**changes)
    result = render_letter(letter or a_letter(inputs), inputs, message_id=MESSAGE_ID, engine=engine)
    assert isinstance(result, LetterPdf), result
    return result


def test_a_letter_fetches_nothing_from_anywhere(engine, watched, tmp_path):
    url, asked = watched
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">SECRET-WORDS</text></svg>')
    body = (
        f'<p>Dear Ana,</p><img src="{url}/a.png"><img src="file://{secret}"><object data="file://{secret}"></object>'
        f'<link rel="stylesheet" href="{url}/b.css"><style>@import "{url}/c.css"; p {{ background: url({url}/d.png) }}</style>'
    )
    letter = printed(engine, letter=a_letter(body_html=body))
    assert asked == []
    assert "SECRET" not in letter.text
    assert "Dear Ana" in letter.text


def test_the_same_letter_has_the_same_bytes(engine):
    assert printed(engine).pdf == printed(engine).pdf


def test_the_same_letter_has_the_same_bytes_whatever_the_hour(engine, monkeypatch):
    letters = set()
    for second in ("1700000000", "1800000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", second)  # what the libraries take for the hour
        letters.add(printed(engine).pdf)
    assert len(letters) == 1


def test_each_engine_prints_the_window_the_code_and_the_running_lines(engine):
    letter = printed(engine, debts=some_debts(75))
    pages = page_texts(letter.pdf)
    last = Image.open(io.BytesIO(letter_pages_as_png(letter.pdf, 200)[-1]))
    assert read_letter(letter.pdf).window.split("\n")[1] == "Ana Gómez Ruiz"
    assert [code.text for code in zxingcpp.read_barcodes(last)] == ["https://pay.acme.example/INV-2026-0001"]
    assert ["continued" in page for page in pages] == [False, True, True]


def tags_of(node):
    """The structure tree's elements in reading order, each with its dictionary."""
    node = node.get_object()
    if isinstance(node, list):
        return [tag for each in node for tag in tags_of(each)]
    if not isinstance(node, dict):
        return []
    own = [(str(node["/S"]), node)] if "/S" in node else []
    return own + (tags_of(node["/K"]) if "/K" in node else [])


def test_a_senders_tagged_letters_say_to_a_screen_reader_what_stands_where():
    weasyprint_engine()
    account = BankAccount(holder="Robert Schneider AG", iban="CH5800791123000889012", street="Rue du Lac 1268", postal_code="2501", city="Biel", country="CH")  # fmt: skip
    sender = a_sender(tagged_letters=True, bank={"CHF": account})
    for currency, figures in (
        ("GBP", 1),
        ("CHF", 3),
    ):  # the code; on the Swiss slip scissors and cross besides
        letter = printed(None, sender=sender, debts=some_debts(3, currency))
        document = pypdf.PdfReader(io.BytesIO(letter.pdf))
        root = document.trailer["/Root"]
        assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
        assert document.metadata.title == "Your account with Acme"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert "pdfuaid:part" in root["/Metadata"].get_object().get_data().decode()
        tags = tags_of(root["/StructTreeRoot"])
        kinds = [kind for kind, _ in tags]
        assert (
            kinds.index("/H1")
            < kinds.index("/P")
            < kinds.index("/Table")
            < kinds.index("/Caption")
            < kinds.index("/H2")
        )
        assert kinds.count("/TH") >= 3
        cells = [tag["/A"]["/Headers"] for kind, tag in tags if kind == "/TD"]
        assert cells
        assert all(cells)
        assert [bool(tag.get("/Alt")) for kind, tag in tags if kind == "/Figure"] == [True] * figures


def test_each_engine_uses_our_fonts_and_embeds_them(engine):
    fonts = fonts_of(printed(engine, debtor=a_debtor(name="שרה كاميليا")).pdf)
    assert all(font.embedded for font in fonts)
    families = {font.family.replace("-", "").replace("Bold", "bold") for font in fonts}
    ours = (
        "SourceSansPro",
        "IBMPlexSansArabic",
        "NotoSansHebrew",
        "CairoFont",
    )  # Cairo renames variable fonts
    assert all(family.startswith(ours) for family in families), families


def test_each_engine_keeps_a_right_to_left_name_from_turning_its_neighbours_round(engine):
    letter = printed(engine, debtor=a_debtor(name="שרה (Sarah)"))
    dear, sarah, hebrew = (char_positions(letter.pdf, word)[-1][0] for word in ("Dear", "Sarah", "שרה"))
    assert dear < sarah < hebrew


def test_threads_side_by_side_print_what_one_prints_alone():
    engine = plutoprint_engine()
    names = ["Ana", "محمد علي", "שרה כהן", "Łukasz"] * 5
    alone = [printed(engine, debtor=a_debtor(name=name)).pdf for name in names]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: printed(engine, debtor=a_debtor(name=name)).pdf, names))
    assert together == alone


def test_programs_started_later_still_find_their_own_fonts():
    program = (
        "import os, subprocess, sys\n"
        "from tests.letters.builders import MESSAGE_ID, a_letter, some_inputs\n"
        "from dispatcher.writing.letters.letter import render_letter\n"
        "render_letter(a_letter(), some_inputs(), message_id=MESSAGE_ID)\n"
        "print(subprocess.run(['printenv', 'FONTCONFIG_PATH'], capture_output=True, text=True).stdout.strip())\n"
    )
    environment = {**os.environ, "FONTCONFIG_PATH": "/etc/fonts"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "/etc/fonts"


NAMES = {
    "王小明": "Noto-Sans-SC",
    "김철수": "Noto-Sans-KR",
    "राजेश कुमार": "Noto-Sans-Devanagari",
    "สมชาย ใจดี": "Noto-Sans-Thai",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_of_these_scripts_is_printed_with_a_font_read_for_that_letter_alone(engine, name):
    inputs = some_inputs(debtor=a_debtor(name=name))
    result = render_letter(a_letter(inputs), inputs, message_id=MESSAGE_ID, engine=engine)
    assert isinstance(result, LetterPdf), result
    families = {font.family.replace("-", "") for font in fonts_of(result.pdf) if font.embedded}
    assert any(family.startswith(NAMES[name].replace("-", "")) for family in families), families
    ordinary = some_inputs()
    plain = render_letter(a_letter(ordinary), ordinary, message_id=MESSAGE_ID, engine=engine)
    assert not [font for font in fonts_of(plain.pdf) if font.family.replace("-", "").startswith("NotoSans")]
