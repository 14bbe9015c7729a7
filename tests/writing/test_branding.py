"""A sender's logo, colour and one button: checked when they are read, and in every e-mail as its parts say."""

import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from PIL import Image

from channels.email.parts import read_parts
from channels.kind import ChannelKind
from dispatcher.messages.storage import contents
from dispatcher.rulebook.logos import HEAVIEST, LogoError, read_logo
from dispatcher.rulebook.senders import load_senders
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.values.colour import DARK, READABLE, WHITE, contrast, nearest_readable
from dispatcher.web.operators.messages import html_of
from dispatcher.writing.mime import read_email
from tests.writing.desk import NOW, ROOT, a_debt, inputs, rendered, shipped


def a_picture(path, size=(400, 120), form="PNG"):
    Image.new("RGB", size, "#0a5c8c").save(path, form)
    return path


@pytest.fixture
def logo(tmp_path):
    return read_logo(a_picture(tmp_path / "logo.png"))


def an_email(logo=None, **more):
    sender = {"logo": logo, "colour": "#0a5c8c", "colour_dark": "#4aa3df"} if logo else {}
    return rendered(shipped("first-reminder"), inputs(ChannelKind.EMAIL, sender=sender, **more))


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", WHITE) == 21
    assert round(contrast("#767676", WHITE), 2) == 4.54  # the lightest grey that passes on white
    assert round(contrast("#777777", WHITE), 2) == 4.48


@pytest.mark.parametrize("on", [WHITE, DARK])
@pytest.mark.parametrize("colour", ["#ffd400", "#00a0ff", "#808080", "#ffffff", "#000000", "#0a5c8c"])
def test_the_nearest_readable_colour_is_readable_and_is_the_colour_itself_where_that_is(colour, on):
    found = nearest_readable(colour, on)
    assert contrast(found, on) >= READABLE
    assert (found == colour) == (contrast(colour, on) >= READABLE)


def senders_with(tmp_path, lines):
    text = (ROOT / "config/senders.yaml").read_text(encoding="utf-8")
    path = tmp_path / "senders.yaml"
    path.write_text(
        text.replace("    page_size: Letter\n", f"    page_size: Letter\n{lines}", 1), encoding="utf-8"
    )
    return path


def test_a_sender_has_a_logo_beside_its_file_and_a_colour_for_dark_screens_too(tmp_path):
    a_picture(tmp_path / "acme.png")
    acme = load_senders(senders_with(tmp_path, '    logo: acme.png\n    colour: "#0A5C8C"\n'))["acme"]
    assert (acme.logo.media_type, acme.logo.width, acme.logo.height) == ("image/png", 160, 48)
    assert acme.logo.file == (tmp_path / "acme.png").read_bytes()
    assert contrast(acme.colour, WHITE) >= READABLE
    assert contrast(acme.colour_dark, DARK) >= READABLE


def test_a_colour_in_which_words_cannot_be_read_is_refused_with_the_nearest_that_can(tmp_path):
    with pytest.raises(
        ConfigError, match=r"colour: #ffd400 on white has a contrast of 1\.4.*#\w{6} is the nearest"
    ):
        load_senders(senders_with(tmp_path, '    colour: "#ffd400"\n'))
    path = senders_with(tmp_path, '    colour: "#0a5c8c"\n    colour_dark: "#0a5c8c"\n')
    with pytest.raises(ConfigError, match="colour_dark: #0a5c8c on a dark screen"):
        load_senders(path)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (
            lambda path: path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>"),
            "cannot be read as a picture",
        ),
        (lambda path: a_picture(path, form="WEBP"), "WEBP: mail programs show PNG and JPEG"),
        (lambda path: Image.effect_noise((600, 600), 90).save(path, "PNG"), f"{HEAVIEST:,} are the limit"),
        (lambda path: a_picture(path, size=(1300, 20)), "1300 by 20 pixels"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40), "picture"),
        (lambda _: None, "No such file"),
    ],
)
def test_a_file_that_mail_programs_would_not_show_is_no_logo(tmp_path, make, why):
    make(tmp_path / "logo.png")
    with pytest.raises(LogoError, match=re.escape(why)):
        read_logo(tmp_path / "logo.png")


def test_an_email_carries_its_senders_logo_where_its_html_looks_for_it(logo):
    made = an_email(logo)
    assert made.findings == ()
    mail = message_from_bytes(made.body, policy=policy.default)
    assert mail.defects == []
    alternative, picture = mail.iter_parts()
    assert [part.get_content_type() for part in (mail, alternative, picture)] == [
        "multipart/related", "multipart/alternative", "image/png",
    ]  # fmt: skip
    assert picture.get_content() == logo.file
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in made.html
    assert max(map(len, made.body.split(b"\r\n"))) <= 78
    assert read_email(made.body) == {
        "subject": made.subject, "preheader": made.preheader, "text": made.text, "html": made.html,
    }  # fmt: skip
    parts = read_parts(made.body)
    assert (parts.text, parts.html) == (made.text, made.html)
    assert [each.content_id for each in parts.pictures] == [logo.content_id]
    assert "cid:" not in html_of(made.body).decode()  # our own pages show it
    with pytest.raises(ValueError, match="its logo is cut off"):
        read_email(made.body[:-30])


def test_a_logo_is_kept_once_for_all_emails_that_carry_it_and_each_is_given_back_byte_for_byte(
    sqlite_database, logo
):
    made = [an_email(logo, debts=(replace(a_debt(), reference=f"INV-{number}"),)) for number in range(3)]
    kept = [contents.Content.of(each.body, each.media_type, each.text, logo) for each in made]
    with sqlite_database.writing() as connection:
        contents.keep(connection, kept[:2], now=NOW)
        contents.keep(connection, kept, now=NOW)
    with sqlite_database.reading() as connection:
        back = contents.bodies(connection, {each.sha256 for each in kept} | {logo.sha256})
        sizes = connection.exec_driver_sql("SELECT encoding, length(body) FROM contents ORDER BY id").all()
    assert back == {each.sha256: each.body for each in kept} | {logo.sha256: logo.file}
    assert [encoding for encoding, _ in sizes] == ["identity", "less-logo", "less-logo", "less-logo"]


def test_the_first_way_to_pay_is_the_one_button():
    made = an_email()
    assert made.html.count('class="button"') == 1
    assert re.search(r'<a href="https://pay\.[^"]*" class="button">', made.html)


def test_an_email_that_mail_programs_would_cut_off_is_held():
    debts = tuple(replace(a_debt(), reference=f"INV-{number:06}" + "x" * 200) for number in range(400))
    made = an_email(debts=debts)
    assert "email-weight" in {finding.rule for finding in made.findings}
    assert "email-weight" not in {finding.rule for finding in an_email(debts=debts[:40]).findings}
