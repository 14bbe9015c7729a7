"""What the adapters send, against the providers' own API descriptions."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from channels.email.sendgrid import SendGridChannel
from channels.letter.lob import LobChannel
from channels.letter.lob_address import address_parts
from channels.message import PostalAddress
from channels.outcome import Rejected, Scope
from channels.sms.twilio import TwilioChannel
from tests.channels.conftest import (
    MIME,
    NOW,
    US_HOME,
    a_letter,
    an_email,
    an_sms,
    lob_settings,
    sendgrid_settings,
    twilio_settings,
)
from tests.doubles.running import Running
from tests.shared import shared_folder

Document = dict[str, Any]


@pytest.fixture(scope="module")
def sendgrid_spec() -> Document:
    return json.loads((shared_folder() / "specs" / "tsg_mail_v3.json").read_text())


@pytest.fixture(scope="module")
def twilio_spec() -> Document:
    return json.loads((shared_folder() / "specs" / "twilio_api_v2010.json").read_text())


@pytest.fixture(scope="module")
def lob_spec() -> Document:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((shared_folder() / "specs" / "lob-api-bundled.yml").read_text(), Loader=loader)


def _violations(spec: Document, schema: Document, value: object) -> list[str]:
    """Violations of the schema, whose references point into the whole document."""
    validator = OAS30Validator({**schema, "components": spec["components"]})
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)]


def _resolved(spec: Document, schema: Document) -> Document:
    while "$ref" in schema:
        target: Any = spec
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def _branches(spec: Document, schema: Document) -> Iterator[Document]:
    schema = _resolved(spec, schema)
    yield schema
    for word in ("allOf", "oneOf", "anyOf"):
        for branch in schema.get(word, []):
            yield from _branches(spec, branch)


def _unknown_fields(spec: Document, schema: Document, value: object, path: str = "") -> list[str]:
    """Fields that no branch of the schema names; a free-form object takes any."""
    branches = list(_branches(spec, schema))
    if isinstance(value, list):
        inner = next((branch["items"] for branch in branches if "items" in branch), {})
        return [field for item in value for field in _unknown_fields(spec, inner, item, f"{path}[]")]
    known: Document = {}
    for branch in branches:
        known |= branch.get("properties", {})
    if not isinstance(value, dict) or not known:
        return []
    found = [f"{path}.{name}" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += _unknown_fields(spec, known[name], value[name], f"{path}.{name}")
    return found


def test_schema_checks_can_fail(sendgrid_spec: Document):
    schema = _sendgrid_schema(sendgrid_spec)
    assert _violations(sendgrid_spec, schema, {"personalizations": [{}], "subject": 5})
    assert _unknown_fields(sendgrid_spec, schema, {"tracking_settings": {"pixel": {}}}) == [
        ".tracking_settings.pixel"
    ]


def _sendgrid_schema(spec: Document) -> Document:
    body = _resolved(spec, spec["paths"]["/v3/mail/send"]["post"]["requestBody"])
    return body["content"]["application/json"]["schema"]


@pytest.mark.parametrize(
    "more",
    [{}, {"reply_to": "", "unsubscribe_url": "", "categories": (), "to_name": "", "sender_name": ""}],
    ids=["full", "bare"],
)
def test_sendgrid_request_fits_the_official_description(
    more: Document, sendgrid: Running, sendgrid_spec: Document
):
    SendGridChannel(sendgrid_settings(sendgrid)).send(an_email("m-7", **more), now=NOW)
    body = sendgrid.received()[0]["body"]
    schema = _sendgrid_schema(sendgrid_spec)
    assert _violations(sendgrid_spec, schema, body) == []
    assert _unknown_fields(sendgrid_spec, schema, body) == []
    assert isinstance(body, dict)
    assert body["personalizations"][0]["custom_args"] == {"message_id": "m-7"}
    assert "custom_args" not in body


def test_sendgrid_request_says_what_the_message_says(sendgrid: Running):
    SendGridChannel(sendgrid_settings(sendgrid)).send(an_email(), now=NOW)
    request = sendgrid.received()[0]["body"]
    assert isinstance(request, dict)
    assert request["from"] == {"email": "letters@acme.example", "name": "Acme"}
    # No comma: SendGrid drops mail to a name with one.
    assert request["personalizations"][0]["to"] == [{"email": "zoe@debtors.example", "name": "Zoë the first"}]
    assert request["reply_to"] == {"email": "answers@acme.example"}
    assert [part["type"] for part in request["content"]] == ["text/plain", "text/html"]
    assert request["content"][1]["value"] == "<p>Hello Zoë</p>"
    assert request["headers"]["List-Unsubscribe"] == "<https://acme.example/u/token>"
    assert request["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert request["headers"]["Message-ID"] == "<m-1@acme.example>"  # as the kept bytes say
    assert sorted(request["categories"]) == ["first-reminder", "run-3"]
    assert {name: setting["enable"] for name, setting in request["tracking_settings"].items()} == {
        "click_tracking": False,
        "open_tracking": False,
        "subscription_tracking": False,
        "ganalytics": False,
    }


def test_sendgrid_carries_the_picture_that_the_html_shows(sendgrid: Running, sendgrid_spec: Document):
    logo = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <logo@x>\r\n\r\nYWJj\r\n"
    head, _, rest = MIME.partition(b"Content-Type: multipart/alternative")
    related = (
        b'Content-Type: multipart/related; boundary="=_r"\r\n\r\n--=_r\r\nContent-Type: multipart/alternative'
    )
    body = head + related + rest + b"\r\n--=_r\r\n" + logo + b"--=_r--\r\n"
    SendGridChannel(sendgrid_settings(sendgrid)).send(an_email(body=body), now=NOW)
    request = sendgrid.received()[0]["body"]
    assert isinstance(request, dict)
    assert _violations(sendgrid_spec, _sendgrid_schema(sendgrid_spec), request) == []
    assert request["attachments"] == [
        {
            "content": "YWJj",
            "filename": "logo.png",
            "type": "image/png",
            "disposition": "inline",
            "content_id": "logo@x",
        }
    ]
    assert [part["type"] for part in request["content"]] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "address", ['"a b"@debtors.example', "o'brien+x@debtors.example", "a(b)@debtors.example"]
)
def test_sendgrid_gets_addresses_as_they_are(address: str, sendgrid: Running):
    message = an_email(to=address, to_name="", reply_to=address, sender=address, sender_name="")
    SendGridChannel(sendgrid_settings(sendgrid)).send(message, now=NOW)
    request = sendgrid.received()[0]["body"]
    assert isinstance(request, dict)
    assert (
        request["from"]
        == request["reply_to"]
        == request["personalizations"][0]["to"][0]
        == {"email": address}
    )


@pytest.mark.parametrize("service", ["", "MG" + "b" * 32], ids=["number", "service"])
def test_twilio_request_fits_the_official_description(service: str, twilio: Running, twilio_spec: Document):
    settings = twilio_settings(twilio, messaging_service_sid=service, public_url="https://pay.acme.example")
    TwilioChannel(settings).send(an_sms("m/7 é", not_after=NOW + timedelta(hours=2)), now=NOW)
    form = twilio.received()[0]["body"]
    assert isinstance(form, dict)
    typed = {
        **form,
        "ValidityPeriod": int(form["ValidityPeriod"]),
        "SmartEncoded": form["SmartEncoded"] == "true",
    }
    path = twilio_spec["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]
    schema = path["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert _violations(twilio_spec, schema, typed) == []
    assert _unknown_fields(twilio_spec, schema, typed) == []
    assert form["Body"].encode() == an_sms().body
    assert (
        form["StatusCallback"] == "https://pay.acme.example/webhooks/twilio/status?message_id=m%2F7%20%C3%A9"
    )


MEXICO = PostalAddress(
    name="Ana",
    lines=("Ana", "Calle 5", "44100 Guadalajara"),
    address_line_1="Calle 5",
    city="Guadalajara",
    region="JAL",
    postal_code="44100",
    country="MX",
)
NO_CODE = PostalAddress(
    name="Ana", lines=("Ana",), address_line_1="Calle 5", city="Bogota", region="DC", country="CO"
)
PUERTO_RICO = PostalAddress(
    name="Luz " * 20,
    lines=("Luz",),
    address_line_1="1 Calle Sol",
    address_line_2="Apt 2",
    city="San Juan",
    region="",
    postal_code="00901",
    country="PR",
)
NINE_DIGITS = replace(US_HOME, postal_code="941071234")
LONG_LINE = replace(
    US_HOME, address_line_1="Building Fourteen of the Long Named Industrial Estate and Research Park"
)

FITTING = {
    "US": US_HOME,
    "MX": MEXICO,
    "CO": NO_CODE,
    "PR": PUERTO_RICO,
    "nine digits": NINE_DIGITS,
    "long line": LONG_LINE,
}


@pytest.mark.parametrize("address", FITTING.values(), ids=FITTING)
@pytest.mark.parametrize("postage", ["standard", "certified"])
def test_lob_request_fits_the_official_description(
    address: PostalAddress, postage: str, lob: Running, lob_spec: Document
):
    LobChannel(lob_settings(lob)).send(
        a_letter(f"spec-{address.country}-{postage}", postal_address=address, postage_class=postage), now=NOW
    )
    sent = lob.received()[0]
    form = dict(sent["body"])
    file = form["file"]
    typed = {
        **form,
        "file": file["file"],  # an uploaded file is described by its name
        "color": form["color"] == "true",
        "double_sided": form["double_sided"] == "true",
    }
    schema = lob_spec["paths"]["/letters"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert _violations(lob_spec, schema, typed) == []
    assert _unknown_fields(lob_spec, schema, typed) == []
    assert file["starts"] == "%PDF-"
    assert sent["key"] == form["metadata"]["message_id"] == f"spec-{address.country}-{postage}"


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"region": ""}, "no address_state"),
        ({"name": "", "city": ""}, "no name, address_city"),
        ({"postal_code": "SW1A 1AA"}, "address_zip is none of the United States"),
        ({"address_line_1": "word " * 40}, "its lines are too long"),
        ({"country": "", "postal_code": ""}, "no address_country"),
    ],
)
def test_lob_is_not_asked_for_what_its_form_cannot_hold(parts: dict[str, str], fault: str, lob: Running):
    address = replace(US_HOME, **parts)
    outcome = LobChannel(lob_settings(lob)).send(a_letter("unfit", postal_address=address), now=NOW)
    assert outcome == Rejected(
        reason=f"the address does not fit Lob's form: {fault}", scope=Scope.MESSAGE, code=""
    )
    assert lob.received() == []


def test_lob_sender_that_fits_no_form_stops_the_channel(lob: Running):
    outcome = LobChannel(lob_settings(lob)).send(
        a_letter("unfit-sender", return_address=replace(US_HOME, region="")), now=NOW
    )
    assert isinstance(outcome, Rejected)
    assert (outcome.scope, "config/senders.yaml" in outcome.reason) == (Scope.CHANNEL, True)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("7 Sample Lane", "Apt 4"), ("7 Sample Lane", "Apt 4")),
        (("a" * 30 + " " + "b" * 40, ""), ("a" * 30, "b" * 40)),
        (("a" * 30 + " " + "b" * 40, "Apt 4"), ("a" * 30, "b" * 40 + ", Apt 4")),
    ],
)
def test_lob_lines_flow_into_each_other_only_where_one_is_too_long(
    lines: tuple[str, str], wanted: tuple[str, str]
):
    parts = address_parts(replace(US_HOME, address_line_1=lines[0], address_line_2=lines[1]))
    assert (parts.get("address_line1"), parts.get("address_line2", "")) == wanted


def test_lob_description_names_null_where_the_type_forbids_it(lob_spec: Document):
    """The trap in the published description: enums that hold null; a value that is given must still fit."""
    use_type = lob_spec["components"]["schemas"]["ltr_use_type"]
    assert None in use_type["enum"]
    assert _violations(lob_spec, use_type, "operational") == []
    assert _violations(lob_spec, use_type, "unheard-of")
