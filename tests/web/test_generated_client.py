"""A client that a public generator makes of our document speaks to us, in an environment of its own."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.shared import ROOT
from tests.web.house import Web
from tests.web.live import served
from tests.web.test_wire import ROW, account

ENVIRONMENT = ROOT / ".venv-client" / "bin"


def tool(name: str) -> Path:
    """A program of that environment; without one the test is skipped and says so."""
    found = Path(os.environ.get("DISPATCHER_TEST_CLIENT", ENVIRONMENT)) / name
    if not found.exists():
        pytest.skip(
            "no generator of clients here: `make client` installs openapi-python-client beside the rest"
        )
    return found


def ran(*argv: object, cwd: Path) -> str:
    found = subprocess.run(
        [str(one) for one in argv], cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": f"{ENVIRONMENT}:/usr/bin:/bin", "HOME": str(cwd)},
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


def test_a_generated_client_pushes_pays_pages_asks_and_reads_what_happened(web: Web, tmp_path: Path) -> None:
    generator, python = tool("openapi-python-client"), tool("python")
    client = account(web)
    document = client.get("/api/v1/openapi.json").json()
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "config.yml").write_text("post_hooks: []\n")

    said = ran(
        generator, "generate", "--path", "openapi.json", "--output-path", "erp", "--meta", "none",
        "--config", "config.yml", "--fail-on-warning", cwd=tmp_path,
    )  # fmt: skip
    assert "WARNING" not in said.upper()
    with served(web) as base:
        key = client.headers["authorization"].removeprefix("Bearer ")
        talk = ROOT / "tests" / "web" / "generated" / "talk.py"
        told = json.loads(ran(python, talk, f"{base}/api/v1", key, tmp_path, json.dumps([ROW]), cwd=tmp_path))

    debts = client.get("/api/v1/debts?limit=500").json()["items"]
    assert told["debts"] == [one["reference"] for one in debts]
    assert told["pushed"] == [1, 0]
    assert (told["paid"], told["back"]) == (["100.00", "B-1"], True)
    assert told["asked"] in {"allow", "defer", "hold", "block"}
    assert told["missing"] == [404, "Not Found"]
    assert {"payment_recorded", "payment_reversed", "run_finished"} <= set(told["events"])
