"""Proves on the spot that log entries are in their seals: leaf, path to the root, signature, personal values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.log_entry import commitment_of
from dispatcher.record.domain.seal import Tree, leaf_hash, proof_of, root_from_proof, tree_of
from dispatcher.record.storage import sealed_places, seals
from dispatcher.record.storage.sealed_places import PlacedEntry
from dispatcher.record.storage.sealing_keys import SealingKeys, known_key, signature_holds
from dispatcher.record.storage.seals import StoredSeal


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What was found for one entry. `problems` is empty where everything holds; `seal` None while unsealed."""

    entry_id: int
    event: str
    position: int | None
    seal: int | None
    sealed_at: datetime | None
    leaf: str
    path: tuple[str, ...]
    root: str
    key_id: str
    personal: str  # bound, erased, none
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the entry is sealed and everything about it is right."""
        return self.seal is not None and not self.problems


def prove_message(database: Database, keys: SealingKeys, message_id: str) -> list[Proof]:
    """A proof for each entry of a message."""
    with database.reading() as connection:
        return _prove(connection, keys, sealed_places.entries_of_message(connection, message_id))


def prove_entry(database: Database, keys: SealingKeys, entry_id: int) -> Proof | None:
    """A proof for one entry; None where there is none of that id."""
    with database.reading() as connection:
        placed = sealed_places.entry_at(connection, entry_id)
        return _prove(connection, keys, [placed])[0] if placed else None


def _prove(connection: Connection, keys: SealingKeys, entries: Sequence[PlacedEntry]) -> list[Proof]:
    known = keys.public_keys()
    trees = {number: _tree(connection, number) for number in {e.seal for e in entries if e.seal is not None}}
    return [_proof(entry, trees.get(entry.seal or 0), known) for entry in entries]


def _tree(connection: Connection, number: int) -> tuple[StoredSeal, Tree]:
    [seal] = seals.seals_after(connection, number - 1, limit=1)
    return seal, tree_of(seals.leaves_of(connection, seal.body))


def _proof(entry: PlacedEntry, found: tuple[StoredSeal, Tree] | None, known: Mapping[str, str]) -> Proof:
    leaf = leaf_hash(entry.entry)
    personal, problems = _personal(entry)
    if found is None or entry.position is None:
        return Proof(
            entry_id=entry.entry_id, event=entry.event, position=None, seal=None, sealed_at=None, leaf=leaf.hex(),
            path=(), root="", key_id="", personal=personal, problems=problems,
        )  # fmt: skip
    seal, tree = found
    body, index = seal.body, entry.position - seal.body.first_position
    path = proof_of(tree, index) if 0 <= index < len(tree[0]) else []
    if leaf.hex() != entry.leaf:
        problems += ("its content was changed: it does not give the hash that was sealed",)
    reached = root_from_proof(leaf, index, body.count, path) if 0 <= index < body.count else None
    if reached is None or reached.hex() != body.root:
        problems += (f"the path from it does not lead to the root of seal {body.number}",)
    key = known_key(known, body.key_id)
    if key is None or not signature_holds(key, seal.text, seal.signature):
        problems += (f"seal {body.number} is not signed by a key that we know",)
    return Proof(
        entry_id=entry.entry_id, event=entry.event, position=entry.position, seal=body.number, sealed_at=body.sealed_at,
        leaf=leaf.hex(), path=tuple(sibling.hex() for sibling in path), root=body.root, key_id=body.key_id,
        personal=personal, problems=problems,
    )  # fmt: skip


def _personal(entry: PlacedEntry) -> tuple[str, tuple[str, ...]]:
    """Whether the erasable values beside the entry are those it was sealed with."""
    commitment = json.loads(entry.entry).get("commitment")
    if commitment is None:
        return "none", ()
    if entry.salt is None or entry.values is None:
        return "erased", ()
    if commitment_of(entry.salt, entry.values) != commitment:
        return "changed", ("name, debts or address beside it were changed",)
    return "bound", ()
