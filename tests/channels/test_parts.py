"""The quick reader of finished e-mail agrees with the standard library."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import parts as parts_module
from channels.email.parts import Parts, Picture, read_parts
from dispatcher.values.logo import Logo, encoded
from dispatcher.writing.mime import Email, email_bytes
from tests.channels.conftest import MIME, NOW

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00")
)
ENCODINGS = st.sampled_from(["quoted-printable", "base64", "8bit", "7bit"])


def _message(text: str, html: str, encoding: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = "Ana, a message from Acme"
    cte = encoding if encoding != "7bit" or (text + html).isascii() else "8bit"
    message.set_content(text, cte=cte)
    message.add_alternative(html, subtype="html", cte=cte)
    return message.as_bytes()


@given(text=TEXTS, html=TEXTS, encoding=ENCODINGS)
def test_parts_are_what_the_standard_library_reads(text: str, html: str, encoding: str):
    mime = _message(text, html, encoding)
    read = message_from_bytes(mime, policy=policy.default)
    plain, rich = read.get_body(("plain",)), read.get_body(("html",))
    assert plain
    assert rich
    quick = parts_module._read_alternative(mime)
    wanted = Parts(
        text=plain.get_content().replace("\r\n", "\n"),
        html=rich.get_content().replace("\r\n", "\n"),
    )
    assert quick == wanted


def test_parts_of_our_own_shape_are_read():
    assert read_parts(MIME) == Parts(
        text="Hello Zoë,\n.a line that begins with a dot, and a long line\n", html="<p>Hello Zoë</p>"
    )


def test_parts_of_a_single_text_are_read():
    message = EmailMessage(policy=policy.SMTP)
    message.set_content("only text, é\n")
    assert read_parts(message.as_bytes()) == Parts(text="only text, é\n", html="")


def test_parts_beside_an_attachment_are_read():
    message = EmailMessage(policy=policy.SMTP)
    message.set_content("text\n")
    message.add_alternative("<p>html</p>\n", subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="a.pdf")
    assert read_parts(message.as_bytes()) == Parts(text="text\n", html="<p>html</p>\n")


@pytest.mark.parametrize(
    "mime", [b"", b"\r\n\r\n", b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n"]
)
def test_parts_of_nonsense_do_not_raise(mime: bytes):
    assert isinstance(read_parts(mime), Parts)


LOGO = Logo(sha256="ab" * 32, media_type="image/png", width=1, height=1, encoded=encoded(b"\x89PNG" * 40))


@given(text=TEXTS, html=TEXTS, logo=st.sampled_from([None, LOGO]))
def test_parts_of_a_rendered_email_are_what_was_rendered(text: str, html: str, logo: Logo | None):
    mime = email_bytes(
        Email(
            message_id="m-1",
            to="zoe@debtors.example",
            to_name="Zoë",
            sender="letters@acme.example",
            sender_name="Acme",
            reply_to="answers@acme.example",
            subject="Ana, a message from Acme",
            text=text,
            html=html,
            language="en",
            sent_at=NOW,
            logo=logo,
        )
    )
    picture = Picture(
        content_id=LOGO.content_id, media_type="image/png", base64="".join(LOGO.encoded.split())
    )
    pictures = (picture,) if logo else ()
    assert parts_module._read_alternative(mime) == Parts(text=text, html=html, pictures=pictures)
