"""The page on which backups, retention, a person's own file and erasing stand, for those who may."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_wish import no_score, record_wish
from dispatcher.people.recording import Said
from dispatcher.record.backup_database import backup_database
from dispatcher.record.drill_restore import drill_restore
from dispatcher.record.export_evidence import Source
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.subject_access import subject_access
from dispatcher.treatment.domain.facts import Fact
from dispatcher.treatment.domain.scorecard import Attribute, Range, Scorecard
from tests.web.house import NOW, Web


def name_of(web: Web, reference: str) -> str:
    with web.house.database.reading() as connection:
        return str(connection.scalar(select(debtors.c.name).where(debtors.c.reference == reference)))


def test_who_looks_sees_whether_a_backup_would_serve(open_web: Callable[..., Web], tmp_path: Path) -> None:
    assert "Nobody has said where backups lie" in open_web().signed_in("auditor").page("/keeping")
    web = open_web(backup_folder=tmp_path / "backups")
    auditor, house = web.signed_in("auditor"), web.house
    text = auditor.page("/keeping")
    assert "No backup lies" in text
    assert "never practised" in text
    house.seal()
    file = tmp_path / "backups" / "monday" / "dispatcher.db"
    journal = SealJournal(house.home / "seals.jsonl")
    backup_database(house.database, SealingKeys(house.keys), journal, file, now=house.real_now())
    now, scratch = house.real_now(), house.home / "drill"
    drill_restore(house.database, house.keys, tmp_path / "backups", scratch, now=now, actor="test")

    text = auditor.page("/keeping")
    assert "monday/dispatcher.db" in text
    assert "would serve" in text
    file.write_bytes(b"no database")
    drill_restore(house.database, house.keys, tmp_path / "backups", scratch, now=now, actor="test")
    text = auditor.page("/keeping")
    assert "would not serve" in text
    assert "damaged" in text


def test_the_periods_of_the_file_and_their_sources_are_shown(web: Web) -> None:
    text = web.signed_in("admin").page("/keeping")
    assert "12 CFR 1006.100(a)" in text
    assert "everywhere else" in text
    assert "Somebody asks what we hold" not in text  # that is an auditor's


CARD = Scorecard(
    name="plain",
    version="1",
    made_on=date(2026, 1, 2),
    base=500,
    percent_at_base=Decimal(50),
    double=40,
    attributes=(
        Attribute(
            fact=Fact.OVERDUE_DEBTS,
            ranges=(Range(below=Decimal(1), points=60), Range(below=None, points=-60)),
            fair_because="It is what is open.",
        ),
    ),
    bands=(),
    about="paid within 30 days",
    approved_by="Mia Ng",
    in_use=True,
)


def test_points_stand_on_a_persons_page_and_in_their_file_where_a_card_is_in_use(
    web: Web, tmp_path: Path
) -> None:
    auditor, policy = web.signed_in("auditor"), web.house.policy
    assert "Points by scorecard" not in auditor.page("/people/acme/A-1")
    web.house.__dict__["policy"] = replace(policy, scorecard=CARD)
    shown = auditor.page("/people/acme/A-1")
    assert "Points by scorecard plain" in shown
    assert "440 points" in shown
    assert "-60" in shown

    source = Source(
        database=web.house.database,
        keys=SealingKeys(web.house.keys),
        journal=SealJournal(web.house.home / "seals.jsonl"),
        actor="test",
        now=web.house.now(),
    )

    def score_in(name: str, card: Scorecard | None) -> Any:
        with web.house.database.reading() as connection:
            person = connection.scalar(select(debtors.c.person).where(debtors.c.reference == "A-1")) or ""
        subject_access(source, person, tmp_path / name, scorecard=card)
        with zipfile.ZipFile(tmp_path / name) as packed:
            inside = next(each for each in packed.namelist() if each.endswith("about_you.json"))
            return json.loads(packed.read(inside)).get("score")

    answer = score_in("with.zip", CARD)
    assert answer["debts"][0]["score"] == 440
    assert "You may object" in "\n".join(answer["text"])
    assert "Mia" not in json.dumps(answer), "who of the desk approved it is not theirs to know"
    assert score_in("off.zip", None) is None
    said = Said(now=web.house.now(), actor="test", source="a call")
    record_wish(web.house.database, "acme/A-1", said, [no_score()], read=pytest.fail)
    assert "An objection stands" in auditor.page("/people/acme/A-1")
    assert {debt["score"] for debt in score_in("objected.zip", CARD)["debts"]} == {None}


def test_an_auditor_writes_a_persons_file_and_nobody_elses_is_in_it(web: Web) -> None:
    with web.visitor() as inside:  # jobs end with the site
        auditor = web.signed_in("auditor")
        inside.cookies.update(auditor.client.cookies)
        answer = auditor.post("/keeping/answers", {"debtor": "acme/A-1"})
        assert answer.status_code == 303
        job = answer.headers["location"]
        while "Refresh" in auditor.get(job).headers or "refresh" in auditor.get(job).headers:
            pass  # a job that hangs is silent for two minutes, then "interrupted"
        packed = zipfile.ZipFile(io.BytesIO(auditor.get(f"{job}/file").content))
    about = packed.read(next(name for name in packed.namelist() if name.endswith("about_you.json"))).decode()
    assert "Ana" in about
    assert "Promising Paul" not in about
    assert auditor.post("/keeping/answers", {"debtor": "acme/nobody"}).status_code == 422


def test_an_admin_erases_after_seeing_what_goes_and_repeating_the_name(web: Web) -> None:
    admin = web.signed_in("admin")
    asked = {"debtor": "acme/A-1", "why": "request of 2026-11-16"}
    shown = admin.post("/keeping/erasures", asked)
    assert shown.status_code == 200
    assert "would go" in shown.text
    assert name_of(web, "A-1") != ""
    assert admin.post("/keeping/erasures", {**asked, "sure": "A-1"}).status_code == 422
    assert admin.post("/keeping/erasures", {"debtor": "acme/A-1", "why": ""}).status_code == 422
    assert name_of(web, "A-1") != ""

    said = admin.said(admin.post("/keeping/erasures", {**asked, "sure": "acme/A-1"}))

    assert "Erased: acme/A-1" in said
    assert name_of(web, "A-1") == ""


@pytest.mark.parametrize("role", ["operator", "auditor", "manager", "approver"])
def test_nobody_else_erases(web: Web, role: str) -> None:
    desk = web.signed_in(role)
    body = {"debtor": "acme/A-1", "why": "x", "sure": "acme/A-1"}
    assert desk.post("/keeping/erasures", body).status_code == 403
    assert name_of(web, "A-1") != ""


def test_a_legal_hold_wins_over_an_erasure(web: Web) -> None:
    record_hold(web.house.database, "acme/A-1", "legal", Said(now=NOW, actor="test", source="court"))
    admin = web.signed_in("admin")
    refused = admin.post("/keeping/erasures", {"debtor": "acme/A-1", "why": "x", "sure": "acme/A-1"})
    assert (refused.status_code, "legal hold" in refused.text) == (422, True)
    assert name_of(web, "A-1") != ""
