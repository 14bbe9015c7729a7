"""What a mail that came in is: words, a bounce, or a machine's answer; whatever stands in it, something comes out."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.incoming import Incoming, IncomingKind, read_mail

AT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
OURS = "01a1e4c3-d65c-7018-98e8-9c6adbe486bd"
DSN = f"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: hello@acme.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <b1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Wed, 4 Mar 2026 10:00:00 +0000

Final-Recipient: rfc822; ana@debtors.example
Action: ACTION
Status: STATUS
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--B
Content-Type: message/rfc822

From: Acme <hello@acme.example>
To: ana@debtors.example
Subject: Your account
Message-ID: <{OURS}@acme.example>

Hello Ana

--B--
""".replace("\n", "\r\n")
QMAIL = f"""Return-Path: <>
From: MAILER-DAEMON@old.example
To: hello@acme.example
Subject: failure notice
Message-ID: <q1@old.example>

Hi. This is the qmail-send program at old.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ana@debtors.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: <{OURS}@acme.example>
Subject: Your account

Hello Ana
""".replace("\n", "\r\n")


def written(text: str, **headers: str) -> bytes:
    mail = EmailMessage()
    for name, value in {"From": "Ana <ana@debtors.example>", "To": "hello@acme.example", **headers}.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes(policy=SMTP)


def read(raw: bytes) -> Incoming:
    return read_mail(raw, AT)


def test_an_answer_has_its_words_its_writer_and_the_message_that_it_answers() -> None:
    mail = read(
        written("I can pay on Friday.", Subject="Re: Your account", In_Reply_To=f"<{OURS}@acme.example>")
    )

    assert (mail.kind, mail.sender, mail.text) == (
        IncomingKind.WORDS, "ana@debtors.example", "I can pay on Friday.",
    )  # fmt: skip
    assert mail.ours == (OURS,)


@pytest.mark.parametrize(
    ("subject", "body", "text"),
    [
        ("STOP", "", "STOP"),
        ("unsubscribe", "Sent from my phone", "unsubscribe\nSent from my phone"),
        ("RE: Your account", "stop", "stop"),
        ("AW: Re: Ihr Konto", "stop", "stop"),
        ("RV: Su cuenta", "baja", "baja"),
        ("", "stop", "stop"),
    ],
)
def test_a_subject_counts_where_it_is_their_own(subject: str, body: str, text: str) -> None:
    assert read(written(body, Subject=subject)).text == text


def test_of_html_the_words_are_read_and_not_what_it_quotes() -> None:
    mail = EmailMessage()
    mail["From"] = "ana@debtors.example"
    mail.set_content(
        "<html><head><style>p{}</style></head><body><p>I pay&nbsp;on <b>Friday</b>.</p><div>Ana</div>"
        '<div class="gmail_quote">On Monday Acme wrote:<div>deep</div> STOP to end</div>'
        "<blockquote>You owe 12</blockquote></body></html>",
        subtype="html",
    )

    assert read(mail.as_bytes()).text == "I pay on Friday.\nAna"


@pytest.mark.parametrize(
    "raw", [DSN.replace("ACTION", "failed").replace("STATUS", "5.1.1"), QMAIL], ids=["3464", "qmail"]
)
def test_a_mail_of_ours_that_came_back_names_it_and_the_address(raw: str) -> None:
    mail = read(raw.encode())

    assert (mail.kind, mail.failed, mail.ours, mail.text) == (
        IncomingKind.BOUNCE, ("ana@debtors.example",), (OURS,), "",
    )  # fmt: skip


def test_a_passing_failure_is_no_failure() -> None:
    mail = read(DSN.replace("ACTION", "delayed").replace("STATUS", "4.4.1").encode())

    assert (mail.kind, mail.failed, mail.delayed) == (IncomingKind.BOUNCE, (), ("ana@debtors.example",))
    assert mail.code == "4.4.1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"List_Id": "<news.example>"},
        {"From": "no-reply@shop.example"},
    ],
)
def test_a_machines_answer_is_no_word_of_a_person(headers: dict[str, str]) -> None:
    mail = read(written("STOP: I am on holiday until Monday", Subject="Out of office", **headers))

    assert (mail.kind, mail.text) == (IncomingKind.AUTOMATIC, "")


def test_a_person_who_says_that_no_machine_wrote_is_heard() -> None:
    assert read(written("stop", Auto_Submitted="no")).kind is IncomingKind.WORDS


def test_the_same_mail_is_known_again_whatever_servers_add_on_its_way() -> None:
    one, other = written("stop", Message_ID="<1@x>"), written("stop", Message_ID="<2@x>")

    again = b"Received: from elsewhere by here; Wed, 4 Mar 2026 10:00:00 +0000\r\n" + one
    assert read(one).event_id == read(again).event_id
    assert read(one).event_id != read(other).event_id


@given(st.binary(max_size=400))
def test_whatever_bytes_lie_there_something_comes_out(raw: bytes) -> None:
    assert len(read(raw).event_id) == 64


@given(
    st.sampled_from([DSN.encode(), QMAIL.encode(), written("stop é", Subject="Re: é")]),
    st.integers(0, 1500),
    st.binary(max_size=30),
)
def test_a_mail_that_was_damaged_is_read_all_the_same(raw: bytes, at: int, noise: bytes) -> None:
    read(raw[:at] + noise + raw[at + len(noise) :])
