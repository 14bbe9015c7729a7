from binascii import a2b_qp, b2a_qp
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.writing.mime import AddressError, Email, email_bytes, quoted_printable, read_email

AT = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=400,
)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)


def an_email(**more):
    fields = {
        "message_id": "0193-abc",
        "to": "ana@debtor.example",
        "to_name": "Ana Pérez",
        "sender": "hello@acme.example",
        "sender_name": 'Acme "Home", Inc.',
        "reply_to": "replies@acme.example",
        "subject": "Ana Pérez, un mensaje de Acme",
        "text": "Hola, Ana:\n\nuna línea.\n",
        "html": "<p>Hola, Ana:</p>\n",
        "language": "es",
        "sent_at": AT,
        "unsubscribe_url": "https://acme.example/u/x?y=1&z=2",
    }
    return Email(**{**fields, **more})


def parsed(email):
    return message_from_bytes(email_bytes(email), policy=policy.default)


def test_the_skeleton_reads_back_with_the_standard_library():
    message = parsed(an_email())
    assert message.get_content_type() == "multipart/alternative"
    assert message["From"].addresses[0].display_name == 'Acme "Home", Inc.'
    assert message["From"].addresses[0].addr_spec == "hello@acme.example"
    assert message["To"].addresses[0].display_name == "Ana Pérez"
    assert message["Subject"] == "Ana Pérez, un mensaje de Acme"
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == "<0193-abc@acme.example>"
    assert message["X-Message-ID"] == "0193-abc"
    assert message["List-Unsubscribe"] == "<https://acme.example/u/x?y=1&z=2>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n") == "Hola, Ana:\n\nuna línea.\n"


@given(text=TEXT, html=TEXT, subject=LINE, name=LINE)
def test_any_text_survives_the_skeleton(text, html, subject, name):
    email = an_email(text=text, html=html, subject=subject, to_name=name)
    body = email_bytes(email)
    assert body.isascii()
    assert max(map(len, body.split(b"\r\n"))) <= 78
    assert b"\n" not in body.replace(b"\r\n", b"")
    message = message_from_bytes(body, policy=policy.default)
    assert message.defects == []
    plain, page = message.iter_parts()
    assert plain.get_payload(decode=True).decode().replace("\r\n", "\n") == text
    assert page.get_payload(decode=True).decode().replace("\r\n", "\n") == html
    assert len(list(message.keys())) == 13


LINES = st.lists(
    st.text(st.sampled_from("a=é. \t😀\x00"), max_size=90) | st.text("a ", max_size=170), max_size=4
)


@given(lines=LINES)
def test_a_text_is_encoded_line_by_line_as_it_is_as_a_whole(lines):
    text = "".join(f"{line}\n" for line in lines)
    whole = b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    assert quoted_printable(text) == whole
    assert a2b_qp(whole).decode() == text.replace("\n", "\r\n")


@given(text=TEXT, html=TEXT, subject=LINE)
def test_our_reader_and_the_standard_librarys_agree(text, html, subject):
    email = an_email(text=text, html=html, subject=subject)
    ours = read_email(email_bytes(email))
    plain, page = parsed(email).iter_parts()
    assert ours["text"] == plain.get_payload(decode=True).decode().replace("\r\n", "\n") == text
    assert ours["html"] == page.get_payload(decode=True).decode().replace("\r\n", "\n") == html


@pytest.mark.parametrize(
    "subject",
    ["A message from Acme", "Un mensaje, señora Núñez", "=?utf-8?B?QmNj?=", "محمد, a message", "x" * 300],
)
def test_our_reader_reads_subjects_back(subject):
    assert read_email(email_bytes(an_email(subject=subject)))["subject"] == subject


@pytest.mark.parametrize("field", ["message_id", "language"])
def test_an_id_that_could_break_a_header_is_refused(field):
    with pytest.raises(AddressError):
        email_bytes(an_email(**{field: "a\r\nBcc: x@y.example"}))


@pytest.mark.parametrize(
    "url", ["https://x.example/>\r\nBcc: a@b.c", "javascript:alert(1)", "https://x.example/ y"]
)
def test_an_unsubscribe_address_that_is_none_is_refused(url):
    with pytest.raises(AddressError):
        email_bytes(an_email(unsubscribe_url=url))


def test_an_international_domain_is_written_in_ascii():
    assert parsed(an_email(to="ana@münchen.example"))["To"].addresses[0].domain == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "body", [b"", b"Subject: x\r\n\r\nhello", email_bytes(an_email())[:-300], b"\x00" * 50]
)
def test_bytes_that_are_no_email_of_ours_are_refused(body):
    with pytest.raises(ValueError, match="not an e-mail of ours"):
        read_email(body)
