"""The outcome tables against the reference lists of provider codes, and the segment counter against Twilio's."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from channels.email.sendgrid_outcomes import outcome_of
from channels.email.smtp_outcomes import Stage, refusal
from channels.http import Answer
from channels.letter import lob_outcomes
from channels.outcome import Outcome, Rejected, Scope, TryLater, Unknown
from channels.sms.segments import count_segments, suggest_replacements
from channels.sms.twilio_outcomes import MEANINGS, Meaning, closes_number, failure, meaning_of
from tests.channels.conftest import NOW
from tests.shared import shared_folder

# The reference calls 20500 "retry"; without an idempotency key a failure inside Twilio may hide a sent message.
UNCERTAIN = {20500}


@pytest.fixture(scope="module")
def vectors() -> Path:
    return shared_folder() / "vectors"


def test_twilio_table_agrees_with_the_reference(vectors: Path):
    families = {
        "retry": Meaning.LATER,
        "daily_cap_retry_tomorrow": Meaning.DAY_CAP,
        "recipient_permanent": Meaning.ADDRESS,
        "content_permanent": Meaning.MESSAGE,
        "configuration": Meaning.CHANNEL,
    }
    codes = json.loads((vectors / "twilio_error_codes.json").read_text())["codes"]
    wanted = {row["code"]: families[row["our_class"]] for row in codes if row["our_class"] in families}
    assert {code: meaning_of(code) for code in wanted if code not in UNCERTAIN} == {
        code: meaning for code, meaning in wanted.items() if code not in UNCERTAIN
    }


def test_twilio_table_has_no_family_for_codes_the_reference_leaves_open_but_those_read_twice(vectors: Path):
    codes = json.loads((vectors / "twilio_error_codes.json").read_text())["codes"]
    open_codes = {row["code"] for row in codes if row["our_class"] == "unclassified"}
    assert open_codes & set(MEANINGS) == {21618, 21624, 63038}


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        (21998, 400, Meaning.MESSAGE),
        (29999, 401, Meaning.CHANNEL),
        (29999, 429, Meaning.LATER),
        (29999, 500, Meaning.UNCERTAIN),
        (29999, 503, Meaning.LATER),
        (39999, 0, Meaning.MESSAGE),
    ],
)
def test_twilio_unknown_code_goes_by_its_status(code: int, status: int, meaning: Meaning):
    assert meaning_of(code, status) is meaning


def test_twilio_dead_number_is_told_from_an_opt_out_and_a_bad_day():
    assert closes_number(30005)
    assert closes_number(21614)
    assert not closes_number(21610)
    assert not closes_number(30003)
    assert not closes_number(0)


def test_twilio_code_is_kept_raw():
    outcome = failure(30006, "Landline or unreachable carrier")
    assert outcome == Rejected(reason="Landline or unreachable carrier", scope=Scope.ADDRESS, code="30006")


def test_sendgrid_statuses_agree_with_the_reference(vectors: Path):
    statuses = json.loads((vectors / "provider_http_errors.json").read_text())["sendgrid"]["statuses"]
    for status, words in statuses.items():
        headers = {"X-Message-Id": "id-1"} if "(X-Message-Id header)" in words else {}
        outcome = outcome_of(Answer(status=int(status), headers=headers, body=b"{}"), now=NOW)
        assert _family(outcome) in _sendgrid_families(words), status


def test_sendgrid_acceptance_without_its_id_is_none():
    outcome = outcome_of(Answer(status=202, headers={}, body=b"{}"), now=NOW)
    assert _family(outcome) == "unknown"


def _sendgrid_families(words: str) -> set[str]:
    if "may have been accepted" in words:
        return {"unknown"}
    first = words.partition(" ")[0].strip(":")
    return {"accepted": {"accepted"}, "permanent": {"permanent"}, "configuration": {"configuration"}}.get(
        first, {"configuration"} if "program error" in words else {"retry"}
    )


def _family(outcome: Outcome) -> str:
    match outcome:
        case Rejected(scope=Scope.CHANNEL):
            return "configuration"
        case Rejected():
            return "permanent"
        case TryLater():
            return "retry"
        case Unknown():
            return "unknown"
        case _:
            return "accepted"


# The same for every letter: stopping is better than burning them one by one.
LOB_STOPS = {
    "UNRECOGNIZED_ENDPOINT",
    "UNSUPPORTED_LOB_VERSION",
    "CUSTOM_ENVELOPE_INVENTORY_DEPLETED",
    "FOREIGN_RETURN_ADDRESS",
    "MAIL_USE_TYPE_CAN_NOT_BE_NULL",
}


def test_lob_codes_agree_with_the_reference(vectors: Path):
    tables = json.loads((vectors / "provider_http_errors.json").read_text())["lob"]["error_tables"]
    rows = [
        row
        for table in tables
        for row in table["rows"]
        if row["status"][0].isdigit() and row["code"] != "SUCCESS"
    ]
    assert len(rows) > 40
    for row in rows:
        for status in row["status"].split("/"):
            body = json.dumps({"error": {"code": row["code"], "message": row["message"]}}).encode()
            outcome = lob_outcomes.refusal(Answer(status=int(status), headers={}, body=body), now=NOW)
            family = row["our_class"].partition(" ")[0]
            assert _family(outcome) == ("configuration" if row["code"] in LOB_STOPS else family), row
            assert outcome.code == row["code"]


def test_smtp_plain_replies_agree_with_the_reference(vectors: Path):
    replies = json.loads((vectors / "smtp_status_codes.json").read_text())["reply_codes_our_class"]
    for code, words in replies.items():
        outcome = refusal(Stage.RCPT, int(code), b"no")
        if code == "552":
            assert _family(outcome) == "permanent"
            assert _family(refusal(Stage.RCPT, 552, b"5.2.2 mailbox full")) == "retry"
        elif words.startswith(("configuration", "account")):
            assert _family(outcome) == "configuration", code
        else:
            assert _family(outcome) == words.partition(" ")[0], code


def test_smtp_enhanced_codes_agree_with_the_reference(vectors: Path):
    said = json.loads((vectors / "smtp_status_codes.json").read_text())
    for code, reason in said["sisimai_reason_by_code"].items():
        outcome = refusal(Stage.RCPT, int(code[0]) * 100 + 50, f"{code} words".encode())
        if code.startswith("4"):
            assert _family(outcome) in {"retry", "configuration"}, code
        elif code.startswith("5") and reason in {"hasmoved", "userunknown", "hostunknown", "notaccept"}:
            wanted = (
                Scope.CHANNEL if code == "5.7.27" else Scope.ADDRESS
            )  # null MX of the sender, not the recipient
            assert isinstance(outcome, Rejected), code
            assert outcome.scope is wanted, code


def test_smtp_every_registered_code_has_an_outcome_that_fits_its_class(vectors: Path):
    rows = json.loads((vectors / "smtp_status_codes.json").read_text())["iana_enumerated"]
    for row in rows:
        detail = row["Code"].removeprefix("X.")
        for stage in Stage:
            soft = refusal(stage, 450, f"4.{detail} words".encode())
            hard = refusal(stage, 550, f"5.{detail} words".encode())
            assert isinstance(soft, TryLater) or detail == "7.12", row["Code"]
            assert isinstance(hard, Rejected) or detail in {"2.2", "3.1"}, row["Code"]


def test_segments_agree_with_twilio_on_every_vector(vectors: Path):
    cases = json.loads((vectors / "twilio_sms_segments.json").read_text())["cases"]
    assert len(cases) > 200
    for case in cases:
        counted = count_segments(case["body"])
        bits = counted.units * (7 if counted.encoding == "GSM-7" else 16)
        segments = case["segments"] if case["body"] else 0  # theirs counts one for a text that cannot be sent
        wanted = (case["encoding"], segments, case["message_bits"], sorted(case["non_gsm"]))
        assert (counted.encoding, counted.segments, bits, sorted(counted.offending)) == wanted, case["name"]


def test_segments_of_chained_texts_count_their_own_room():
    assert count_segments("a" * 160).per_segment == 160
    assert count_segments("a" * 161).per_segment == 153
    assert count_segments("ж" * 71).per_segment == 67


def test_segments_name_the_characters_that_cost(vectors: Path):
    counted = count_segments("Zoë, “hello” 👨‍👩‍👧 ok")
    assert counted.offending == ("ë", "“", "”", "👨‍👩‍👧")


def test_replacements_are_offered_and_names_are_left_alone():
    text = "Zoë, “hello”… n.º 5\u202f€ – ok"
    offered = suggest_replacements(text)
    assert [(each.character, each.instead) for each in offered] == [
        ("“", '"'),
        ("”", '"'),
        ("…", "..."),
        ("º", "o"),
        ("\u202f", " "),
        ("–", "-"),
    ]


def test_replacements_all_fit_into_gsm():
    every = "".join(chr(point) for point in range(0x20, 0x3000) if not 0xD800 <= point < 0xE000)
    for each in suggest_replacements(every):
        assert count_segments(each.instead).encoding == "GSM-7", each


def test_daily_cap_waits_for_tomorrow():
    outcome = failure(30023, "Daily Message Cap Reached")
    assert isinstance(outcome, TryLater)
    assert outcome.after == timedelta(days=1)
