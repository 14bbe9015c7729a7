"""The part of Jinja that templates may use, checked node by node and turned towards prepared variables.

Printed placeholders become variables that are already written for their medium, tested ones raw values: the
compiled template looks up names and joins text, and reaches no attribute of anything.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError, nodes

from dispatcher.writing.language.placeholders import EXTRA_PREFIX, Kind, Placeholder, extra_field, suggestion
from dispatcher.writing.language.problems import Problem
from dispatcher.writing.language.values import Use

MAX_DEPTH = 20
LOCALE = "t_locale"
_DATE_STYLES = ("short", "medium", "long")
_LOOP = frozenset({"first", "last", "index", "length"})
_TAGS = {  # as the author wrote them
    "Assign": "set",
    "AssignBlock": "set",
    "CallBlock": "call",
    "FilterBlock": "filter",
    "FromImport": "from",
    "Scope": "autoescape",
}
_COMPARISONS = frozenset({"eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin"})


@dataclass(slots=True)
class _Uses:
    """The variables gathered for one level: the whole text, or the items of one list."""

    found: dict[str, Use] = field(default_factory=dict)
    lists: dict[str, "_Uses"] = field(default_factory=dict)

    def frozen(self) -> tuple[Use, ...]:
        nested = {name: level.frozen() for name, level in self.lists.items()}
        return tuple(
            Use(u.placeholder, u.variable, u.printed, u.style, nested.get(u.variable, ()))
            for u in self.found.values()
        )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a name may mean at one place: loop variables shadow the catalogue."""

    loops: Mapping[str, tuple[Mapping[str, Placeholder], _Uses]] = field(default_factory=dict)


