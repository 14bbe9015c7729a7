"""Exports carry what is needed to check them, and nothing can be changed in them unseen."""

import csv
import json
import random
import re
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.domain.export_line import FIELDS, line_of
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage import evidence
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.verify.verify_export import NOT_CHECKED, verify
from tests.record.histories import NOW, Log, add_debtors, add_message, add_refusal, person


def source(log: Log) -> Source:
    return Source(database=log.database, keys=log.keys, journal=log.journal, actor="auditor", now=NOW)


@pytest.fixture
def filled(log: Log) -> Log:
    with log.database.writing() as connection:
        add_debtors(connection, 5)
        for number in (1, 2, 3, 4):
            add_message(connection, number)
        add_refusal(connection, 5)
    return log


def test_export_of_everything_verifies(filled: Log, tmp_path: Path) -> None:
    exported = export_evidence(source(filled), Scope(), tmp_path / "all.jsonl")
    assert exported.entries == 21
    assert verify(tmp_path / "all.jsonl", next(iter(filled.keys.public_keys().values()))) == (21, [])


def test_export_lines_have_every_field_and_positions_in_order(filled: Log, tmp_path: Path) -> None:
    export_evidence(source(filled), Scope(), tmp_path / "all.jsonl")
    *lines, end = map(json.loads, (tmp_path / "all.jsonl").read_text().splitlines())
    assert [line["position"] for line in lines] == list(range(1, 22))
    assert all(set(FIELDS) == set(line) for line in lines)
    assert lines[0]["debtor"] == "acme/D-1"
    assert lines[0]["local_time"] == "2026-03-02T10:00:00.000-05:00"
    assert len(end["public_keys"]) == len(end["seals"]) == 1


def test_export_of_one_debtor_proves_each_entry(filled: Log, tmp_path: Path) -> None:
    export_evidence(source(filled), Scope(persons=(person(2),)), tmp_path / "one.jsonl")
    *lines, _ = map(json.loads, (tmp_path / "one.jsonl").read_text().splitlines())
    assert {line["debtor"] for line in lines} == {"acme/D-2"}
    assert verify(tmp_path / "one.jsonl") == (5, [])


def test_export_logs_itself_after(filled: Log, tmp_path: Path) -> None:
    export_evidence(source(filled), Scope(), tmp_path / "first.jsonl")
    export_evidence(source(filled), Scope(), tmp_path / "second.jsonl")
    assert json.loads((tmp_path / "second.jsonl").read_text().splitlines()[-2])["event"] == "exported"


def test_export_of_a_period_takes_only_that_period(filled: Log, tmp_path: Path) -> None:
    scope = Scope(creditor="acme", since=NOW + timedelta(seconds=3), until=NOW + timedelta(seconds=60))
    export_evidence(source(filled), scope, tmp_path / "some.jsonl")
    *lines, _ = map(json.loads, (tmp_path / "some.jsonl").read_text().splitlines())
    assert [line["event"] for line in lines] == ["accepted"] * 4
    assert verify(tmp_path / "some.jsonl")[1] == []


def test_export_verifier_needs_only_python(filled: Log, tmp_path: Path) -> None:
    from dispatcher.record.pack_bundle import verifier_source

    export_evidence(source(filled), Scope(), tmp_path / "all.jsonl")
    (tmp_path / "verify.py").write_text(verifier_source())
    assert len(verifier_source().splitlines()) < 200
    verified = "21 entries verified: nothing changed, removed, inserted or moved\n"
    (key,) = filled.keys.public_keys().values()
    assert alone(tmp_path, key) == (0, verified)
    assert alone(tmp_path) == (0, f"{NOT_CHECKED}\n{verified}")


def alone(folder: Path, *key: str) -> tuple[int, str]:
    """What the stand-alone verifier answers of a folder's export, with a key from elsewhere or without."""
    command = [sys.executable, "-I", "-S", "verify.py", "all.jsonl", *key]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout


