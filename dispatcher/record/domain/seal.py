"""The arithmetic of seals: Merkle trees over entries, inclusion proofs, and the chain of signed bodies.

Trees are those of RFC 6962 section 2.1: leaves and nodes are hashed with different first bytes, so that a
node can never pass for an entry.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.values.canonical import canonical_json
from dispatcher.values.instants import instant_text

EMPTY_ROOT = hashlib.sha256(b"").digest()
NO_SEAL = "0" * 64  # what the first seal names as its predecessor
FORMAT = "debt-dispatcher seal 1"

Tree = list[list[bytes]]


def leaf_hash(entry: str) -> bytes:
    """Hash an entry's canonical text as a leaf."""
    return hashlib.sha256(b"\x00" + entry.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children as their parent."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_of(leaves: Sequence[bytes]) -> Tree:
    """Build all levels, leaves first; a node without a sibling rises unchanged."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(above + below[len(below) - len(below) % 2 :])
    return levels


def root_of(tree: Tree) -> bytes:
    """Return the root; that of no entries is the hash of nothing."""
    return tree[-1][0] if tree[-1] else EMPTY_ROOT


def proof_of(tree: Tree, index: int) -> list[bytes]:
    """List the siblings from the leaf up that prove its place in the tree."""
    siblings = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        index //= 2
    return siblings


def root_from_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Recompute the root from a leaf and its siblings; None where the proof has the wrong length."""
    siblings = iter(proof)
    node = leaf
    while size > 1:
        if index ^ 1 < size:
            sibling = next(siblings, None)
            if sibling is None:
                return None
            node = node_hash(sibling, node) if index & 1 else node_hash(node, sibling)
        index, size = index // 2, (size + 1) // 2
    return node if next(siblings, None) is None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class SealBody:
    """What a seal states and the key signs.

    `settled_id`: no entry with an id up to this one can appear after this seal. `next_key` (public, hex)
    hands the chain over to another key: the seals after this one are signed by it. Where the key was lost,
    `replaces_key` (its id) and `why` say that this seal begins with a key that the one before never named.
    """

    number: int
    first_position: int
    last_position: int
    root: str
    previous: str
    sealed_at: datetime
    key_id: str
    settled_id: int
    next_key: str | None = None
    replaces_key: str | None = None
    why: str | None = None

    @property
    def count(self) -> int:
        """How many entries it covers."""
        return self.last_position - self.first_position + 1

    def canonical(self) -> str:
        """Return the text that is signed and whose hash the next seal names."""
        document: dict[str, Any] = {
            "count": self.count,
            "first_position": self.first_position,
            "format": FORMAT,
            "key_id": self.key_id,
            "last_position": self.last_position,
            "number": self.number,
            "previous": self.previous,
            "root": self.root,
            "sealed_at": instant_text(self.sealed_at),
            "settled_id": self.settled_id,
        }
        for name in ("next_key", "replaces_key", "why"):
            if getattr(self, name):
                document[name] = getattr(self, name)
        return canonical_json(document)

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "SealBody":
        """Read a body back; raises KeyError or ValueError on what is none."""
        return cls(
            number=int(document["number"]),
            first_position=int(document["first_position"]),
            last_position=int(document["last_position"]),
            root=str(document["root"]),
            previous=str(document["previous"]),
            sealed_at=datetime.fromisoformat(document["sealed_at"]),
            key_id=str(document["key_id"]),
            settled_id=int(document["settled_id"]),
            next_key=document.get("next_key"),
            replaces_key=document.get("replaces_key"),
            why=document.get("why"),
        )


def body_hash(body: str) -> str:
    """Hash a canonical body (hex): what the next seal calls `previous`."""
    return hashlib.sha256(body.encode()).hexdigest()


def key_id_of(public_key: str) -> str:
    """Name a public key (hex) by the first 16 digits of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]
