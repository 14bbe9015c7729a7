"""What the import contracts cannot say: what a room's parts may ask of each other, of the machine and of the tables."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import Module, imports, modules
from tests.house.writers import writers

OURS = [module for module in modules().values() if module.name.startswith("dispatcher.")]
ROOMS = sorted({module.room for module in OURS if module.kind != "verb"})
PURE_ROOMS = ("values", "gate")
PURE = [module for module in OURS if module.kind == "domain" or module.room in PURE_ROOMS]

# These lists only ever get shorter.
WRITTEN_BY_SEVERAL = {
    "contact_points": {"people", "portfolio"},  # the ledger's addresses, and those that bounced
    "holds": {"people", "portfolio"},
    "messages": {"messages", "planning", "delivery"},
    "payments": {"people", "portfolio"},
    "runs": {"planning", "runs"},
    "tasks": {
        "people",
        "portfolio",
    },  # a protection that leaves the ledger is a task in one transaction with it
}
ERASED_BY_RECORD = {  # one transaction forgets a person everywhere
    "affordability", "arrangements", "attempts", "calls", "care_notes", "consents", "contact_points", "contacts", "contents",
    "debt_documents", "debtor_handlers", "debtors", "debts", "handovers", "holds", "incident_messages", "looked_plans",
    "messages", "notices",
    "opt_outs", "payments", "personal_values", "provider_events", "tasks", "wishes",
}  # fmt: skip
SHARED = "marks"  # single values, each remembered by whoever made it
IMPURE_FOR_A_REASON = {
    "dispatcher.values.zones": "reads the zones that lie in the tzdata package: the same bytes for ever",
}

_NEEDS_THE_MACHINE = {
    "asyncio", "getpass", "glob", "io", "locale", "logging", "multiprocessing", "os", "platform", "random", "secrets", "shutil",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "importlib.resources",
}  # fmt: skip
_ASKS = {"open", "input", "print", "uuid1", "uuid4"}
_ASKS_OF = {
    "now", "today", "utcnow", "read_text", "read_bytes", "write_text", "write_bytes", "open", "exists", "is_file", "is_dir", "iterdir",
    "glob", "rglob", "stat", "mkdir", "unlink", "cwd", "home", "urandom",
}  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_no_domain_and_no_storage_imports_a_verb(room: str) -> None:
    below = [module for module in OURS if module.kind != "verb" and module.room == room]
    assert not {f"{m.name} imports {name}" for m in below for name in imports(m) if _is_verb(name)}


@pytest.mark.parametrize("room", ROOMS)
def test_a_domain_knows_only_values_the_gate_and_other_domains(room: str) -> None:
    domain = [module for module in OURS if module.kind == "domain" and module.room == room]
    known = {module.name for module in PURE}
    outside = {
        f"{m.name} imports {name}"
        for m in domain
        for name in imports(m)
        if name in modules() and name not in known
    }
    assert not {
        line
        for line in outside
        if not line.endswith(("channels.kind", "channels.outcome", "channels.event", "channels.message"))
    }


def test_one_room_writes_a_table() -> None:
    besides_erasing = {
        table: rooms - {"record"} or rooms for table, rooms in writers().items() if table != SHARED
    }
    several = {table: rooms for table, rooms in besides_erasing.items() if len(rooms) > 1}
    assert several == WRITTEN_BY_SEVERAL


def test_only_an_erasure_writes_to_the_tables_of_many_rooms() -> None:
    erased = {table for table, rooms in writers().items() if "record" in rooms and len(rooms) > 1}
    assert erased - {SHARED} == ERASED_BY_RECORD


def test_every_table_is_written_by_somebody() -> None:
    from dispatcher.database.tables.metadata import metadata

    by_the_database = {
        "leases",
        "facts_versions",
    }  # its own room takes and gives the one; triggers write the other
    assert set(metadata.tables) - writers().keys() <= by_the_database


def test_pure_rooms_open_no_file_and_ask_no_clock_and_no_chance() -> None:
    assert len(PURE) > 60
    impure = {module.name for module in PURE if set(_asked(module))}
    assert impure == set(IMPURE_FOR_A_REASON)


@pytest.mark.parametrize(
    "line",
    [
        "import random",
        "from os import environ",
        "datetime.now(UTC)",
        "date.today()",
        "path.read_text()",
        "open('x')",
        "uuid4()",
    ],
)
def test_asking_the_machine_is_seen(line: str, tmp_path: Path) -> None:
    (tmp_path / "made_up.py").write_text(line)
    assert set(_asked(Module("dispatcher.values.made_up", tmp_path / "made_up.py")))


def _asked(module: Module) -> Iterator[str]:
    """What a module asks that is not among the values it is given."""
    yield from (name for name in imports(module) if name in _NEEDS_THE_MACHINE)
    for call in [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]:
        if isinstance(call.func, ast.Name) and call.func.id in _ASKS:
            yield call.func.id
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ASKS_OF | _ASKS:
            yield call.func.attr


def _is_verb(name: str) -> bool:
    module = modules().get(name)
    return (
        module is not None
        and module in OURS
        and module.kind == "verb"
        and module.room in ROOMS
        and module.name.count(".") > 1
    )


def test_no_two_modules_import_each_other() -> None:
    """However long the way round, and for the types alone too: whoever reads one would have to read the other."""
    reach = {
        name: {other for other in imports(module) if other in modules() and other != name}
        for name, module in modules().items()
    }
    assert [name for name in reach if name in _reached(reach, name)] == []


def _reached(reach: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(reach[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += reach[name]
    return found
