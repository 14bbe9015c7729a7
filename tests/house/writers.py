"""Which module writes which table, read from the calls that write."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.house.tree import Module, modules

_WRITES = {
    "insert": 0,
    "update": 0,
    "delete": 0,
    "insert_rows": 1,
    "insert_columns": 1,
    "upsert_rows": 1,
    "update_rows": 1,
}
_BELOW = {"database", "migrations"}  # they write whatever table they are handed


@cache
def writers() -> dict[str, set[str]]:
    """Rooms by the table that they write."""
    found: dict[str, set[str]] = {}
    for module in modules().values():
        if module.name.startswith("dispatcher.") and module.room not in _BELOW:
            for table in _written(module):
                found.setdefault(table, set()).add(module.room)
    return found


def _written(module: Module) -> Iterator[str]:
    tables = _tables(module)
    for function in [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]:
        for target in _targets(function):
            if target in tables:
                yield tables[target]
            else:
                yield from (tables[name] for name in _meant(module, function, target) if name in tables)
    for node in module.tree.body:
        if not isinstance(node, ast.FunctionDef):
            yield from (tables[target] for target in _targets(node) if target in tables)


def _tables(module: Module) -> dict[str, str]:
    """Tables by the name under which the module imports them."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dispatcher.database.tables")
        for alias in node.names
    }


def _targets(node: ast.AST) -> Iterator[str]:
    """The table of each call that writes: `insert(messages)`, `dialect.insert(messages)`, `messages.insert()`."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            place = _WRITES.get(name)
            if place is not None and place < len(call.args):
                yield ast.unparse(call.args[place])
            elif place is not None and isinstance(call.func, ast.Attribute):
                yield ast.unparse(call.func.value)


def _meant(module: Module, function: ast.FunctionDef, variable: str) -> Iterator[str]:
    """The tables that a variable of a function may be: what its loops run over, what it is called with."""
    for loop in [node for node in ast.walk(function) if isinstance(node, ast.For | ast.comprehension)]:
        if variable in ast.unparse(loop.target):
            yield from _names(module, loop.iter)
    parameters = [argument.arg for argument in function.args.args]
    if variable in parameters:
        for call in [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]:
            if isinstance(call.func, ast.Name) and call.func.id == function.name:
                given = ast.unparse(call.args[parameters.index(variable)])
                yield given
                yield from (
                    name for outer in _functions(module, call) for name in _meant(module, outer, given)
                )


def _functions(module: Module, call: ast.Call) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and call in ast.walk(node):
            yield node


def _names(module: Module, expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            yield node.id
            for assignment in module.tree.body:  # a tuple of tables on top of the module
                if isinstance(assignment, ast.Assign) and ast.unparse(assignment.targets[0]) == node.id:
                    yield from _names(module, assignment.value)
