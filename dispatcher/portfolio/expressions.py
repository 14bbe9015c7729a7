"""Expressions over one row of a foreign file: Jinja's syntax, compiled to closures over that row alone."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from dispatcher.portfolio.domain.column_words import country_named
from dispatcher.portfolio.domain.portfolio_mapping import OTHERWISE

MAX_SOURCE = 2_000
MAX_TEXT = 10_000
MAX_NUMBER = Decimal(10) ** 15

Row = Mapping[str, str]
Tables = Mapping[str, Mapping[str, str]]
Step = Callable[[Row], Any]

_PARSER = Environment(autoescape=False)  # noqa: S701 - parses only, renders nothing
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


class ExpressionError(ValueError):
    """An expression that is refused, or a row that it cannot be computed for; the message says why."""


def compile_expression(source: str, *, tables: Tables | None = None) -> Callable[[Row], object]:
    """Compile to a function from a row to the value; raises ExpressionError for what is not allowed.

    `source` is a bare expression (`amount | number - paid | number`), or text with `{{ … }}` in it.
    A column is its name, `row.NAME` or `row["Any Name"]`; `tables` are the mapping's lookups
    (`zones[code]`, `code | lookup("zones")`). The returned function raises ExpressionError too:
    a column that is missing, a number that is none.
    """
    text = source.strip()
    if _IDENTIFIER.fullmatch(text) and text not in (tables or {}):
        return _column(text)
    if len(text) > MAX_SOURCE:
        raise ExpressionError(f"an expression may have {MAX_SOURCE} characters, this one has {len(text)}")
    pieces = [_Compiler(tables or {}).step(node) for node in _parse(text)]
    return _guarded(pieces[0] if len(pieces) == 1 else _concatenated(pieces))


def _parse(text: str) -> list[nodes.Expr]:
    wrapped = text if "{{" in text or "{%" in text else "{{ " + text + " }}"
    try:
        body = _PARSER.parse(wrapped).body
    except TemplateSyntaxError as error:
        raise ExpressionError(f"not an expression: {error.message}") from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
    if not body or not all(isinstance(node, nodes.Output) for node in body):
        raise ExpressionError("only {{ … }} is allowed here, no {% … %}")
    return [part for node in body if isinstance(node, nodes.Output) for part in node.nodes]


def _guarded(step: Step) -> Step:
    def run(row: Row) -> object:
        try:
            return step(row)
        except ExpressionError:
            raise
        except (TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise ExpressionError(f"cannot be computed for this row: {error}") from None

    return run


def _column(name: str) -> Step:
    def read(row: Row) -> object:
        try:
            return row[name]
        except KeyError:
            raise ExpressionError(f"there is no column {name}") from None

    return read


def _concatenated(steps: list[Step]) -> Step:
    return lambda row: _bounded("".join(_text(step(row)) for step in steps))


def _bounded(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise ExpressionError(f"a value may have {MAX_TEXT} characters, this one has {len(value)}")
    return value


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ExpressionError(f"{value!r} is not a number")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ExpressionError(f"{value!r} is not a number: digits and a decimal point are") from None
    if not number.is_finite() or abs(number) > MAX_NUMBER:
        raise ExpressionError(f"{value} is too large")
    return number


def _replace(value: object, old: object, new: object) -> str:
    if not _text(old):
        raise ExpressionError("replace needs something to look for")
    text = _text(value)
    grown = len(text) + text.count(_text(old)) * (len(_text(new)) - len(_text(old)))
    if grown > MAX_TEXT:
        raise ExpressionError(f"a value may have {MAX_TEXT} characters, this one would have {grown}")
    return text.replace(_text(old), _text(new))


def _split(value: object, separator: object = None) -> list[str]:
    return _text(value).split(None if separator is None else _text(separator))


def _default(value: object, fallback: object = "") -> object:
    return fallback if value is None or value == "" else value


def _round(value: object, places: object = 0) -> Decimal:
    if not isinstance(places, int) or not 0 <= places <= 6:
        raise ExpressionError("round takes 0 to 6 places")
    return round(_number(value), places)


# Every function an expression may use, as a filter and, where it is one of str's, as a method.
_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "lower": lambda v: _text(v).lower(),
    "upper": lambda v: _text(v).upper(),
    "title": lambda v: _text(v).title(),
    "capitalize": lambda v: _text(v).capitalize(),
    "trim": lambda v: _text(v).strip(),
    "strip": lambda v, chars=None: _text(v).strip(chars),
    "lstrip": lambda v, chars=None: _text(v).lstrip(chars),
    "rstrip": lambda v, chars=None: _text(v).rstrip(chars),
    "string": _text,
    "digits": lambda v: "".join(c for c in _text(v) if c.isdecimal()),
    "replace": _replace,
    "split": _split,
    "first": lambda v: v[0],
    "last": lambda v: v[-1],
    "length": len,
    "default": _default,
    "number": _number,
    "int": lambda v: int(_number(v)),
    "abs": lambda v: abs(_number(v)),
    "round": _round,
    "country": lambda v: country_named(_text(v).strip()),
    "startswith": lambda v, start: _text(v).startswith(_text(start)),
    "endswith": lambda v, end: _text(v).endswith(_text(end)),
}
_METHODS = frozenset(
    {"lower", "upper", "title", "capitalize", "strip", "lstrip", "rstrip"}
    | {"replace", "split", "startswith", "endswith"}
)
_ARITHMETIC: Mapping[type[nodes.Node], Callable[[Decimal, Decimal], Decimal]] = {
    nodes.Add: lambda a, b: a + b,
    nodes.Sub: lambda a, b: a - b,
    nodes.Mul: lambda a, b: a * b,
    nodes.Div: lambda a, b: a / b,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "lteq": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gteq": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "notin": lambda a, b: a not in b,
}


class _Compiler:
    """Turns allowed syntax nodes into closures; a node that is not named here is refused."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def step(self, node: nodes.Node) -> Step:
        method = getattr(self, "_" + type(node).__name__.lower(), None)
        if method is None and type(node) in _ARITHMETIC:
            method = self._arithmetic
        if method is None:
            raise ExpressionError(f"{type(node).__name__.lower()} is not allowed in an expression")
        step: Step = method(node)
        return step

    def _const(self, node: nodes.Const) -> Step:
        value = Decimal(str(node.value)) if isinstance(node.value, float) else node.value
        return lambda _row: value

    def _templatedata(self, node: nodes.TemplateData) -> Step:
        return lambda _row: node.data

    def _name(self, node: nodes.Name) -> Step:
        if node.name in self._tables:
            raise ExpressionError(f"{node.name} is a lookup table: write {node.name}[column]")
        return _column(node.name)

    def _list(self, node: nodes.List) -> Step:
        steps = [self.step(item) for item in node.items]
        return lambda row: [step(row) for step in steps]

    _tuple = _list

    def _getattr(self, node: nodes.Getattr) -> Step:
        if isinstance(node.node, nodes.Name) and node.node.name == "row" and not node.attr.startswith("_"):
            return _column(node.attr)
        raise ExpressionError(f".{node.attr} is not allowed: only row.COLUMN and text functions are")

    def _getitem(self, node: nodes.Getitem) -> Step:
        if isinstance(node.arg, nodes.Slice):
            return self._slice(node)
        argument = self.step(node.arg)
        if isinstance(node.node, nodes.Name):
            if node.node.name == "row":
                return lambda row: _column(_text(argument(row)))(row)
            if node.node.name in self._tables:
                return self._looked_up(node.node.name, argument)
        base = self.step(node.node)
        return lambda row: base(row)[argument(row)]

    def _slice(self, node: nodes.Getitem) -> Step:
        piece = node.arg
        assert isinstance(piece, nodes.Slice)  # noqa: S101 - told by the caller
        base = self.step(node.node)
        bounds = [self.step(part) if part else None for part in (piece.start, piece.stop, piece.step)]
        return lambda row: base(row)[slice(*[bound(row) if bound else None for bound in bounds])]

    def _looked_up(self, table: str, key: Step) -> Step:
        entries = {str(k): v for k, v in self._tables[table].items()}

        def find(row: Row) -> object:
            wanted = _text(key(row))
            if wanted not in entries and OTHERWISE not in entries:
                raise ExpressionError(f"lookup table {table} has no entry {wanted!r}")
            return entries[wanted] if wanted in entries else entries[OTHERWISE]

        return find

    def _filter(self, node: nodes.Filter) -> Step:
        if node.node is None:
            raise ExpressionError("filter blocks are not allowed")
        if node.name == "lookup":
            return self._lookup_filter(node)
        return self._applied(node.name, node.node, node.args, node.kwargs)

    def _lookup_filter(self, node: nodes.Filter) -> Step:
        table = node.args[0] if node.args else None
        if not isinstance(table, nodes.Const) or table.value not in self._tables or node.node is None:
            raise ExpressionError(
                f"lookup needs the name of a table: {', '.join(self._tables) or 'none is defined'}"
            )
        return self._looked_up(table.value, self.step(node.node))

    def _call(self, node: nodes.Call) -> Step:
        if not isinstance(node.node, nodes.Getattr) or node.node.attr not in _METHODS:
            raise ExpressionError("calls are not allowed, except text functions such as column.lower()")
        return self._applied(node.node.attr, node.node.node, node.args, node.kwargs)

    def _applied(self, name: str, base: nodes.Expr, args: list[nodes.Expr], kwargs: list[Any]) -> Step:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(f"there is no filter {name}; there are {', '.join(sorted(_FUNCTIONS))}")
        if kwargs:
            raise ExpressionError(f"{name} takes no named arguments")
        value, steps = self.step(base), [self.step(arg) for arg in args]
        if not steps:
            return lambda row: function(value(row))
        return lambda row: function(value(row), *[step(row) for step in steps])

    def _concat(self, node: nodes.Concat) -> Step:
        return _concatenated([self.step(part) for part in node.nodes])

    def _arithmetic(self, node: nodes.BinExpr) -> Step:
        operate, left, right = _ARITHMETIC[type(node)], self.step(node.left), self.step(node.right)
        return lambda row: _number(operate(_number(left(row)), _number(right(row))))

    def _neg(self, node: nodes.Neg) -> Step:
        if isinstance(node.node, nodes.Const) and isinstance(node.node.value, int):
            negative = -node.node.value
            return lambda _row: negative
        value = self.step(node.node)
        return lambda row: -_number(value(row))

    def _compare(self, node: nodes.Compare) -> Step:
        if len(node.ops) != 1:
            raise ExpressionError("compare two values at a time")
        compare, left, right = _COMPARISONS[node.ops[0].op], self.step(node.expr), self.step(node.ops[0].expr)
        return lambda row: compare(left(row), right(row))

    def _and(self, node: nodes.And) -> Step:
        left, right = self.step(node.left), self.step(node.right)
        return lambda row: left(row) and right(row)

    def _or(self, node: nodes.Or) -> Step:
        left, right = self.step(node.left), self.step(node.right)
        return lambda row: left(row) or right(row)

    def _not(self, node: nodes.Not) -> Step:
        value = self.step(node.node)
        return lambda row: not value(row)

    def _condexpr(self, node: nodes.CondExpr) -> Step:
        test, then = self.step(node.test), self.step(node.expr1)
        other: Step = self.step(node.expr2) if node.expr2 else lambda _row: ""
        return lambda row: then(row) if test(row) else other(row)
