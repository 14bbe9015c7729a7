"""Homes beside each other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.many.homes import Home

MakeHome = Callable[..., Home]


@pytest.fixture
def make_home(tmp_path: Path) -> MakeHome:
    """Makes empty homes by name."""
    return lambda name="home", **more: Home(folder=tmp_path / name, more=more)
