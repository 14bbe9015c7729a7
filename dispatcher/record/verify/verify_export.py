"""Verifies an export of the delivery log with nothing but Python: no database, no network, nothing installed.

Usage: python verify.py FILE.jsonl | FOLDER [PUBLIC_KEY]      the key in hex, or a file that holds it
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

NOT_SEALED = {"position", "hash", "seal", "proof", "debtor", "debts", "address", "personal", "salt"}
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of Ed25519, RFC 8032
D, ROOT_OF_MINUS_1 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NOT_CHECKED = "KEY NOT CHECKED: the export's own key was believed, and whoever forges an export brings one along. Give PUBLIC_KEY from elsewhere."  # fmt: skip  # noqa: E501


class Check:
    """One verification of lines of JSON under a last line; `findings` says what is wrong and where."""

    def __init__(self, last_line: bytes, trusted: str, bodies_kept: set[str] | None = None) -> None:
        self.end, self.trusted, self.kept = json.loads(last_line), trusted, bodies_kept
        self.whole, self.templates = self.end["export"]["complete"], dict[str, str]()
        self.findings, self.leaves, self.seals = list[str](), list[bytes](), list[dict[str, Any]]()
        self.missing, self.erased = dict[tuple[str, Any], int](), set[tuple[str, Any]]()
        self.count, self.before, self.current, self.notes = 0, 0, 0, list[str]()
        if f"{json.dumps(self.end, ensure_ascii=False, separators=(',', ':'))}\n".encode() != last_line:
            self.findings.append("last line: not written as exports write it")

    def run(self, lines: Iterable[bytes | str], digest: str) -> None:
        """Check everything."""
        self._check_seals()
        for number, line in enumerate(lines, start=1):
            try:
                self._check_entry(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                self.findings.append(f"line {number}: not an entry ({type(error).__name__}: {error})")
        self._close_seals(before=1 << 63)
        for (kind, name), position in self.missing.items():
            if (kind, name) not in self.erased:
                self._say(position, f"{name} of its {kind} is missing, and no entry says that it was erased")
        if (self.count, digest) != (self.end["export"]["entries"], self.end["export"]["sha256"]):
            self.findings.append("the lines are not those exported: some were added, removed or changed")

    def _say(self, position: int, what: str) -> None:
        self.findings.append(f"entry at position {position}: {what}")

    def _check_seals(self) -> None:
        keys = {_sha(bytes.fromhex(key)).hex()[:16]: key for key in self.end["public_keys"]}
        begins = self.end["seals"][0]["body"]["key_id"] if self.end["seals"] else min(keys, default="")
        previous, position = "0" * 64, 0
        key = first = keys.get(begins)
        for number, seal in enumerate(self.end["seals"], start=1):
            body = seal["body"]
            if [body["number"], body["previous"], body["first_position"]] != [number, previous, position + 1]:
                self.findings.append(f"seal {number}: the chain is broken: a seal was changed or removed")
            if body.get("replaces_key"):  # the key was lost: a new part of the chain begins
                first = key = keys.get(body["key_id"])
                told = f"seal {number}: KEY REPLACED on {body['sealed_at']} because: {body['why']}"
                self.notes.append(f"{told}; no earlier key vouches for it: compare {key} with another source")
            text, known = canonical(body), keys.get(body["key_id"])
            if not key or known != key or not signature_holds(key, text, seal["signature"]):
                self.findings.append(f"seal {number}: wrong signature or wrong key")
            previous, position = _sha(text.encode()).hex(), body["last_position"]
            key = body.get("next_key", key)
            self.seals.append(body)
        signed = canonical({name: value for name, value in self.end.items() if name != "signature"})
        if not key or not signature_holds(key, signed, self.end["signature"]):
            self.findings.append("last line: wrong signature: what the export says of itself was changed")
        self.notes += ["time-stamped: verify_stamps.py checks that"][: len(self.end.get("time_stamps", []))]
        if self.trusted and self.trusted not in (first, key):
            self.findings.append("the log is signed with another key than the public key given")

    def _check_entry(self, line: dict[str, Any]) -> None:
        position = int(line["position"])
        if position <= self.before or (self.whole and position != self.before + 1):
            self._say(position, f"it follows {self.before}: entries were removed, inserted or moved")
        self.before, self.count = position, self.count + 1
        entry = {name: value for name, value in line.items() if name not in NOT_SEALED and value is not None}
        leaf = _sha(b"\x00" + canonical(entry).encode())
        if leaf.hex() != line["hash"]:
            self._say(position, "its content was changed (it does not give its hash)")
        self._check_place(line, position, leaf)
        values = {name: line[name] for name in ("debtor", "debts", "address") if line[name] is not None}
        values |= line["personal"] or {}
        if not values and line["salt"] is None:
            self.missing |= {("personal", line["personal_id"]): position} if line.get("commitment") else {}
        elif _sha(f"{line['salt']}\n{canonical(values)}".encode()).hex() != line.get("commitment"):
            self._say(position, "debtor, debts, address or other personal values were changed")
        if self.kept is not None and line.get("body_sha256") and line["body_sha256"] not in self.kept:
            self.missing["bodies", line["body_sha256"]] = position
        details = line["details"] or {}
        if line["event"] == "erased":
            self.erased |= {(kind, name) for kind in ("personal", "bodies") for name in details[kind]}
        if "template_sha256" in details:
            self.templates[f"{line['template']}@{line['template_version']}"] = details["template_sha256"]

    def _check_place(self, line: dict[str, Any], position: int, leaf: bytes) -> None:
        self._close_seals(before=position)
        self.leaves.append(leaf)
        body = self.seals[self.current] if self.current < len(self.seals) else None
        if body is None or line["seal"] != body["number"] or position < body["first_position"]:
            self._say(position, f"no seal covers it (it names seal {line['seal']})")
        elif not self.whole:
            index = position - body["first_position"]
            if _root_from_proof(leaf, index, body["count"], line["proof"] or []) != body["root"]:
                self._say(position, f"it is not in seal {body['number']} at this position")

    def _close_seals(self, before: int) -> None:
        while self.current < len(self.seals) and self.seals[self.current]["last_position"] < before:
            if self.whole and _root_of(self.leaves) != self.seals[self.current]["root"]:
                self.findings.append(f"seal {self.current + 1}: its entries do not give its root")
            self.current, self.leaves = self.current + 1, []


def canonical(value: object) -> str:
    """Write RFC 8785 JSON (the log holds no floats and only ASCII names)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _root_of(level: list[bytes]) -> str:  # RFC 6962: a node without a sibling rises unchanged
    while len(level) > 1:
        odd = level[len(level) - len(level) % 2 :]
        level = [_sha(b"\x01" + left + right) for left, right in zip(level[::2], level[1::2])] + odd  # noqa: B905 the odd one follows
    return (level[0] if level else _sha(b"")).hex()