class _Refused(Exception):  # noqa: N818  it never leaves this module
    def __init__(self, node: nodes.Node, message: str, help_: str = "") -> None:
        self.line, self.message, self.help = node.lineno or 1, message, help_
        super().__init__(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysed:
    """A checked source: the tree to compile, the values it needs, or what is wrong with it."""

    tree: nodes.Template | None
    uses: tuple[Use, ...]
    problems: tuple[Problem, ...]


def analyse(
    source: str, *, env: Environment, known: Mapping[str, Placeholder], file: str, first_line: int = 1
) -> Analysed:
    """Check a source and turn it; problems carry the file's own line numbers."""
    try:
        tree = env.parse(source)
    except TemplateSyntaxError as error:
        message, help_ = _readable(error.message or "")
        line = (_left_open(source) if message == _NOT_CLOSED else error.lineno) + first_line - 1
        problem = Problem(file=file, line=line, message=message, suggestion=help_)
        return Analysed(tree=None, uses=(), problems=(problem,))
    except RecursionError:
        return Analysed(tree=None, uses=(), problems=(Problem(file=file, message="is nested too deeply"),))
    turner = _Turner(env=env, known=known)
    turner.body(tree.body, _Scope(), depth=0)
    problems = tuple(_problem(refused, source, file, first_line) for refused in turner.refused)
    return Analysed(tree=tree, uses=turner.uses.frozen(), problems=problems)


_NOT_CLOSED = "a condition or loop is not closed"
_BLOCK = re.compile(r"\{%-?\s*(if|for|endif|endfor)\b")


def _left_open(source: str) -> int:
    """The line of the condition or loop that nothing closes, counted from 1; the last line where none is found."""
    begun: list[int] = []
    for match in _BLOCK.finditer(source):
        if not match[1].startswith("end"):
            begun.append(source.count("\n", 0, match.start()) + 1)
        elif begun:
            begun.pop()
    return begun[-1] if begun else source.count("\n") + 1


def _readable(message: str) -> tuple[str, str]:
    """What is wrong with a tag, and what to write, in words of the manual."""
    unknown = re.search(r"unknown tag '(\w+)'", message)
    if unknown and unknown[1] in {"endif", "endfor", "else", "elif"}:
        return (
            f"`{unknown[1]}` stands without its beginning",
            "each `{% if … %}` has one `{% endif %}`, each `{% for … %}` one `{% endfor %}`",
        )
    if unknown:
        return (
            f"there is no tag `{unknown[1]}`",
            "there are `if`, `elif`, `else`, `endif`, `for` and `endfor`",
        )
    if "end of template" in message or "end of file" in message:
        needed = "{% endfor %}" if "endfor" in message else "{% endif %}"
        return _NOT_CLOSED, f"write `{needed}` where it ends"
    if "end of statement block" in message:
        return (
            "this tag says more than one thing",
            "a tag holds one condition or loop: {% if debt.interest %}",
        )
    if "end of print statement" in message:
        return (
            "this placeholder is not written right",
            "a name alone, with dots and without spaces: {{ debtor.name }}",
        )
    return (
        "this tag or placeholder cannot be read",
        "see how they are written: {{ debtor.name }}, {% if debt.interest %}",
    )


def _problem(refused: _Refused, source: str, file: str, first_line: int) -> Problem:
    lines = source.splitlines()
    text = lines[refused.line - 1] if refused.line <= len(lines) else ""
    named = refused.message.split("`")
    column = text.find(named[1]) + 1 if len(named) > 1 else text.find("{") + 1
    return Problem(
        file=file,
        line=refused.line + first_line - 1,
        column=max(column, 0),
        message=refused.message,
        suggestion=refused.help,
    )


class _Turner:
    """Walks a tree, replaces what is allowed and collects what is not."""

    def __init__(self, *, env: Environment, known: Mapping[str, Placeholder]) -> None:
        self._env = env
        self._known = known
        self.uses = _Uses()
        self.refused: list[_Refused] = []

    def body(self, statements: list[nodes.Node], scope: _Scope, depth: int) -> None:
        for statement in statements:
            try:
                self._statement(statement, scope, depth)
            except _Refused as refused:
                self.refused.append(refused)
            except RecursionError:
                self.refused.append(_Refused(statement, "this expression is nested too deeply"))

    def _statement(self, node: nodes.Node, scope: _Scope, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _Refused(node, "blocks are nested too deeply", "at most twenty within each other")
        if isinstance(node, nodes.Output):
            node.nodes = [self._output(child, scope) for child in node.nodes]
        elif isinstance(node, nodes.If):
            self._if(node, scope, depth)
        elif isinstance(node, nodes.For):
            self._for(node, scope, depth)
        else:
            tag = _TAGS.get(type(node).__name__, type(node).__name__.lower())
            raise _Refused(node, f"`{tag}` is not allowed in a template", "only `for` and `if` are")

    def _if(self, node: nodes.If, scope: _Scope, depth: int) -> None:
        node.test = self._tested(node.test, scope)
        self.body(node.body, scope, depth + 1)
        for other in node.elif_:
            self._if(other, scope, depth + 1)
        self.body(node.else_, scope, depth + 1)

    def _for(self, node: nodes.For, scope: _Scope, depth: int) -> None:
        if node.test is not None or node.recursive or not isinstance(node.target, nodes.Name):
            raise _Refused(
                node, "a loop is written `{% for item in list %}`", "put conditions inside with `if`"
            )
        placeholder, level, owner = self._list(node.iter, scope)
        variable = "t_" + placeholder.name.replace(".", "_")
        level.found.setdefault(variable, Use(placeholder, variable))
        inner = level.lists.setdefault(variable, _Uses())
        node.iter = self._load(variable, node.iter, owner)
        name = node.target.name
        node.target.name = "i_" + name
        loops = {**scope.loops, name: (placeholder.items, inner)}
        self.body(node.body, _Scope(loops), depth + 1)
        self.body(node.else_, scope, depth + 1)

    def _list(self, node: nodes.Node, scope: _Scope) -> tuple[Placeholder, _Uses, str]:
        name = _dotted(node)
        if name is None:
            raise _Refused(
                node, "a loop runs over a list placeholder", "`debts`, `plans` or `plan.instalments`"
            )
        placeholder, level, owner = self._find(name, node, scope)
        if placeholder.kind is not Kind.LIST:
            raise _Refused(
                node, f"`{name}` is not a list", "loops run over `debts`, `plans` or `plan.instalments`"
            )
        if scope.loops and not owner:
            raise _Refused(
                node,
                f"a loop over `{name}` inside another loop",
                "a list inside a loop must belong to its item",
            )
        return placeholder, level, owner

    def _find(self, name: str, node: nodes.Node, scope: _Scope) -> tuple[Placeholder, _Uses, str]:
        """The placeholder of a name, where its value is kept, and the loop variable it hangs on."""
        head, _, tail = name.partition(".")
        if head in scope.loops:
            items, level = scope.loops[head]
            if tail not in items:
                names = [f"{head}.{item}" for item in items]
                raise _Refused(node, f"there is no `{name}`", suggestion(name, names))
            return items[tail], level, "i_" + head
        placeholder = self._known.get(name)
        if placeholder is None and name.startswith(EXTRA_PREFIX) and name.count(".") == 2:
            placeholder = extra_field(name)
        if placeholder is None:
            raise _Refused(node, f"there is no placeholder `{name}`", suggestion(name))
        return placeholder, self.uses, ""

    def _load(self, variable: str, at: nodes.Node, owner: str = "") -> nodes.Expr:
        made: nodes.Expr
        if owner:
            made = nodes.Getitem(nodes.Name(owner, "load"), nodes.Const(variable), "load")
        else:
            made = nodes.Name(variable, "load")
        made.set_environment(self._env)
        made.set_lineno(at.lineno)
        return made

    def _output(self, node: nodes.Expr, scope: _Scope) -> nodes.Expr:
        """One printed expression; a refusal is noted, so that its neighbours are looked at too."""
        try:
            return self._printed(node, scope)
        except _Refused as refused:
            self.refused.append(refused)
            return node

    def _printed(self, node: nodes.Expr, scope: _Scope) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return node
        if isinstance(node, nodes.CondExpr):
            return self._choice(node, scope)
        if isinstance(node, nodes.Filter):
            return self._filtered(node, scope)
        name = _dotted(node)
        if name is None:
            raise _Refused(node, _not_allowed(node), "print placeholders alone: {{ debtor.name }}")
        return self._placeholder(name, node, scope)

    def _placeholder(self, name: str, node: nodes.Expr, scope: _Scope, style: str = "long") -> nodes.Expr:
        if name.startswith("loop.") and scope.loops:
            return self._loop(name, node)
        placeholder, level, owner = self._find(name, node, scope)
        if placeholder.kind in {Kind.LIST, Kind.FLAG}:
            raise _Refused(node, f"`{name}` cannot be printed", "use it in `{% for … %}` or `{% if … %}`")
        variable = "p_" + placeholder.name.replace(".", "_") + ("" if style == "long" else f"__{style}")
        level.found.setdefault(variable, Use(placeholder, variable, printed=True, style=style))
        return self._load(variable, node, owner)

    def _choice(self, node: nodes.CondExpr, scope: _Scope) -> nodes.Expr:
        node.test = self._tested(node.test, scope)
        node.expr1 = self._printed(node.expr1, scope)
        node.expr2 = self._printed(node.expr2, scope) if node.expr2 else nodes.Const("", lineno=node.lineno)
        return node

    def _filtered(self, node: nodes.Filter, scope: _Scope) -> nodes.Expr:
        name = _dotted(node.node) if node.node is not None else None
        if node.name in _DATE_STYLES and name and not node.args and not node.kwargs:
            placeholder, _, _ = self._find(name, node, scope)
            if placeholder.kind is not Kind.DATE:
                raise _Refused(node, f"`{name}` is not a date", f"`{node.name}` writes dates only")
            return self._placeholder(name, node, scope, style=node.name)
        if node.name == "plural" and _two_words(node):
            node.node = self._tested(node.node, scope)
            node.args.append(self._load(LOCALE, node))
            return node
        if node.name == "length" and not node.args:
            node.node = self._tested(node.node, scope)
            return node
        raise _Refused(
            node,
            f"there is no filter `{node.name}` with these values",
            'there are `short` and `medium` for dates, `length` and `plural("one", "many")` for lists',
        )

    def _loop(self, name: str, node: nodes.Expr) -> nodes.Expr:
        if name.removeprefix("loop.") not in _LOOP:
            raise _Refused(
                node, f"there is no `{name}`", "`loop.first`, `loop.last`, `loop.index` and `loop.length` are"
            )
        return node

    def _tested(self, node: nodes.Node | None, scope: _Scope) -> nodes.Expr:
        """A condition with its placeholders replaced; raises _Refused."""
        match node:
            case nodes.Const():
                return node
            case nodes.Not():
                node.node = self._tested(node.node, scope)
            case nodes.And() | nodes.Or():
                node.left, node.right = self._tested(node.left, scope), self._tested(node.right, scope)
            case nodes.Compare():
                self._comparison(node, scope)
            case nodes.List() | nodes.Tuple() if all(isinstance(item, nodes.Const) for item in node.items):
                pass
            case nodes.Filter(name="length", args=[]):
                node.node = self._tested(node.node, scope)
            case nodes.Name() | nodes.Getattr():
                return self._tested_placeholder(node, scope)
            case nodes.Node():
                raise _Refused(node, _not_allowed(node), "conditions compare placeholders and constants")
        assert isinstance(node, nodes.Expr)  # noqa: S101 - all of the above are
        return node

    def _comparison(self, node: nodes.Compare, scope: _Scope) -> None:
        if not all(operand.op in _COMPARISONS for operand in node.ops):
            raise _Refused(node, "this comparison is not allowed")
        self._comparable(node, scope)
        node.expr = self._tested(node.expr, scope)
        for operand in node.ops:
            operand.expr = self._tested(operand.expr, scope)

    def _comparable(self, node: nodes.Compare, scope: _Scope) -> None:
        """Refuse what could not be compared with this debtor or the next: words with numbers, dates with anything."""
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        constants = [side.value for side in sides if isinstance(side, nodes.Const)]
        for side in sides:
            name = _dotted(side)
            if name is None or name.startswith("loop."):
                continue
            kind = self._find(name, side, scope)[0].kind
            if kind is Kind.DATE:
                raise _Refused(
                    node,
                    f"`{name}` is a date, which cannot be compared",
                    "test whether it is there: {% if " + name + " %}",
                )
            numbers = [
                value for value in constants if isinstance(value, int | float) and not isinstance(value, bool)
            ]
            words = [value for value in constants if isinstance(value, str)]
            if kind in {Kind.TEXT, Kind.LINK} and numbers:
                raise _Refused(
                    node,
                    f"`{name}` is a text, {numbers[0]} a number",
                    f'put it in quotes: {name} == "{numbers[0]}"',
                )
            if kind in {Kind.MONEY, Kind.NUMBER} and words:
                raise _Refused(
                    node, f"`{name}` is a number, `{words[0]}` a text", "write the number without quotes"
                )

    def _tested_placeholder(self, node: nodes.Expr, scope: _Scope) -> nodes.Expr:
        name = _dotted(node)
        if name is None:
            raise _Refused(node, _not_allowed(node))
        if name.startswith("loop.") and scope.loops:
            return self._loop(name, node)
        placeholder, level, owner = self._find(name, node, scope)
        variable = "t_" + placeholder.name.replace(".", "_")
        level.found.setdefault(variable, Use(placeholder, variable))
        return self._load(variable, node, owner)


def _two_words(node: nodes.Filter) -> bool:
    words = node.args
    return (
        len(words) == 2
        and not node.kwargs
        and all(isinstance(w, nodes.Const) and isinstance(w.value, str) for w in words)
    )


def _dotted(node: nodes.Node) -> str | None:
    """`debtor.name` for a chain of plain names, None for anything else."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    if not isinstance(node, nodes.Name):
        return None
    return ".".join([node.name, *reversed(parts)])


def _not_allowed(node: nodes.Node) -> str:
    words: Sequence[tuple[type[nodes.Node] | tuple[type[nodes.Node], ...], str]] = (
        (nodes.Call, "calling a function is not allowed"),
        ((nodes.Getattr, nodes.Getitem), "reaching into a value is not allowed"),
        (nodes.BinExpr, "arithmetic is not allowed"),
        (nodes.Filter, "this filter is not allowed here"),
        (nodes.Test, "`is` is not allowed"),
    )
    return next((text for kind, text in words if isinstance(node, kind)), "this is not allowed in a template")
