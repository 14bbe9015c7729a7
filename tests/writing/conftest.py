import pytest

from dispatcher.writing import trial
from tests.forked_trials import own_start
from tests.writing.desk import house_style


@pytest.fixture(scope="session")
def house():
    """The shipped layouts and wordings."""
    return house_style()


@pytest.fixture
def trials_start_as_the_programs_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python of its own for each."""
    monkeypatch.setattr(trial, "_begin", own_start)
