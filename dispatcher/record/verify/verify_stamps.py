"""Verifies the time-stamps (RFC 3161) of an export's seals with nothing but Python and openssl.

Usage: python verify_stamps.py FILE.jsonl | FOLDER ROOTS.pem      the authority's root certificates, from elsewhere

First let verify.py say that the seals are the log's own: this only says when an authority saw them.
"""

import calendar
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def last_line(path: Path) -> dict[str, object]:
    """What stands at the end of an export."""
    file = path / "entries.jsonl" if path.is_dir() else path
    with file.open("rb") as lines:
        for line in lines:
            last = line
    return dict(json.loads(last))


def seen_at(answer: bytes, digest: str, roots: Path) -> tuple[str, str]:
    """(when, what is wrong) of one answer; its certificates must have been valid then, not now."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(answer)
        file.flush()
        told = _openssl("-reply", "-in", file.name, "-text").stdout
        when = re.search(r"^Time stamp: (\w+ +\d+ [\d:]+)[.\d]* (\d+) GMT", told, re.MULTILINE)
        if when is None:
            return "", "it is no time-stamp"
        stamped = " ".join(when.groups())
        at = calendar.timegm(time.strptime(stamped, "%b %d %H:%M:%S %Y"))
        where = ("-in", file.name, "-CAfile", str(roots), "-attime", str(at))
        done = _openssl("-verify", "-digest", digest, *where)
        return f"{stamped} GMT", "" if done.returncode == 0 else (
            done.stderr.strip().splitlines() or ["refused"]
        )[-1]


def _openssl(*words: str) -> "subprocess.CompletedProcess[str]":
    asked = ["openssl", "ts", *words]  # the one in PATH, with words of our own
    return subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 no shell reads them


def verify(path: Path, roots: Path) -> tuple[list[str], list[str]]:
    """(what was found right, what is wrong) of every time-stamp; one that names no seal is wrong."""
    end: dict[str, Any] = {**last_line(path)}  # read from JSON: of whatever shape the export has
    seals = {seal["body"]["number"]: seal["body"] for seal in end["seals"]}
    right, wrong = list[str](), list[str]()
    for stamp in end.get("time_stamps", []):
        text = json.dumps(seals.get(stamp["seal"]), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        when, problem = seen_at(
            bytes.fromhex(stamp["answer"]), hashlib.sha256(text.encode()).hexdigest(), roots
        )
        told = f"seal {stamp['seal']}: " + (
            f"its time-stamp does not hold: {problem}" if problem else f"seen on {when}"
        )
        (wrong if problem else right).append(told)
    return right, wrong


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    good, bad = verify(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join([*good, *bad] or ["no seal is time-stamped"]))  # noqa: T201 a script: this is its answer
    sys.exit(bool(bad))
