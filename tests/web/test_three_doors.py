"""A fact means the same through every door: command line, page and API, asked of the gate."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.gate.facts import Attorney
from dispatcher.people import recording
from dispatcher.people.domain.agreement_facts import AGREEMENTS
from dispatcher.people.domain.fact_document import facts_document
from dispatcher.people.domain.fact_table import FACTS
from dispatcher.people.domain.facts import Fact, Field, Takes
from dispatcher.people.record_contact import record_contact
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.people_facts import debts_of, find_debtors
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, reachable_points
from dispatcher.planning.domain.standing import standing
from dispatcher.users.manage_users import make_token
from tests.command import dispatcher
from tests.shared import ROOT
from tests.web.house import ALL, NOW, Web, copy_home, import_sample, open_home

DOORS = ("line", "page", "wire")
CASES = [
    (fact, kind)
    for fact in FACTS
    if fact.name != "release"
    for kind in (fact.kinds if fact.fields[0].name == "kind" else ("",))
]
NAMES = [f"{fact.name}-{kind}".strip("-").replace("_", "") for fact, kind in CASES]
PAST, COMING = "2026-11-10", "2026-12-01"
SAMPLES = {
    "amount": "20.00",
    "currency": "USD",
    "no_contact": ["MO-FR 15:00-17:00", "SA 00:00-24:00"],
    "said": ["I am busy"],
    "language": "es-mx",
    "zone": "America/Denver",
    "kind": "reply_to_consumer",
    "at": "2026-11-12T09:30:00Z",
    "payments": "3",
    "every": "month",
    "down": "20.00",
    "by": "2027-03-01",
}
INSTEAD = {
    ("payment", "reverse"),
    ("plan", "offer"),
    ("offer", "offer"),
    ("offer", "amount"),
    ("offer", "by"),
    ("offer", "discount"),
}  # they say the same fact in another way
BEHIND_US = {
    "on",
    "since",
    "given_on",
    "sent_on",
    "stated_on",
    "work_oral_request",
    "work_written_confirmation",
}

Said = dict[str, Any]


def number(case: str, door: str) -> str:
    return f"+1212555{100 + NAMES.index(case):03}{DOORS.index(door)}"


@pytest.fixture(scope="module")
def site(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Three debtors a fact and kind, one for each door, alike in everything else."""
    home = copy_home(finished_home, tmp_path_factory.mktemp("doors") / "home")
    house = open_home(home)
    rows = [
        {
            "creditor": "acme", "debtor_reference": f"{case}-{door}", "debtor_name": "Ana Example", "country": "US",
            "region": "US-NY", "postal_code": "10001", "city": "New York", "address_line_1": "12 Sample Lane",
            "email": f"{case}.{door}@debtors.example", "phone": number(case, door), "phone_label": "mobile",
            "debt_reference": f"{case}-{door}-{debt}", "currency": "USD", "original_amount": "120.00",
            "balance": "120.00", "due_date": "2026-11-01", "issued_on": "2026-10-01", "disputed_on": "", "promise_date": "",
        }
        for case in NAMES for door in DOORS for debt in (1, 2)
    ]  # fmt: skip
    file = home.parent / "book.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    import_sample(house, file)
    for door in DOORS:  # what is offered by telephone was offered on a call
        said = recording.Said(now=NOW, actor="test", source="dialler")
        record_contact(house.database, f"acme/offer-{door}", "call", said, read=house.read_reply)
    yield Web(house)
    house.close()


@pytest.fixture
def command(site: Web) -> Callable[..., str]:
    """`dispatcher record` in this process; gives what it prints."""

    def run(*words: str) -> str:
        done = dispatcher("record", *words, "--now", NOW.isoformat(), home=site.house.home)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    return run


def value(field: Field, fact: Fact, kind: str, case: str, door: str) -> Any:
    """Something to say in a field: never what silence means."""
    if field.name == "external_id":
        return f"{case}-{door}"
    if (fact.name, field.name) == ("promise", "on"):
        return COMING
    if field.name in SAMPLES and not (field.name == "kind" and fact.kinds):
        return SAMPLES[field.name]
    if field.takes is Takes.AMOUNT:
        return "20.00"
    if field.takes is Takes.FLAG:
        return field.default is not True
    if field.takes is Takes.DAY:
        return PAST if field.name in BEHIND_US else COMING
    if field.takes is Takes.DEBT:
        each = [f"{case}-{door}-{debt}" for debt in (1, 2)]
        return each if field.many else each[0]
    if field.takes is Takes.ADDRESS:
        texted = kind in {"sms", "number_check", "call"} or fact.name == "contact"
        return number(case, door) if texted else f"{case}.{door}@debtors.example"
    if field.choices:
        chosen = "email" if field.name == "medium" else field.choices[-1]
        return [chosen] if field.many else chosen
    return f"some {field.name}"


