"""Letters for a print house: from the run into the spool, batches by age, size and cut-off, receipts back."""

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from channels.kind import ChannelKind
from dispatcher.database.tables.messages import messages
from dispatcher.delivery.outbound import outbound
from dispatcher.messages.storage import contents, outbox
from dispatcher.worker.daily_run import open_delivery_process
from dispatcher.worker.jobs import jobs_of
from dispatcher.worker.upkeep import PrintHouseError
from tests.outside_channels.conftest import OpenHome, Say
from tests.outside_channels.home import LETTER_ONLY, Home, Providers, new_home
from tests.shared import ROOT

SPOOL = {
    "provider": "spool",
    "batch_pieces": 4,
    "batch_minutes": 60,
    "cut_off": "21:00",
    "cut_off_zone": "UTC",
}


def people(count: int) -> tuple[str, ...]:
    return tuple(
        LETTER_ONLY.replace("L-1", f"L-{n}").replace("D-L1", f"D-L{n}").replace("7 Sample", f"{n} Sample")
        for n in range(1, count + 1)
    )


SETTINGS = {"rules": {"require_review": False}, "templates": {"source": "folder"}}


def spool_home(open_home: OpenHome, count: int) -> Home:
    home = open_home(rows=people(count), channels={"letter": SPOOL}, **SETTINGS)
    assert home.run() == {"sent": count}
    return home


def job(home: Home, name: str) -> str:
    """What the scheduler does at this minute."""
    with open_delivery_process(home.house) as process:
        return jobs_of(home.house, process)[name](home.now())


def batches(home: Home) -> list[Path]:
    return sorted((home.folder / "spool" / "batches").glob("*"))


def manifest(batch: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((batch / "manifest.json").read_text(encoding="utf-8"))
    return found


def pieces(home: Home) -> Counter[str]:
    """How many batches each piece is in."""
    return Counter(row["piece"] for batch in batches(home) for row in manifest(batch)["pieces"])


def ids(home: Home) -> Counter[str]:
    return Counter(row.id for row in home.rows(messages, channel="letter"))


def test_batches_close_by_size_and_the_rest_by_age(open_home: OpenHome) -> None:
    home = spool_home(open_home, 6)
    assert job(home, "batches") == "1 batches closed"
    assert [len(manifest(batch)["pieces"]) for batch in batches(home)] == [4]
    home.now.forward(minutes=59)
    assert job(home, "batches") == "0 batches closed"
    home.now.forward(minutes=1)
    assert job(home, "batches") == "1 batches closed"
    assert pieces(home) == ids(home)
    assert job(home, "batches") == "0 batches closed"


def test_a_batch_is_whole_before_the_house_collects(open_home: OpenHome) -> None:
    home = open_home(rows=people(1), channels={"letter": SPOOL}, **SETTINGS)
    home.now.at = datetime(2026, 11, 16, 20, 30, tzinfo=UTC)
    home.run()
    home.now.at = datetime(2026, 11, 16, 20, 49, tzinfo=UTC)
    assert job(home, "batches") == "0 batches closed"
    home.now.forward(minutes=1)
    assert job(home, "batches") == "1 batches closed"
    assert pieces(home) == ids(home)


def test_the_manifest_says_of_each_piece_what_the_pdf_holds(open_home: OpenHome) -> None:
    home = spool_home(open_home, 4)
    job(home, "batches")
    [batch] = batches(home)
    content, told = (batch / "letters.pdf").read_bytes(), manifest(batch)
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) == told["pages"] == sum(row["pages"] for row in told["pieces"])
    sent = {row.id: row for row in home.rows(messages, channel="letter")}
    for row in told["pieces"]:
        first = pages[row["first_page"] - 1].extract_text()
        number = row["address"][0].split()[0]
        assert f"{number} Sample Lane" in first
        assert f"D-L{number}" in first
        assert row["sha256"] == sent[row["piece"]].content_sha256
        assert row["name"] == "Lena Letter"
        assert "10001" in " ".join(row["address"])
    with (batch / "manifest.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["piece"] for row in table] == [row["piece"] for row in told["pieces"]]


def test_receipts_of_the_house_are_read_once_and_a_returned_piece_closes_its_address(
    open_home: OpenHome,
) -> None:
    home = spool_home(open_home, 2)
    letters = home.rows(messages, channel="letter")
    first, second = (row.id for row in letters)
    folder = home.folder / "spool" / "receipts"
    folder.mkdir()
    lines = [
        f"{first},mailed,2026-11-17T08:00:00+00:00,",
        f"{second},returned,2026-11-20T08:00:00+00:00,moved",
    ]
    for name in ("monday.csv", "monday-again.csv"):
        (folder / name).write_text("\n".join(("piece,event,at,reason", *lines)) + "\n", encoding="utf-8")
    assert job(home, "receipts") == "0 events read"  # a file that has just changed may still be growing
    home.real.forward(minutes=2)
    assert job(home, "receipts") == "2 events read"
    assert job(home, "receipts") == "0 events read"
    assert len(list((folder / "read").iterdir())) == 2
    assert [row.state for row in home.rows(messages, channel="letter")] == ["accepted", "returned"]
    assert home.events(first).count("mailed") == 1
    assert home.closed_addresses() == [letters[1].envelope["address_text"]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"what,is,this\n", "no column piece, event, at"),
        (b"piece,event,at\nm-1,ret\xe9,2026-11-17T08:00:00Z\n", "no UTF-8"),
        (b"piece,event,at\nm-1," + b"x" * 200_000 + b",2026-11-17T08:00:00Z\n", "no CSV: field larger"),
    ],
    ids=["columns", "Latin-1", "no CSV"],
)
def test_receipts_that_nobody_can_read_are_put_aside_and_told_once_the_others_are_read(
    content: bytes, why: str, open_home: OpenHome
) -> None:
    home = spool_home(open_home, 1)
    [letter] = home.rows(messages, channel="letter")
    folder = home.folder / "spool" / "receipts"
    folder.mkdir()
    (folder / "1-nonsense.csv").write_bytes(content)
    (folder / "2-good.csv").write_text(f"Piece,Event,At\n{letter.id},mailed,2026-11-17T08:00:00Z\n")
    home.real.forward(minutes=2)
    with pytest.raises(PrintHouseError, match=f"^1 events read; .*{why}"):
        job(home, "receipts")
    assert home.events(letter.id)[-1] == "mailed"
    assert len(list((folder / "unreadable").iterdir())) == 2  # the file and why
    assert job(home, "receipts") == "0 events read"


