"""Checks the seals: numbers, positions, hashes, signatures, keys, and the file beside the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.database.types import instant
from dispatcher.record.domain.seal import NO_SEAL, SealBody, body_hash, key_id_of
from dispatcher.record.storage.log_audit import Rows
from dispatcher.record.storage.seal_journal import JournalLine, JournalProblemError, SealJournal
from dispatcher.record.storage.sealing_keys import KeyProblemError, SealingKeys, known_key, signature_holds
from dispatcher.values.instants import instant_text


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def replaced_keys(bodies: Sequence[SealBody]) -> list[str]:
    """Say where the chain goes on with a key that the one before never named: lawful, never to be overlooked."""
    return [
        f"seal {body.number}: KEY REPLACED on {body.sealed_at:%Y-%m-%d %H:%M} UTC because: {body.why}. Key "
        f"{body.replaces_key} did not sign this: only key {body.key_id} vouches for it and what follows; compare "
        "its public key with one from another source"
        for body in bodies
        if body.replaces_key
    ]


def check_seals(rows: Rows, keys: SealingKeys) -> tuple[list[SealBody], list[Finding]]:
    """Check the rows of all seals; returns the bodies that could be read, with the findings."""
    bodies: list[SealBody] = []
    findings: list[Finding] = []
    try:
        known = keys.public_keys()
    except KeyProblemError as problem:
        return bodies, [Finding("keys", str(problem))]
    previous, key_id = NO_SEAL, None
    for number, row in enumerate(rows, start=1):
        body, wrong = _check_seal(row, known, key_id)
        if body is not None:
            first = bodies[-1].last_position + 1 if bodies else 1
            wrong += _check_links(body, number, previous, first)
            previous, key_id = body_hash(row.body), _following_key(body)
            bodies.append(body)
        findings += [Finding(f"seal {row.number}", what) for what in wrong]
    return bodies, findings + _check_signing_key(keys, key_id)


def _check_seal(row: Any, known: Mapping[str, str], key_id: str | None) -> tuple[SealBody | None, list[str]]:
    try:
        body = SealBody.parse(json.loads(row.body))
    except (ValueError, KeyError, TypeError) as error:
        return None, [f"its body cannot be read ({error})"]
    wrong = []
    if body.canonical() != row.body:
        wrong.append("its body was changed: it is not in canonical form")
    wrong += [
        f"column {name} says {getattr(row, name)!r}, the signed body {getattr(body, name)!r}"
        for name in ("number", "first_position", "last_position", "root", "previous", "key_id")
        if getattr(body, name) != getattr(row, name)
    ]
    if instant(row.sealed_at) != body.sealed_at:
        wrong.append(f"column sealed_at says {row.sealed_at}, the signed body {instant_text(body.sealed_at)}")
    if row.hash != body_hash(row.body):
        wrong.append("column hash is not the hash of the body")
    if key_id is not None and body.key_id != key_id and not (body.replaces_key == key_id and body.why):
        wrong.append(f"it is signed by key {body.key_id}; the chain wants {key_id}")
    public = known_key(known, body.key_id)
    if public is None:
        wrong.append(f"its public key {body.key_id}.pub is missing or was changed")
    elif not signature_holds(public, row.body, row.signature):
        wrong.append("wrong signature")
    return body, wrong


def _check_links(body: SealBody, number: int, previous: str, first: int) -> list[str]:
    wrong = []
    if body.number != number:
        wrong.append(f"seal {number} is expected here: one was removed or inserted")
    if body.previous != previous:
        wrong.append("the chain is broken: it does not name the hash of the seal before it")
    if body.first_position != first or body.count < 0:
        wrong.append(f"it begins at position {body.first_position} where {first} is expected")
    return wrong


def _following_key(body: SealBody) -> str:
    return key_id_of(body.next_key) if body.next_key else body.key_id


def _check_signing_key(keys: SealingKeys, key_id: str | None) -> list[Finding]:
    if key_id is None or not (keys.folder / "signing.key").exists():
        return []
    try:
        keys.signing(key_id)
    except KeyProblemError as problem:
        return [Finding("signing key", str(problem))]
    return []


def check_journal(journal: SealJournal, bodies: Sequence[SealBody], given_up: set[str]) -> list[Finding]:
    """Compare with the file outside the database: it shows a log that was cut short."""
    try:
        lines = journal.lines()
    except JournalProblemError as problem:
        return [Finding("seals file", str(problem))]
    expected = {
        line.hash: line
        for line in (
            JournalLine(
                number=body.number,
                hash=body_hash(body.canonical()),
                root=body.root,
                last_position=body.last_position,
            )
            for body in bodies
        )
    }
    findings = [
        Finding(
            f"seal {line.number}",
            f"{journal.path} knows it (to position {line.last_position}, hash {line.hash}), the database does "
            "not: the log was cut or changed",
        )
        for line in lines
        if expected.get(line.hash) != line and line.hash not in given_up
    ]  # fmt: skip
    written, newest = {line.hash for line in lines}, max((line.number for line in lines), default=0)
    return findings + [
        Finding(f"seal {line.number}", f"its line is missing in {journal.path}")
        for line in expected.values()
        if line.hash not in written and line.number <= newest
    ]