def said_of(fact: Fact, kind: str, case: str, door: str, *, everything: bool) -> Said:
    """What is said: all that the kind knows, or the least that can be."""
    said = {"kind": kind} if kind else {}
    for field in fact.for_kind(kind):
        if (fact.name, field.name) in INSTEAD:
            continue
        if field.name not in said and (everything or needed(field, fact, kind)):
            said[field.name] = value(field, fact, kind, case, door)
    if fact in AGREEMENTS:  # one stands on a debt: a second one is refused
        said["debt"] = [f"{case}-{door}-{2 if everything else 1}"]
    return said


def needed(field: Field, fact: Fact, kind: str) -> bool:
    by_verb = {
        "until": kind == "breathing_space",
        "amount": fact.name == "payment",
        **dict.fromkeys(("payments", "every", "first_on"), fact.name == "plan"),
        **dict.fromkeys(("approved_by", "why"), fact.name == "settlement"),
        "address": kind in {"number_check", "address_notice"},
        "debt": fact.name == "payment",
        "no_contact": True,
    }
    return bool(field.required) or by_verb.get(field.name, False)


def by_command(command: Callable[..., str], fact: Fact, who: str, said: Said) -> None:
    positional = [str(said[field.name]) for field in fact.fields if field.positional and field.name in said]
    options = [
        word
        for field in fact.fields
        if not field.positional and field.name in said
        for one in (said[field.name] if isinstance(said[field.name], list) else [said[field.name]])
        for word in ([option(field, one)] if field.takes is Takes.FLAG else [field.option_name, one])
    ]
    command(fact.name.replace("_", "-"), who, *positional, *options, "--source", "call 1")


def option(field: Field, said: bool) -> str:
    return field.option_name if said else f"--no-{field.option_name[2:]}"


def by_page(site: Web, fact: Fact, who: str, said: Said) -> None:
    form = {name: ("yes" if one else "no") if isinstance(one, bool) else one for name, one in said.items()}
    desk = site.signed_in("operator")
    answer = desk.said(desk.post(f"/people/{who}/record", {"fact": fact.name, "source": "call 1", **form}))
    assert answer.startswith("Recorded"), answer


def by_wire(client: TestClient, fact: Fact, who: str, said: Said) -> None:
    answer = client.post(
        f"/api/v1/people/{who}/records", json={"fact": fact.name, "source": "call 1", **said}
    )
    assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def wire(site: Web) -> TestClient:
    client = site.visitor()
    token = make_token(site.house.database, name=ALL, label="test", by="test", at=site.house.real_now())
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def gate_of(site: Web, case: str, door: str) -> str:
    """Everything the gate would be told of a debtor, on every channel, and why each debt would stay out."""
    told: list[Any] = []
    with site.house.database.reading() as connection:
        [known] = find_debtors(connection, f"{case}-{door}", creditor="acme")
        for now in (NOW + timedelta(minutes=1), NOW + timedelta(days=40)):
            person = load_people(connection, [known.id], now=now)[known.id]
            ids = [debt.id for debt in debts_of(connection, known.id, now.date())]
            debts = tuple(load_debts(connection, ids, as_of=now.date()).values())
            told += [(debt.balance, standing(debt, person, None, None, now.date())) for debt in debts]
            told += [
                contact_facts(
                    IntendedContact(
                        person=person, debts=debts, channel=channel, kind="collection", point=point
                    ),
                    now=now,
                    zones=(),
                )
                for channel in ChannelKind
                for point in reachable_points(person, channel)
            ]
            told.append((person.language, person.time_zone))
    text = re.sub(r"datetime\(2026, 11, 16, 18[^=]*, tz", "datetime(a moment ago, tz", repr(told))
    return text.replace(number(case, door), "NUMBER").replace(f".{door}@", "@").replace(f"-{door}", "")


@pytest.mark.parametrize("everything", [False, True], ids=["the least", "everything"])
@pytest.mark.parametrize(("fact", "kind"), CASES, ids=NAMES)
def test_a_fact_means_the_same_through_every_door(
    site: Web, wire: TestClient, command: Callable[..., str], fact: Fact, kind: str, everything: bool
) -> None:
    case = NAMES[CASES.index((fact, kind))]
    line, page, api = (said_of(fact, kind, case, door, everything=everything) for door in DOORS)

    by_command(command, fact, f"acme/{case}-line", line)
    by_page(site, fact, f"acme/{case}-page", page)
    by_wire(wire, fact, f"acme/{case}-wire", api)

    first, *others = (gate_of(site, case, door) for door in DOORS)
    assert others == [first, first]
    assert "Example" in first, "the gate is told something"


