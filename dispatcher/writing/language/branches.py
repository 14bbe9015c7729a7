"""The branches of a text, each rendered whatever the data: what stands under a condition is read before it is needed.

A branch is one way through an `if`, an inline choice, or a loop that may find nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Environment, TemplateError, nodes

from dispatcher.writing.language import front_matter, markdown
from dispatcher.writing.language.compiled import FILES, Part
from dispatcher.writing.language.placeholders import PLACEHOLDERS
from dispatcher.writing.language.sandbox import environment
from dispatcher.writing.language.syntax import analyse

RenderError = TemplateError  # what rendering a branch may raise, besides missing values
MOST = 200  # branches of one text that are looked at
_OPEN, _CLOSE = "\ue200", "\ue201"  # around a branch's number, where rendering is to show which it took
_MARK = re.compile(f"{_OPEN}(\\d+):(-?\\d+){_CLOSE}")
_ELSE = -1
WAYS = "t_ways"  # the variable that tells a steered part its ways

Choice = nodes.If | nodes.CondExpr | nodes.For
Step = tuple[int, int]  # a choice by its place in the text, and the way taken: 0 if, 1… elif, -1 else


class Branch(NamedTuple):
    """One way through one choice of the author's text."""

    part: str  # text, subject, preheader, title
    path: tuple[Step, ...]  # the choices around it, and its own last
    line: int  # in the file, 0 where it is not known
    condition: str  # as the author wrote it


class AuthorText(NamedTuple):
    """What the author wrote of one file, as plain-text sources by part, and the line each begins on."""

    file: str
    sources: Mapping[str, str]
    written: Mapping[str, tuple[str, int]]


def author_text(file: str, source: str) -> AuthorText:
    """Take a file apart; layouts and tables stay outside."""
    _, keys = FILES[file.partition("/")[2]]
    document = front_matter.split(source, file=file, keys=keys)
    body = "\n".join("" if markdown.BLOCK.match(row) else row for row in document.body.split("\n"))
    text = body.strip() if not keys else markdown.to_text(markdown.tokens_of(body))
    written = {"text": (body, document.first_line)}
    written |= {key: (value, document.lines[key]) for key, value in document.head.items()}
    return AuthorText(file, {"text": text, **document.head}, written)


def branches_of(author: AuthorText) -> Iterator[Branch]:
    """Every branch, in the order of the text, at most `MOST`; the text must compile."""
    found = 0
    for part, source in author.sources.items():
        rows = _rows(author, part)
        for number, path, outcome in _ways(_parsed(source).body, ()):
            if found == MOST:
                return
            found += 1
            line, condition = rows.get((number, outcome), (0, ""))
            yield Branch(part, (*path, (number, outcome)), line, condition)


class Steered(NamedTuple):
    """A part that goes the ways it is told whatever the debtor's data, and says which it took."""

    part: Part
    choices: int

    def ways(self, branch: Branch | None = None) -> dict[str, Any]:
        """The variable that sends it into a branch, or (none) wherever the debtor's data sends it."""
        told = dict(branch.path) if branch else {}
        return {WAYS: tuple(told.get(number) for number in range(self.choices))}


def steered(author: AuthorText, part: str) -> Steered:
    """One part, compiled once for all its branches; the text must compile."""
    analysed = analyse(author.sources[part], env=_env(), known=PLACEHOLDERS, file=author.file)
    assert analysed.tree is not None  # noqa: S101 - the text compiled before
    choices = list(_choices(analysed.tree))
    for number, choice in enumerate(choices):
        _mark(number, choice)
        _steer(number, choice)
    analysed.tree.set_environment(_env())
    made = Part((_env().from_string(analysed.tree),), analysed.uses, html=False)
    return Steered(made, len(choices))


def ways_in(output: str) -> set[Step]:
    """Which branches an output of a steered part took."""
    return {(int(number), int(way)) for number, way in _MARK.findall(output)}


def words_in(output: str) -> str:
    """The output alone."""
    return _MARK.sub("", output)


def asked_of(author: AuthorText) -> Iterator[tuple[str, Any]]:
    """(placeholder, value) for each thing that a condition asks: there, empty, and around each constant."""
    yield from _asked_of(tuple(author.sources.values()))


