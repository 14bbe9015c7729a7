"""Search finds by everything an auditor can name, a page at a time."""

import os
import random
from datetime import timedelta

import pytest
from sqlalchemy import update

from dispatcher.database.tables.messages import messages
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage import word_index
from dispatcher.record.storage.evidence import persons_of
from dispatcher.record.storage.log_search import LogQuery, sample, search
from tests.record.histories import NOW, Log, add_debtors, add_message, add_refusal, person

EVERYTHING = LogQuery()
DEEP = os.environ.get("DEEP") == "1"


@pytest.fixture
def filled(log: Log) -> Log:
    with log.database.writing() as connection:
        add_debtors(connection, 6)
        for number in range(1, 5):
            add_message(connection, number, NOW + timedelta(days=number))
        add_refusal(connection, 5, rule="contact-hours")
        add_refusal(connection, 6, rule="call-frequency")
        delivery_log.append(
            connection,
            [
                LogEntry(
                    event="template_published",
                    at=NOW,
                    actor="ana",
                    template="first-reminder",
                    template_version=1,
                    details={"approver": "berta"},
                )
            ],
        )
    seal_log(log.database, log.keys, log.journal, now=NOW)
    return log


def found(log: Log, **query: object) -> list[tuple[str, str | None]]:
    with log.database.reading() as connection:
        page = search(connection, LogQuery(**query))
    return [(entry.document["event"], (entry.values or {}).get("debtor")) for entry in page.entries]


@pytest.mark.parametrize(
    ("query", "count", "debtor"),
    [
        ({"persons": (person(2),)}, 5, "acme/D-2"),
        ({"address": "ana3@debtors.example"}, 5, "acme/D-3"),
        ({"debt": "acme/INV-4"}, 5, "acme/D-4"),
        ({"debt": "INV-5"}, 1, "acme/D-5"),
        ({"rule": "contact-hours"}, 1, "acme/D-5"),
        ({"rule": "us-regf/call-frequency"}, 1, "acme/D-6"),
        (
            {"events": ("accepted",), "since": NOW + timedelta(days=2), "until": NOW + timedelta(days=3)},
            1,
            "acme/D-2",
        ),
        ({"channel": "sms", "rule": "contact-hours", "creditor": "acme"}, 1, "acme/D-5"),
        ({"words": "MENSAJE llamenos 3", "events": ("delivered",)}, 1, "acme/D-3"),
        ({"persons": (person(2),), "state": "delivered", "events": ("delivered",)}, 1, "acme/D-2"),
    ],
)
def test_search_finds_the_entries_of(filled: Log, query: dict[str, object], count: int, debtor: str) -> None:
    entries = found(filled, **query)
    assert (len(entries), {name for _, name in entries}) == (count, {debtor})


def test_search_finds_the_entries_of_a_provider_id(filled: Log) -> None:
    with filled.database.writing() as connection:
        connection.execute(update(messages).where(messages.c.recipient_id == 2).values(provider_id="SM1"))
    assert {debtor for _, debtor in found(filled, provider_id="SM1")} == {"acme/D-2"}


def test_search_finds_nothing_where_nothing_is(filled: Log) -> None:
    assert found(filled, address="nobody@debtors.example") == []
    assert found(filled, debt="INV-9") == []
    assert found(filled, since=NOW + timedelta(days=99)) == []
    assert found(filled, words="zeppelin") == []
    assert found(filled, words="  ") == []


def test_search_finds_what_an_approver_let_pass_and_template_versions(filled: Log) -> None:
    assert found(filled, approver="berta") == [("template_published", None)]
    assert len(found(filled, template="first-reminder", template_version=1)) == 21  # with its publication
    assert found(filled, template="first-reminder", template_version=2) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"creditor": "acme"},
        {"since": NOW, "until": NOW + timedelta(days=4)},
        {"words": "mensaje"},
        {"template": "first-reminder"},
        {"rule": "contact-hours"},
    ],
)
def test_search_pages_give_each_entry_once(filled: Log, query: dict[str, object]) -> None:
    with filled.database.reading() as connection:
        whole = [entry.id for entry in search(connection, LogQuery(**query)).entries]
        paged, cursor = [], ""
        while True:
            page = search(connection, LogQuery(**query), limit=3, cursor=cursor)
            paged += [entry.id for entry in page.entries]
            cursor = page.next
            if not cursor:
                break
    assert paged == whole
    assert len(set(paged)) == len(paged) > 0


def test_search_refuses_a_cursor_that_is_none(filled: Log) -> None:
    with pytest.raises(ValueError, match="cursor"), filled.database.reading() as connection:
        search(connection, LogQuery(), cursor="x")


def test_sample_is_the_same_for_the_same_seed(filled: Log) -> None:
    def drawn(seed: str, query: LogQuery = EVERYTHING) -> list[int | None]:
        with filled.database.reading() as connection:
            return [entry.position for entry in sample(connection, query, size=5, seed=seed, upto=23)]

    assert drawn("7") == drawn("7")
    assert len({tuple(drawn(str(seed))) for seed in range(20)}) > 10
    assert set(drawn("7", LogQuery(events=("accepted",)))) == {4, 9, 14, 19}


def test_debtor_is_known_by_reference_with_or_without_creditor(filled: Log) -> None:
    with filled.database.reading() as connection:
        assert persons_of(connection, "D-2") == persons_of(connection, "acme/D-2") == (person(2),)
        with pytest.raises(UnknownDebtorError, match="no debtor 'D-99'"):
            persons_of(connection, "D-99")


def test_word_index_forgets_what_is_erased(filled: Log) -> None:
    with filled.database.writing() as connection:
        before = word_index.matching(connection, "mensaje", None, 10)
        word_index.forget(connection, [(before[0], search_text(connection, before[0]))])
        assert word_index.matching(connection, "mensaje", None, 10) == before[1:]


