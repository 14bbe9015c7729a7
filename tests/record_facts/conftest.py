"""The small portfolio as a fixture."""

from tests.record_facts.people import book

__all__ = ["book"]
