"""Finds the reference material beside the checkout (`../shared`), which is not part of the project."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def shared_folder() -> Path:
    """The folder named by DISPATCHER_TEST_SHARED, else `../shared`; skips the test where there is none."""
    folder = Path(os.environ.get("DISPATCHER_TEST_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference material not found at {folder}: set DISPATCHER_TEST_SHARED")
    return folder


def yaml_of(path: Path) -> Any:
    """What a file of test data says; read by the parser in C, which takes a tenth of the time."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