def a_person(database: Database, who: str) -> Any:
    with database.reading() as connection:
        [known] = find_debtors(connection, who, creditor="acme")
        return load_people(connection, [known.id], now=NOW + timedelta(minutes=1))[known.id]


def attorney_of(web: Web, who: str) -> Attorney | None:
    contact = IntendedContact(
        person=a_person(web.house.database, who),
        debts=(),
        channel=ChannelKind.EMAIL,
        kind="collection",
        point=None,
    )
    return contact_facts(contact, now=NOW, zones=()).attorney


@pytest.mark.parametrize("door", ["page", "wire"])
def test_an_attorney_whose_name_nobody_said_is_an_attorney(web: Web, door: str) -> None:
    fact = next(one for one in FACTS if one.name == "hold")
    if door == "page":
        by_page(web, fact, "acme/A-1", {"kind": "attorney"})
    else:
        token = make_token(web.house.database, name=ALL, label="t", by="test", at=web.house.real_now())
        client = web.visitor()
        client.headers["Authorization"] = f"Bearer {token}"
        by_wire(client, fact, "acme/A-1", {"kind": "attorney"})
    assert attorney_of(web, "A-1") == Attorney(represented=True, contact_known=True)


def test_no_is_said_as_clearly_as_yes(web: Web) -> None:
    token = make_token(web.house.database, name=ALL, label="t", by="test", at=web.house.real_now())
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {token}"
    body = {"fact": "hold", "kind": "attorney", "contact_known": False, "source": "call"}
    assert client.post("/api/v1/people/acme/A-1/records", json=body).status_code == 201
    assert attorney_of(web, "A-1") == Attorney(contact_known=False)

    named = body | {"contact_known": None, "name": "Alder & Finch"}
    answer = client.post("/api/v1/people/acme/A-1/records", json=named).json()
    assert (answer["already"], answer["added"]) == (True, {"contact_known": True, "name": "Alder & Finch"})
    assert attorney_of(web, "A-1") == Attorney(contact_known=True)


def test_what_a_fact_cannot_say_is_refused_and_not_dropped(web: Web) -> None:
    desk = web.signed_in("operator")
    for fields, says in (
        ({"fact": "hold", "kind": "cease", "unresponsive": "yes"}, "only attorney can say it, not cease"),
        ({"fact": "dispute", "amount": "5"}, "nothing that a dispute can say"),
        ({"fact": "hold", "kind": "attorney", "contact_known": "perhaps"}, "neither yes nor no"),
    ):
        answer = desk.post("/people/acme/A-1/record", {"source": "call", **fields})
        assert (answer.status_code, says in answer.text) == (422, True), answer.text


def test_the_page_says_what_a_repeat_added(web: Web) -> None:
    desk, path = web.signed_in("operator"), "/people/acme/A-1"
    hold = {"fact": "hold", "kind": "attorney", "source": "call"}
    desk.post(f"{path}/record", hold)
    assert "nothing was added" in desk.said(desk.post(f"{path}/record", hold))
    assert "added: name Alder" in desk.said(desk.post(f"{path}/record", hold | {"name": "Alder"}))


def test_the_page_of_docs_is_made_from_the_table() -> None:
    written = (ROOT / "docs" / "recorded_facts.md").read_text(encoding="utf-8")
    assert written == facts_document(), "run: dispatcher record document --out docs/recorded_facts.md"


def test_the_forms_and_the_schema_name_every_field(web: Web) -> None:
    page = " ".join(web.signed_in("operator").page("/people/acme/A-1").split())
    document = web.visitor().get("/api/v1/openapi.json").json()
    operation = document["paths"]["/people/{creditor}/{reference}/records"]["post"]
    shapes = operation["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert [one["properties"]["fact"]["const"] for one in shapes] == [fact.name for fact in FACTS]
    for fact, shape in zip(FACTS, shapes, strict=True):
        assert {field.name for field in fact.fields} <= shape["properties"].keys()
        if fact.title:
            form = page.partition(f'name="fact" value="{fact.name}"')[2].partition("</form>")[0]
            missing = [field.name for field in fact.fields if f'name="{field.name}"' not in form]
            beside = (
                ["reverse"] if fact.name == "payment" else []
            )  # asked beside the payment that it takes back
            assert missing == beside, fact.name
