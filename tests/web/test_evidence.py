"""Files that show what was done, handed in on a page: kept by their digest, sealed, exported, and erased with the person."""

import hashlib

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import notices
from dispatcher.duties.do_duty import list_duties
from dispatcher.duties.note_duties import note_duties
from dispatcher.messages.domain.evidence_file import MOST_BYTES
from dispatcher.people.recording import Said
from dispatcher.record.erase_person import Erasure, erase_person
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.verify_log import verify_log
from tests.web.house import Desk, Web

RECEIPT = b"%PDF-1.4\n% a receipt of the post\n"
DIGEST = hashlib.sha256(RECEIPT).hexdigest()


def hand_in(
    desk: Desk, values: dict[str, str], data: bytes | None = RECEIPT, name: str = "receipt.pdf"
) -> str:
    files = (
        {"file": (name, data, "application/pdf")} if data is not None else {"file": ("", b"", "text/plain")}
    )
    return desk.said(desk.client.post("/evidence", data={"csrf": desk.csrf, **values}, files=files))


@pytest.fixture
def duty(web: Web) -> int:
    """Somebody has complained, and has to be answered."""
    house = web.house
    said = Said(now=house.now(), actor="test", source="letter")
    house.record("hold", "acme/A-1", said, {"kind": ("complaint",)})
    note_duties(house.database, house.policy, as_of=house.now().date(), now=house.now())
    return list_duties(house.database)[0].id


def test_a_duty_is_closed_on_its_page_with_the_file_that_shows_it(web: Web, duty: int) -> None:
    operator = web.signed_in("operator")
    assert f"/evidence?duty={duty}" in operator.page("/tasks?kind=duty")
    assert "What was done" in operator.page(f"/evidence?duty={duty}")
    assert "neither a PDF" in hand_in(
        operator, {"duty": str(duty), "outcome": "answered"}, b"MZ\x90\x00\xff", "a.exe"
    )
    assert "Done:" in hand_in(operator, {"duty": str(duty), "outcome": "answered by post"})
    assert f"/evidence/{DIGEST}" in operator.page("/tasks?kind=duty&done=yes")
    file = web.signed_in("auditor").get(f"/evidence/{DIGEST}")
    assert (file.content, file.headers["content-type"]) == (RECEIPT, "application/pdf")
    assert "attachment" in file.headers["content-disposition"]


def test_a_receipt_is_recorded_with_its_day_and_goes_with_the_person(web: Web) -> None:
    operator, house = web.signed_in("operator"), web.house
    assert "/evidence?debtor=acme/A-1" in operator.page("/people/acme/A-1")
    asked = {"debtor": "acme/A-1", "kind": "first_written", "channel": "letter", "sent_on": "2026-11-02"}
    assert "choose the file" in hand_in(operator, {**asked, "source": "post"}, None).lower()
    assert "where it comes from" in hand_in(operator, asked)
    assert "before the notice was sent" in hand_in(
        operator, {**asked, "source": "post", "received_on": "2026-11-01"}
    )
    assert "Recorded" in hand_in(operator, {**asked, "source": "post", "received_on": "2026-11-04"})

    with house.database.reading() as connection:
        [row] = connection.execute(select(notices)).all()
        [named] = connection.scalars(
            select(log_entries.c.person).where(log_entries.c.body_sha256 == DIGEST)
        ).all()
    assert (row.details["received_on"], row.details["proof"], row.details["proof_sha256"]) == (
        "2026-11-04", "receipt.pdf", DIGEST,
    )  # fmt: skip
    house.seal()
    keys, journal = SealingKeys(house.keys), SealJournal(house.home / "seals.jsonl")
    assert verify_log(house.database, keys, journal).findings == ()
    erase_person(house.database, named, Erasure(actor="test", now=house.real_now(), why="asked for"))
    assert web.signed_in("auditor").get(f"/evidence/{DIGEST}").status_code == 404
    house.seal()
    assert verify_log(house.database, keys, journal).findings == ()


def test_more_than_the_form_takes_is_refused_before_it_is_read(web: Web, duty: int) -> None:
    operator = web.signed_in("operator")
    files = {"file": ("scan.pdf", b"%PDF-" + b"x" * (MOST_BYTES + 2_000_000), "application/pdf")}
    answer = operator.client.post("/evidence", data={"csrf": operator.csrf, "duty": str(duty)}, files=files)
    assert answer.status_code == 413


def test_somebody_who_only_reads_hands_nothing_in(web: Web, duty: int) -> None:
    auditor = web.signed_in("auditor")
    files = {"file": ("receipt.pdf", RECEIPT, "application/pdf")}
    answer = auditor.client.post(
        "/evidence", data={"csrf": auditor.csrf, "duty": str(duty), "outcome": "x"}, files=files
    )
    assert answer.status_code == 403
