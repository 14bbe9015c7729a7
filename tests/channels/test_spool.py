"""Pieces become batches whole or not at all, and no crash prints a letter twice."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from channels.letter import batch as batch_module
from channels.letter.batch import Batch, close_batch, close_due_batches, next_cut_off
from channels.letter.spool import SpoolChannel, SpoolFolder
from channels.message import PostalAddress
from channels.outcome import Accepted, Rejected, Scope
from channels.settings import ChannelSettings
from tests.channels.conftest import NOW, US_HOME, a_letter, a_pdf

AGE = timedelta(hours=4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(root: Path) -> SpoolChannel:
    return SpoolChannel(ChannelSettings(provider="spool", spool=root))


def _due(root: Path, now: datetime, **more: object) -> list[Batch]:
    values: dict[str, object] = {"max_pieces": 100, "max_age": AGE, **more}
    return close_due_batches(root, now=now, **values)


def _manifest(batch: Batch) -> dict[str, object]:
    read: dict[str, object] = json.loads((batch.folder / "manifest.json").read_text())
    return read


def _all_pieces(root: Path) -> list[str]:
    manifests = (json.loads(path.read_text()) for path in (root / "batches").glob("*/manifest.json"))
    return sorted(piece["piece"] for manifest in manifests for piece in manifest["pieces"])


def test_batch_holds_every_page_and_a_manifest_that_adds_up(spool: SpoolChannel, root: Path):
    letters = [a_letter(f"m-{number}", body=a_pdf(number)) for number in (1, 2, 3)]
    for letter in letters:
        assert isinstance(spool.send(letter, now=NOW), Accepted)
    batch = close_batch(root, now=NOW)
    assert batch is not None
    pdf = (batch.folder / "letters.pdf").read_bytes()
    manifest = _manifest(batch)
    assert batch.pages == manifest["pages"] == len(PdfReader(io.BytesIO(pdf)).pages) == 6
    assert manifest["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert manifest["pieces"] == [
        {
            "batch": batch.batch_id,
            "piece": letter.message_id,
            "first_page": first,
            "pages": pages,
            "name": "Zoë Example",
            "address": list(US_HOME.lines),
            "postage_class": "standard",
            "sha256": hashlib.sha256(letter.body).hexdigest(),
        }
        for letter, first, pages in zip(letters, (1, 2, 4), (1, 2, 3), strict=True)
    ]


def test_batch_csv_says_the_same_and_runs_nothing_in_a_spreadsheet(spool: SpoolChannel, root: Path):
    address = PostalAddress(name='=HYPERLINK("http://x","y")', lines=("＝1+1", "Street, 5"), country="US")
    spool.send(a_letter("m-1", postal_address=address), now=NOW)
    batch = close_batch(root, now=NOW)
    assert batch is not None
    with (batch.folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == '\'=HYPERLINK("http://x","y")'
    assert row["address"] == "'＝1+1\nStreet, 5"
    assert (row["piece"], row["pages"], row["first_page"]) == ("m-1", "1", "1")


def test_batch_that_is_published_leaves_nothing_behind_but_cards(spool: SpoolChannel, root: Path):
    spool.send(a_letter("m-1"), now=NOW)
    close_batch(root, now=NOW)
    left = [
        path
        for path in root.rglob("*")
        if path.is_file() and "batches" not in path.parts and path.name != ".lock"
    ]
    assert left == [SpoolFolder(root).closed("m-1")]
    assert left[0].read_bytes() == b""  # who it went to is nobody's business any more
    assert close_batch(root, now=NOW) is None


@pytest.mark.parametrize(
    ("pieces", "minutes", "cut_off_in", "batches"),
    [
        (3, 0, None, []),
        (3, 239, None, []),
        (3, 240, None, [3]),
        (5, 0, None, [5]),
        (12, 0, None, [5, 5]),
        (12, 240, None, [5, 5, 2]),
        (3, 0, timedelta(minutes=11), []),
        (3, 0, timedelta(minutes=10), [3]),
        (3, 0, timedelta(0), [3]),
        (0, 0, timedelta(0), []),
    ],
)
def test_batch_closes_by_size_by_age_or_before_the_cut_off(
    pieces: int,
    minutes: int,
    cut_off_in: timedelta | None,
    batches: list[int],
    spool: SpoolChannel,
    root: Path,
):
    for number in range(pieces):
        spool.send(a_letter(f"m-{number:02}"), now=NOW)
    now = NOW + timedelta(minutes=minutes)
    made = _due(root, now, max_pieces=5, cut_off=now + cut_off_in if cut_off_in is not None else None)
    assert [len(batch.pieces) for batch in made] == batches


@pytest.mark.parametrize(
    ("now", "cut_off"),
    [
        ("2026-03-02T15:59:00-05:00", "2026-03-02T16:00:00-05:00"),
        ("2026-03-02T16:00:00-05:00", "2026-03-03T16:00:00-05:00"),
        ("2026-03-07T17:00:00-05:00", "2026-03-08T16:00:00-04:00"),  # the night the clocks change
    ],
)
def test_cut_off_is_the_next_one_on_the_clock_of_the_house(now: str, cut_off: str):
    found = next_cut_off(datetime.fromisoformat(now), clock_time(16), ZoneInfo("America/New_York"))
    assert found == datetime.fromisoformat(cut_off)


def test_piece_repeated_at_any_time_is_printed_once(spool: SpoolChannel, root: Path):
    letter = a_letter("m-1")
    spool.send(letter, now=NOW)
    assert spool.send(letter, now=NOW) == Accepted(provider_id="m-1", note="already handed over")
    close_batch(root, now=NOW)
    assert spool.send(letter, now=NOW + AGE) == Accepted(provider_id="m-1", note="already handed over")
    assert close_batch(root, now=NOW) is None
    assert _all_pieces(root) == ["m-1"]


class Crash(BaseException):
    """The power goes."""


STEPS = ["_claim", "_build", "_publish", "_put_away"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("collected", [False, True], ids=["waiting", "collected"])
def test_batch_interrupted_at_any_step_prints_each_piece_once(
    step: str,
    after: bool,
    collected: bool,
    spool: SpoolChannel,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    for number in range(3):
        spool.send(a_letter(f"m-{number}"), now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(batch_module, step, _crashing(getattr(batch_module, step), after=after))
        with pytest.raises(Crash):
            close_batch(root, now=NOW)
    for number in range(3):
        spool.send(a_letter(f"m-{number}"), now=NOW)
    house = _collect(root, tmp_path / "house") if collected else []
    close_batch(root, now=NOW)
    assert sorted(house + _all_pieces(root)) == ["m-0", "m-1", "m-2"]
    assert not list((root / "closing").iterdir())
    assert not list((root / "work").iterdir())


def _crashing(real: Callable[..., object], *, after: bool) -> Callable[..., object]:
    def step(*arguments: object) -> object:
        if after:
            real(*arguments)
        raise Crash

    return step


def _collect(root: Path, house: Path) -> list[str]:
    """The print house takes away what is published."""
    pieces = _all_pieces(root)
    for folder in list((root / "batches").glob("*")):
        house.mkdir(exist_ok=True)
        folder.rename(house / folder.name)
    return pieces


def test_batch_interrupted_between_two_moves_takes_the_pieces_back(
    spool: SpoolChannel, root: Path, monkeypatch: pytest.MonkeyPatch
):
    for number in range(3):
        spool.send(a_letter(f"m-{number}"), now=NOW)
    moves = iter(range(100))
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if "closing" in target.parts and next(moves) == 3:
            raise Crash
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(Crash):
            close_batch(root, now=NOW)
    assert isinstance(spool.look_up("m-1", to="", attempted_at=NOW), Accepted)
    close_batch(root, now=NOW)
    assert _all_pieces(root) == ["m-0", "m-1", "m-2"]


def test_batches_made_by_two_processes_share_no_piece(spool: SpoolChannel, root: Path):
    for number in range(20):
        spool.send(a_letter(f"m-{number:02}"), now=NOW)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: close_batch(root, now=NOW, max_pieces=7), range(4)))
    assert _all_pieces(root) == [f"m-{number:02}" for number in range(20)]


@pytest.mark.parametrize("body", [b"", b"no pdf", b"%PDF-1.7\n"])
def test_piece_that_no_printer_could_read_is_rejected_at_once(body: bytes, spool: SpoolChannel, root: Path):
    outcome = spool.send(a_letter("m-1", body=body), now=NOW)
    assert isinstance(outcome, Rejected)
    assert outcome.scope is Scope.MESSAGE
    assert not list(root.rglob("*.pdf"))


@pytest.mark.parametrize("more", [{"postal_address": None}, {"message_id": "../m-1"}])
def test_piece_without_address_or_plain_id_is_rejected(more: dict[str, object], spool: SpoolChannel):
    assert isinstance(spool.send(a_letter(**more), now=NOW), Rejected)