def search_text(connection, content_id: int) -> str:
    from sqlalchemy import select

    from dispatcher.database.tables.messages import contents

    return str(connection.scalar(select(contents.c.text).where(contents.c.id == content_id)))


def test_exceptions_report_lists_what_went_wrong(log: Log) -> None:
    from dispatcher.record.search_log import exceptions_report

    with log.database.writing() as connection:
        add_debtors(connection, 3)
        add_message(connection, 1)
        add_message(connection, 2, outcome="bounced")
        delivery_log.append(
            connection,
            [LogEntry(event="accepted", at=NOW, actor="run", as_of=(NOW - timedelta(days=3)).date())],
        )
    report = exceptions_report(log.database, LogQuery())
    assert {name: len(entries) for name, entries in report.items() if entries} == {"bounced": 1, "late": 1}
    other = exceptions_report(log.database, LogQuery(persons=(person(1),)))
    assert not any(other.values())


def test_search_finds_what_is_many_by_walking(filled: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    from dispatcher.record.storage import log_pointers

    few = [
        found(filled, template="first-reminder"),
        found(filled, state="delivered", creditor="acme"),
        found(filled, address="ana3@debtors.example"),
    ]
    monkeypatch.setattr(log_pointers, "FEW", 0)
    many = [
        found(filled, template="first-reminder"),
        found(filled, state="delivered", creditor="acme"),
        found(filled, address="ana3@debtors.example"),
    ]
    assert many == few


CREDITORS, CHANNELS = ("acme", "beta", None), ("email", "sms", None)
EVENTS = ("planned", "blocked", "accepted", "delivered")


def a_motley_log(log: Log, rng: random.Random) -> list[dict[str, object]]:
    """Entries of all kinds, many at one instant; what each should be found by."""
    with log.database.writing() as connection:
        add_debtors(connection, 4)
        entries, known = [], []
        for number in range(1, 181):
            rule = rng.choice(("contact-hours", "call-frequency")) if rng.random() < 0.4 else None
            entry = LogEntry(
                event=rng.choice(EVENTS), at=NOW + timedelta(minutes=rng.randrange(12)), actor=rng.choice(("ana", "run")),
                run_id=rng.choice((1, 2, None)), person=person(rng.randint(1, 4)), creditor=rng.choice(CREDITORS),
                channel=rng.choice(CHANNELS), template=rng.choice(("first-reminder", None)), template_version=rng.choice((1, 2, None)),
                reasons=({"pack": "us-regf", "rule": rule},) if rule else (),
            )  # fmt: skip
            entries.append(entry)
            known.append(
                {
                    "id": number, "at": entry.at, "events": entry.event, "run_id": entry.run_id, "persons": entry.person,
                    "creditor": entry.creditor, "channel": entry.channel, "template": entry.template,
                    "template_version": entry.template_version, "rule": rule, "actor": None if rule else entry.actor,
                }
            )  # fmt: skip
        delivery_log.append(connection, entries)
    return known


def fits(entry: dict[str, object], query: dict[str, object]) -> bool:
    for name, value in query.items():
        if name in {"since", "until"}:
            within = entry["at"] >= value if name == "since" else entry["at"] < value
            if not within:
                return False
        elif entry[name] not in (value if isinstance(value, tuple) else (value,)):
            return False
    return True


def pages_of(log: Log, query: dict[str, object], **bounds: int) -> list[int]:
    found, cursor = [], ""
    while True:
        with log.database.reading() as connection:
            page = search(connection, LogQuery(**query), cursor=cursor, **bounds)
        found += [entry.id for entry in page.entries]
        cursor = page.next
        if not cursor:
            return found


def test_search_finds_what_a_reader_of_the_whole_log_would_find_whatever_is_combined(log: Log) -> None:
    rng = random.Random(5)
    known = a_motley_log(log, rng)
    choices: dict[str, tuple[object, ...]] = {
        "events": (("accepted",), ("blocked", "planned")), "run_id": (1, 2), "persons": ((person(1),), (person(2), person(3))),
        "creditor": ("acme", "nobody"), "channel": ("sms",), "template": ("first-reminder",), "template_version": (2,),
        "rule": ("contact-hours",), "actor": ("ana",), "since": (NOW + timedelta(minutes=4),), "until": (NOW + timedelta(minutes=8),),
    }  # fmt: skip
    some = 0
    for _ in range(400 if DEEP else 40):
        names = rng.sample(sorted(choices), rng.randint(1, 3))
        query = {name: rng.choice(choices[name]) for name in names}
        wanted = [each for each in known if fits(each, query)]
        in_order = [
            each["id"] for each in sorted(wanted, key=lambda each: (each["at"], each["id"]), reverse=True)
        ]
        assert pages_of(log, query, limit=15) == in_order, query
        some += bool(in_order)
    assert some > 20


def test_search_that_may_ask_few_says_how_far_back_it_looked_and_goes_on(
    filled: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatcher.record.storage import log_pointers, log_search

    monkeypatch.setattr(log_pointers, "FEW", 0)
    monkeypatch.setattr(log_search, "ASKED_AT_FIRST", 2)
    monkeypatch.setattr(log_search, "ASKED_AT_ONCE", 2)
    query = {"state": "delivered", "words": "llamenos 1", "events": ("accepted",)}
    with filled.database.reading() as connection:
        page = search(connection, LogQuery(**query), at_most=2)
    assert page.entries == ()
    assert page.looked_back_to is not None
    assert page.looked_back_to[0] == NOW + timedelta(days=3, seconds=3)
    assert len(pages_of(filled, query, at_most=2, limit=50)) == 1
