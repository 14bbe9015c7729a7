import pytest

from tests.writing.desk import house_style


@pytest.fixture(scope="session")
def house():
    """The shipped layouts and wordings."""
    return house_style()
