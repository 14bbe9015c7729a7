"""`dispatcher decide`: contact facts in, decisions out, as JSON lines."""

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from dispatcher import resources
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.questions import answer_json, held
from dispatcher.settings import load_settings

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="JSON lines of {id, facts}, or one JSON array; - reads standard input."
    ),
]


def decide(file: File) -> None:
    """Ask the gate: one answer a line, in the order of the questions. Exit 1 when a line was no JSON.

    Each question names its packs in `facts.packs`; facts that it does not mention are compliant; a key that the
    program does not know holds.

    Example: echo '{"id": 1, "facts": {"packs": ["US-REGF"], "now_utc": "2026-11-04T12:30:00Z",
    "tz_candidates": [{"source": "residence", "tz": "America/New_York"}], "action": {"channel": "sms"}}}'
    | dispatcher decide -
    """
    explicit = load_settings().config_dir
    book = load_rule_packs(resources.config_path(explicit, "rules"))
    words = load_optout_words(resources.config_path(explicit, "content") / "optout_words.yaml")
    broken = False
    with _opened(file) as lines:
        for line, question in _questions(lines):
            broken |= isinstance(question, _NotJson)
            reply = (
                question.answer(line)
                if isinstance(question, _NotJson)
                else answer_json(question, book, words)
            )
            sys.stdout.write(_line(reply))
    if broken:
        raise typer.Exit(1)


class _NotJson(str):
    """What is wrong with a line."""

    __slots__ = ()

    def answer(self, line: int) -> dict[str, Any]:
        return {"id": None} | held("question", f"line {line} is no JSON: {self}").to_json()


def _opened(file: Path) -> AbstractContextManager[TextIO]:
    return (
        nullcontext(sys.stdin)
        if str(file) == "-"
        else file.open(encoding="utf-8-sig", errors="surrogateescape")
    )


def _questions(lines: TextIO) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if number == 1 and line.lstrip().startswith("["):
            yield from _array(line + lines.read())
            return
        if line.strip():
            yield number, _json(line)


def _array(text: str) -> Iterator[tuple[int, Any]]:
    questions = _json(text)
    for question in questions if isinstance(questions, list) else [questions]:
        yield 1, question


def _line(reply: dict[str, Any]) -> str:
    line = json.dumps(reply, ensure_ascii=False)
    return (line if _is_utf8(line) else json.dumps(reply)) + "\n"


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character: from bytes that are none, or written as \ud800
        return False
    return True


def _json(text: str) -> Any:
    if not _is_utf8(text):
        return _NotJson("it is not UTF-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return _NotJson(f"{error.msg} at column {error.colno}")
    except RecursionError:
        return _NotJson("it nests too deeply")
