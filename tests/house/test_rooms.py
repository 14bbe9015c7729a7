"""What the import contracts cannot say: verbs stand on top of their room, and nothing below looks up."""

import pytest

from tests.house.tree import Module, imports, modules

ROOMS = sorted({m.room for m in modules().values() if m.kind != "verb" and m.name.startswith("dispatcher.")})


@pytest.mark.parametrize("room", ROOMS)
def test_no_domain_and_no_storage_imports_a_verb(room: str) -> None:
    below = [m for m in modules().values() if m.kind != "verb" and m.name.startswith(f"dispatcher.{room}.")]
    assert below
    looking_up = {f"{m.name} imports {name}" for m in below for name in imports(m) if _is_verb(name)}
    assert not looking_up


def _is_verb(name: str) -> bool:
    module = modules().get(name)
    return (
        module is not None and name.startswith("dispatcher.") and _has_verbs(module) and module.kind == "verb"
    )


def _has_verbs(module: Module) -> bool:
    return module.room in ROOMS and module.name.count(".") > 1