@pytest.mark.parametrize("scope", [Scope(), Scope(persons=(person(2),))], ids=["whole", "one debtor"])
def test_export_changed_in_any_value_fails(filled: Log, tmp_path: Path, scope: Scope) -> None:
    path = tmp_path / "all.jsonl"
    export_evidence(source(filled), scope, path)
    good = path.read_text().splitlines()
    for field in FIELDS:
        line = json.loads(good[3])
        line[field] = "x" if line[field] is None else None
        path.write_text(
            "\n".join([*good[:3], json.dumps(line, ensure_ascii=False, separators=(",", ":")), *good[4:]])
            + "\n"
        )
        findings = verify(path)[1]
        assert findings, field
        if not (field == "proof" and scope.is_everything):
            assert any("position" in each or "line 4" in each for each in findings), (field, findings)


def test_export_with_a_line_removed_moved_or_repeated_fails(filled: Log, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    export_evidence(source(filled), Scope(persons=(person(2),)), path)
    good = path.read_text().splitlines()
    for bad in (good[1:], [good[1], good[0], *good[2:]], [good[0], *good], [*good[:-2], good[-1]], good[:-1]):
        path.write_text("\n".join(bad) + "\n")
        assert verify(path)[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [('{"export":', '{ "export":'), ('"complete":true', '"complete":false,"complete":true'), ("\n", " \n")],
    ids=["a space", "a name twice", "a space at the end"],
)
def test_export_whose_last_line_is_written_otherwise_fails(
    sqlite_log: Log, tmp_path: Path, old: str, new: str
) -> None:
    with sqlite_log.database.writing() as connection:
        add_refusal(connection, 5)
    path = tmp_path / "all.jsonl"
    export_evidence(source(sqlite_log), Scope(), path)
    line, last = path.read_text().splitlines(keepends=True)
    path.write_text(line + last.replace(old, new))
    assert verify(path)[1] == ["last line: not written as exports write it"]
    path.write_text(line + last[:-5].upper() + last[-5:])
    assert verify(path)[1]
    signature = json.loads(last)["signature"]
    path.write_text(line + last.replace(signature, signature.upper()))
    assert verify(path)[1] == ["last line: wrong signature: what the export says of itself was changed"]


def test_export_with_a_line_that_is_nested_too_deep_fails(sqlite_log: Log, tmp_path: Path) -> None:
    with sqlite_log.database.writing() as connection:
        add_refusal(connection, 5)
    path = tmp_path / "all.jsonl"
    export_evidence(source(sqlite_log), Scope(), path)
    path.write_text("[" * 200_000 + "\n" + path.read_text().splitlines()[-1] + "\n")
    assert "line 1: not an entry" in verify(path)[1][0]


def test_export_signed_by_another_key_fails_when_the_key_is_known(filled: Log, tmp_path: Path) -> None:
    export_evidence(source(filled), Scope(), tmp_path / "all.jsonl")
    assert verify(tmp_path / "all.jsonl", "ab" * 32)[1] == [
        "the log is signed with another key than the public key given"
    ]


def test_export_as_csv_verifies_and_neutralises_formulas(
    sqlite_log: Log, tmp_path: Path, shared: Path
) -> None:
    from dispatcher.log.domain.log_entry import LogEntry
    from dispatcher.log.storage import delivery_log
    from dispatcher.record.verify.verify_file import verify_file

    vectors = json.loads((shared / "vectors" / "csv_injection.json").read_text())
    texts = [*vectors["payloads"], *vectors["legitimate_must_survive"]]
    with sqlite_log.database.writing() as connection:
        for text in texts:
            [(key, commitment)] = delivery_log.keep_personal(
                connection, [(person(1), {"debtor": text, "address": text})]
            )
            delivery_log.append(
                connection,
                [LogEntry(event="planned", at=NOW, actor=text, personal_id=key, commitment=commitment)],
            )
    path = tmp_path / "all.csv"
    export_evidence(source(sqlite_log), Scope(), path)
    assert verify_file(path) == (len(texts), [])
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for cell in (cell for row in rows for cell in row.values()):
        assert cell[:1] not in set("=@\t\r\n＝＋－＠"), cell
        assert cell[:1] not in {"+", "-"} or re.fullmatch(r"[+-]\d+(\.\d+)?", cell), cell
    assert [line_of(row)["debtor"] for row in rows] == texts
    changed = path.read_text().replace("Smith, John", "Smyth, John", 1)
    path.write_text(changed)
    assert verify_file(path)[1]


@pytest.mark.parametrize("seed", range(20))
def test_export_with_any_byte_changed_fails(sqlite_log: Log, tmp_path: Path, seed: int) -> None:
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 2)
        add_message(connection, 1)
    path = tmp_path / "all.jsonl"
    export_evidence(source(sqlite_log), Scope(), path)
    data, rng = bytearray(path.read_bytes()), random.Random(seed)
    place = rng.randrange(len(data) - 1)
    data[place] = rng.choice([value for value in b"0123456789abcxyz" if value != data[place]])
    path.write_bytes(bytes(data))
    assert verify(path)[1]


