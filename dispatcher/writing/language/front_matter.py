"""The head of a Markdown file (`---`, `subject: …`, `---`) and the line on which its body begins."""

import re
from collections.abc import Collection
from typing import NamedTuple

from dispatcher.writing.language.problems import Problem

_LINE = re.compile(r"(?P<key>[a-z_]+)\s*:\s*(?P<value>.*)$")


class Document(NamedTuple):
    """A file taken apart. `lines` are the line numbers of the head's keys; `first_line` that of the body."""

    head: dict[str, str]
    lines: dict[str, int]
    body: str
    first_line: int
    problems: tuple[Problem, ...]


def split(source: str, *, file: str, keys: Collection[str]) -> Document:
    """Take a file apart; every key of `keys` must be given, none twice, no other."""
    rows = source.replace("\r\n", "\n").split("\n")
    if not keys:
        return Document({}, {}, "\n".join(rows), 1, ())
    end = next((i for i, row in enumerate(rows[1:], start=1) if row.strip() == "---"), 0)
    if rows[0].strip() != "---" or not end:
        head = ", ".join(f"`{key}: …`" for key in keys)
        message = f"the file must begin with a line ---, then {head}, then a line ---"
        return Document({}, {}, source, 1, (Problem(file=file, line=1, message=message),))
    return _read(rows, end, file, keys)


def _read(rows: list[str], end: int, file: str, keys: Collection[str]) -> Document:
    head: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows[1:end], start=2):
        match = _LINE.match(row.strip())
        if not row.strip():
            continue
        if match is None or match["key"] not in keys or match["key"] in head:
            known = ", ".join(keys)
            problems.append(
                Problem(
                    file=file,
                    line=number,
                    message=f"`{row.strip()}` is not `key: text` with one of {known}, each once",
                )
            )
        else:
            head[match["key"]], lines[match["key"]] = _unquoted(match["value"].strip()), number
    problems.extend(
        Problem(file=file, line=1, message=f"`{key}` is missing", suggestion=f"add a line `{key}: …`")
        for key in keys
        if not head.get(key)
    )
    return Document(head, lines, "\n".join(rows[end + 1 :]), end + 2, tuple(problems))


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