def _root_from_proof(node: bytes, index: int, size: int, proof: list[str]) -> str:
    siblings = iter(map(bytes.fromhex, proof))
    while size > 1:
        if (sibling := next(siblings, b"") if index ^ 1 < size else None) is not None:
            node = _sha(b"\x01" + (sibling + node if index & 1 else node + sibling))
        index, size = index // 2, (size + 1) // 2
    return node.hex() if next(siblings, None) is None else "the proof is too long"


def _add(a: Point, b: Point) -> Point:  # extended coordinates, RFC 8032 section 5.1.4
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (d - c) % P, (d + c) * (f + e) % P, (d - c) * (d + c) % P, (f - e) * (f + e) % P


def _times(scalar: int, point: Point) -> Point:
    half = _times(scalar >> 1, _add(point, point)) if scalar else (0, 1, 1, 0)
    return _add(half, point) if scalar & 1 else half


def _point(data: bytes) -> Point:
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or y >= P or (x == 0 and odd):
        raise ValueError("not a point of the curve")
    return (x, y, 1, x * y % P) if x & 1 == odd else (P - x, y, 1, (P - x) * y % P)


def signature_holds(key: str, text: str, signature: str) -> bool:
    """Verify an Ed25519 signature (RFC 8032) over UTF-8 text; key and signature in hex."""
    try:
        public, r, s = bytes.fromhex(key), bytes.fromhex(signature)[:32], bytes.fromhex(signature)[32:]
        challenge = int.from_bytes(hashlib.sha512(r + public + text.encode()).digest(), "little") % ORDER
        left = _times(scalar := int.from_bytes(s, "little"), _point(bytes([88] + [102] * 31)))
        right = _add(_point(r), _times(challenge, _point(public)))
    except (ValueError, IndexError):
        return False
    if (public.hex(), (r + s).hex(), len(public), len(s)) != (key, signature, 32, 32) or scalar >= ORDER:
        return False
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def _check_files(folder: Path, said: dict[str, str], templates: dict[str, str]) -> list[str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path != folder / "entries.jsonl"]
    found = {path.relative_to(folder).as_posix(): _sha(path.read_bytes()).hex() for path in paths}
    wrong = {name for name, _ in found.items() ^ said.items()}
    for name, digest in found.items():  # entries name bodies and rule packs by their hashes
        named = Path(name).stem.rpartition("-")[2] if name.startswith(("bodies/", "rule_packs/")) else ""
        wrong |= set() if digest.startswith(named) else {name}
    for name, digest in templates.items():
        place = f"templates/{name}/"
        files = {path.removeprefix(place): found[path] for path in found if path.startswith(place)}
        wrong |= set() if _sha(canonical(files).encode()).hex() == digest else {place}
    return [f"{name}: this file of the bundle was changed, removed or added" for name in sorted(wrong)]


def verify(path: Path, trusted: str = "", notes: list[str] | None = None) -> tuple[int, list[str]]:
    """Verify a .jsonl export or a bundle; returns (entries, findings), and adds what else to read to `notes`."""
    file = path / "entries.jsonl" if path.is_dir() else path
    digest, last = hashlib.sha256(), b""
    try:
        with file.open("rb") as lines:
            for line in lines:
                digest.update(last)
                last = line
            check = Check(last, trusted, {e.stem for e in path.glob("bodies/*")} if path.is_dir() else None)
            lines.seek(0)
            check.run(iter(lines.readline, last), digest.hexdigest())
        if path.is_dir():
            check.findings += _check_files(path, check.end["export"]["files"], check.templates)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return 0, [f"{path}: not an export, or its last line was changed ({type(error).__name__}: {error})"]
    (notes if notes is not None else []).extend(check.notes)
    return check.count, check.findings


if __name__ == "__main__":
    given = "".join(sys.argv[2:]) if len(sys.argv) in {2, 3} else sys.exit(__doc__)
    key = Path(given).read_text().strip() if given and Path(given).exists() else given
    remarks = [] if key else [NOT_CHECKED]
    total, problems = verify(Path(sys.argv[1]), key, remarks)
    print("\n".join(remarks + (problems or [f"{total} entries verified: nothing changed, removed, inserted or moved"])))  # noqa: T201 # fmt: skip
    sys.exit(bool(problems))