@lru_cache(maxsize=64)
def _asked_of(sources: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    asked: list[tuple[str, Any]] = []
    for test in _tests(sources):
        for compare in _within(test, nodes.Compare):
            asked += _of_compare(compare)
        for name in _names(test):
            asked += [(name, None), (name, True)]
    return tuple(asked)


def _within(node: nodes.Node, kind: type[Any]) -> Iterator[Any]:
    if isinstance(node, kind):
        yield node
    yield from node.find_all(kind)


def _names(node: nodes.Node) -> Iterator[str]:
    found = [_dotted(each) for each in [node, *node.find_all((nodes.Getattr, nodes.Name))]]
    longest = [
        name for name in found if name and not any(other and other.startswith(name + ".") for other in found)
    ]
    yield from dict.fromkeys(longest)


def _dotted(node: nodes.Node) -> str | None:
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    return ".".join([node.name, *reversed(parts)]) if isinstance(node, nodes.Name) else None


def _of_compare(compare: nodes.Compare) -> Iterator[tuple[str, Any]]:
    """Values around each constant, so that the comparison comes out both ways."""
    sides = [compare.expr, *(operand.expr for operand in compare.ops)]
    names = [name for side in sides for name in _names(side)]
    constants = [each.value for side in sides for each in _within(side, nodes.Const)]
    for name in names:
        counted = any(isinstance(side, nodes.Filter) and side.name == "length" for side in sides)
        for constant in constants:
            for value in _around(constant):
                yield (f"{name}.length" if counted else name), value


def _around(constant: Any) -> tuple[Any, ...]:
    if isinstance(constant, bool) or not isinstance(constant, int | float):
        return (constant,)
    number = Decimal(str(constant))
    return (number - 1, number, number + 1)


def _tests(sources: tuple[str, ...]) -> Iterator[nodes.Node]:
    for source in sources:
        for node in _choices(_parsed(source)):
            if isinstance(node, nodes.If):
                yield node.test
                yield from (other.test for other in node.elif_)
            elif isinstance(node, nodes.CondExpr):
                yield node.test
            elif isinstance(node, nodes.For):
                yield node.iter


@lru_cache(maxsize=64)
def _parsed(source: str) -> nodes.Template:
    """To be read and never changed: others read it too."""
    return _env().parse(source)


def _env() -> Environment:
    return environment(html=False)


def _choices(node: nodes.Node) -> Iterator[Choice]:
    """The choices under a node in the order of the text; an `elif` belongs to its `if`."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.If | nodes.CondExpr | nodes.For):
            yield child
        if isinstance(child, nodes.If):
            for block in (child.body, *(other.body for other in child.elif_), child.else_):
                for statement in block:
                    yield from _choices(nodes.Template([statement]))
        else:
            yield from _choices(child)


def _ways(
    statements: Sequence[nodes.Node], path: tuple[Step, ...]
) -> Iterator[tuple[int, tuple[Step, ...], int]]:
    """(choice, the ways around it, its way) of every branch."""
    counter = iter(range(10**6))

    def walk(node: nodes.Node, around: tuple[Step, ...]) -> Iterator[tuple[int, tuple[Step, ...], int]]:
        for child in node.iter_child_nodes():
            if not isinstance(child, nodes.If | nodes.CondExpr | nodes.For):
                yield from walk(child, around)
                continue
            number = next(counter)
            for way, block in _blocks(child):
                if not (isinstance(child, nodes.For) and way == 0):
                    yield number, around, way
                for statement in block:
                    yield from walk(nodes.Template([statement]), (*around, (number, way)))

    yield from walk(nodes.Template(list(statements)), path)


def _blocks(node: Choice) -> Iterator[tuple[int, Sequence[nodes.Node]]]:
    """(way, what stands there); in the order of the text, so that numbers agree with `_choices`."""
    if isinstance(node, nodes.If):
        yield 0, node.body
        for way, other in enumerate(node.elif_, start=1):
            yield way, other.body
        yield _ELSE, node.else_
    elif isinstance(node, nodes.CondExpr):
        yield 0, [node.expr1]
        yield _ELSE, [node.expr2] if node.expr2 else []
    else:
        yield 0, node.body
        if node.else_:
            yield _ELSE, node.else_


def _steer(number: int, node: Choice) -> None:
    if isinstance(node, nodes.For):
        node.iter = nodes.CondExpr(
            _told(number, _ELSE, node.lineno), nodes.List([]), node.iter, lineno=node.lineno
        )
        return
    for way, owner in enumerate([node, *(node.elif_ if isinstance(node, nodes.If) else ())]):
        free, line = _told(number, None, node.lineno), node.lineno
        owner.test = nodes.CondExpr(free, owner.test, _told(number, way, line), lineno=line)


def _told(number: int, way: int | None, line: int) -> nodes.Expr:
    """Whether a choice was told this way; None: none at all."""
    told = nodes.Getitem(nodes.Name(WAYS, "load"), nodes.Const(number), "load")
    return nodes.Compare(told, [nodes.Operand("eq", nodes.Const(way))], lineno=line)


def _mark(number: int, node: Choice) -> None:
    if isinstance(node, nodes.If):
        node.body.insert(0, _marked(number, 0, node.lineno))
        for way, other in enumerate(node.elif_, start=1):
            other.body.insert(0, _marked(number, way, node.lineno))
        node.else_.insert(0, _marked(number, _ELSE, node.lineno))
    elif isinstance(node, nodes.CondExpr):
        node.expr1 = _joined(number, 0, node.expr1, node.lineno)
        node.expr2 = _joined(number, _ELSE, node.expr2, node.lineno)
    elif node.else_:
        node.else_.insert(0, _marked(number, _ELSE, node.lineno))


def _marked(number: int, way: int, line: int) -> nodes.Output:
    mark = nodes.TemplateData(f"{_OPEN}{number}:{way}{_CLOSE}", lineno=line)
    return nodes.Output([mark], lineno=line)


def _joined(number: int, way: int, expression: nodes.Expr | None, line: int) -> nodes.Expr:
    mark = nodes.Const(f"{_OPEN}{number}:{way}{_CLOSE}", lineno=line)
    return nodes.Concat([mark, expression or nodes.Const("", lineno=line)], lineno=line)


def _rows(author: AuthorText, part: str) -> Mapping[Step, tuple[int, str]]:
    """(choice, way) -> (line in the file, the condition as written)."""
    written, first = author.written[part]
    rows: dict[Step, tuple[int, str]] = {}
    lines = written.split("\n")
    for number, node in enumerate(_choices(_parsed(written))):
        for way, _ in _blocks(node):
            owner = node.elif_[way - 1] if isinstance(node, nodes.If) and way > 0 else node
            line = lines[owner.lineno - 1] if owner.lineno <= len(lines) else ""
            says = line.partition("{%")[2].partition("%}")[0].strip(" -") or line.strip()
            rows[number, way] = (
                first + owner.lineno - 1,
                f"else of `{says}`" if way == _ELSE else f"`{says}`",
            )
    return rows
