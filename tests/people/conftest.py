"""The small portfolio as a fixture."""

from tests.people.people import book

__all__ = ["book"]
