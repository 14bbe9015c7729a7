"""The tree of the program as its files show it: rooms, their imports, what they call."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("dispatcher", "channels")


@dataclass(frozen=True)
class Module:
    """One file: its dotted name and its syntax, read when it is asked for."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """What stands in it."""
        return ast.parse(self.path.read_text())

    @property
    def room(self) -> str:
        """The folder below the package: `planning`, `database` …"""
        return self.name.split(".")[1]

    @property
    def kind(self) -> str:
        """`domain`, `storage`, or `verb` for what stands on top of a room."""
        parts = self.name.split(".")
        return parts[2] if len(parts) > 3 and parts[2] in {"domain", "storage"} else "verb"


@cache
def modules() -> dict[str, Module]:
    """Every module of the program by name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = Module(name, path)
    return found


def imports(module: Module) -> Iterator[str]:
    """Names of the modules it imports, ours as whole module names, wherever in the file it does."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in modules() else node.module
