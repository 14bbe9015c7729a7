"""A command opens only what it needs: what it imports is most of the time that most commands take."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import dispatcher

_SHOW = """
import contextlib, io, sys
from dispatcher.cli.main import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main()
print(*sys.modules)
"""
GATE, TEXTS = "dispatcher.gate", "dispatcher.writing"
LIBRARIES = {"alembic", "babel", "cryptography", "dramatiq", "holidays", "jinja2", "jsonschema", "phonenumbers", "psycopg", "rich", "starlette", "urllib3", "yaml"}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "never", "few"),
    [
        (["--help"], {"sqlalchemy", "pydantic", GATE, TEXTS, *LIBRARIES}, 5),
        (["--version"], {"sqlalchemy", "pydantic", GATE, TEXTS, *LIBRARIES}, 5),
        (["messages", "list"], {GATE, TEXTS, *LIBRARIES}, 69),
        (["db", "current"], {GATE, TEXTS, *LIBRARIES}, 29),
        (["stop", "--help"], {GATE, TEXTS, *LIBRARIES}, 39),
        (["users", "list"], {GATE, TEXTS, *LIBRARIES}, 54),
        (["portfolio", "status"], {GATE, TEXTS, *LIBRARIES}, 64),
        (["log", "search"], {GATE, TEXTS, *LIBRARIES - {"cryptography"}}, 82),
        (["log", "verify"], {GATE, *LIBRARIES - {"cryptography", "babel", "phonenumbers"}}, 124),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_no_more_than_it_needs(
    words: list[str], never: set[str], few: int, tmp_path: Path
) -> None:
    home = {"DISPATCHER_HOME": str(tmp_path), "PATH": ""}
    dispatcher("db", "upgrade", home=tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _SHOW, *words], env=home, check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & never
    assert sum(name.startswith("dispatcher.") for name in loaded) <= few