def test_a_piece_that_was_changed_behind_our_back_is_not_printed_and_a_person_is_told(
    open_home: OpenHome,
) -> None:
    home = spool_home(open_home, 2)
    changed, other = (row.id for row in home.rows(messages, channel="letter"))
    (home.folder / "spool" / "pieces" / f"{changed}.pdf").write_bytes(b"%PDF-1.7 of somebody else")
    home.now.forward(hours=1)
    for _ in range(2):  # it is told until somebody has looked
        with pytest.raises(PrintHouseError, match=f"nobody prints: {changed}$"):
            job(home, "batches")
    assert pieces(home) == Counter([other])


def test_dispatch_visits_the_print_house_where_no_scheduler_does(open_home: OpenHome, say: Say) -> None:
    home = spool_home(open_home, 4)
    [first, *_] = home.rows(messages, channel="letter")
    folder = home.folder / "spool" / "receipts"
    folder.mkdir()
    (folder / "today.csv").write_text(f"piece,event,at\n{first.id},mailed,2026-11-17T08:00:00Z\n")
    os.utime(folder / "today.csv", (0, 0))
    home.close()
    home.more = {}  # the command's environment says the same
    assert say(home, "dispatch") == (0, "nothing is due now\n")
    home.open()
    assert pieces(home) == ids(home)
    assert home.events(first.id)[-1] == "mailed"


def test_a_piece_that_is_handed_over_again_stays_in_its_one_batch(
    open_home: OpenHome, providers: Providers
) -> None:
    home = spool_home(open_home, 4)
    job(home, "batches")
    with home.house.database.reading() as connection:
        again = outbox.read(connection, list(ids(home)))
        bodies = contents.bodies(connection, {m.content_sha256 for m in again if m.content_sha256})
    for message in again:
        body = bodies[message.content_sha256 or ""]
        outcome = home.house.channel(ChannelKind.LETTER).send(
            outbound(message, body, not_after=None), now=home.now()
        )
        assert getattr(outcome, "note", "") == "already handed over"
    home.now.forward(hours=2)
    assert job(home, "batches") == "0 batches closed"
    assert pieces(home) == ids(home)


@pytest.fixture(scope="module")
def spooled(_providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed home whose four letters wait in the spool."""
    channels = {**_providers.settings(), "letter": SPOOL}
    home = new_home(tmp_path_factory.mktemp("spooled") / "home", channels, people(4), **SETTINGS)
    assert home.run() == {"sent": 4}
    home.close()
    return home.folder


DIE = """
import os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
import channels.letter.batch as batch

left = int(sys.argv[2])

def dies(real):
    def call(*args, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)
    return call

for name in ("write_durably", "sync_folder", "_publish", "_put_away", "_merged"):
    setattr(batch, name, dies(getattr(batch, name)))
now = datetime.fromisoformat(sys.argv[3])
batch.close_due_batches(Path(sys.argv[1]), now=now, max_pieces=4, max_age=timedelta(hours=1))
print("finished")
"""


def close_and_die(home: Home, after: int) -> bool:
    """Close batches in a process that is killed at its `after`-th step; whether it was."""
    command = [sys.executable, "-c", DIE, str(home.folder / "spool"), str(after), home.now().isoformat()]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("after", [0, 2, 4, 5, 7, 9, 11, 13])
def test_a_crash_while_a_batch_is_made_leaves_each_piece_in_exactly_one(
    after: int, spooled: Path, open_home: OpenHome
) -> None:
    home = open_home(copied=spooled, channels={"letter": SPOOL}, **SETTINGS)
    assert close_and_die(home, after)
    assert all((batch / "manifest.json").exists() for batch in batches(home))
    home.now.forward(hours=1)
    job(home, "batches")
    assert pieces(home) == ids(home)
    for batch in batches(home):
        content = (batch / "letters.pdf").read_bytes()
        assert hashlib.sha256(content).hexdigest() == manifest(batch)["sha256"]