def test_export_follows_the_chain_over_a_new_key(filled: Log, tmp_path: Path) -> None:
    from dispatcher.record.change_key import rotate_key

    rotate_key(filled.database, filled.keys, filled.journal, now=NOW)
    with filled.database.writing() as connection:
        add_message(connection, 5)
    export_evidence(source(filled), Scope(), tmp_path / "all.jsonl")
    export_evidence(source(filled), Scope(persons=(person(5),)), tmp_path / "one.jsonl")
    for key in filled.keys.public_keys().values():
        assert verify(tmp_path / "all.jsonl", key) == (26, [])
        assert verify(tmp_path / "one.jsonl", key) == (6, [])
    text = (tmp_path / "all.jsonl").read_text()
    (tmp_path / "all.jsonl").write_text(text.replace('"next_key":"', '"next_key":"00', 1))
    assert verify(tmp_path / "all.jsonl")[1]


def test_export_is_written_in_pages(filled: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dispatcher.record.storage import evidence

    monkeypatch.setattr(evidence, "PAGE", 4)
    steps: list[tuple[int, int]] = []
    export_evidence(
        source(filled), Scope(), tmp_path / "all.jsonl", lambda done, of: steps.append((done, of))
    )
    assert steps == [(4, 21), (8, 21), (12, 21), (16, 21), (20, 21), (21, 21)]
    assert verify(tmp_path / "all.jsonl") == (21, [])


def test_export_of_an_empty_log_verifies(log: Log, tmp_path: Path) -> None:
    export_evidence(source(log), Scope(), tmp_path / "none.jsonl")
    [key] = log.keys.public_keys().values()
    assert verify(tmp_path / "none.jsonl", key) == (0, [])
    assert verify(tmp_path / "none.jsonl", "ab" * 32)[1]


def add_many(log: Log, count: int) -> None:
    entries = [
        LogEntry(
            event="blocked", at=NOW, actor="run", person=person(number % 9), creditor=("acme", "beta")[number % 2],
            zones=("America/New_York",), details={"number": number, "padding": "x" * 600},
        )
        for number in range(count)
    ]  # fmt: skip
    with log.database.writing() as connection:
        delivery_log.append(connection, entries)
    seal_log(log.database, log.keys, log.journal, now=NOW)


def peak_of_an_export(log: Log, out: Path, creditor: str | None) -> tuple[int, float]:
    """Entries exported, and the most memory (MiB) that was in use for it at one time."""
    tracemalloc.start()
    try:
        done = export_evidence(source(log), Scope(creditor=creditor), out)
        return done.entries, tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("suffix", "creditor"), [(".jsonl", None), (".csv", None), (".jsonl", "acme")])
def test_export_needs_no_more_memory_for_four_times_the_entries(
    sqlite_log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, creditor: str | None
) -> None:
    monkeypatch.setattr(evidence, "PAGE", 200)
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
    add_many(sqlite_log, 2_000)
    few, small = peak_of_an_export(sqlite_log, tmp_path / f"few{suffix}", creditor)
    for _ in range(3):
        add_many(sqlite_log, 2_000)
    many, large = peak_of_an_export(sqlite_log, tmp_path / f"many{suffix}", creditor)
    written = (tmp_path / f"many{suffix}").stat().st_size - (tmp_path / f"few{suffix}").stat().st_size
    assert many > 3.5 * few
    assert large - small < written / 2**20 / 8, (small, large)
