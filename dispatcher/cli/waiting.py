"""Prints what waits, why, and the next command."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only a type here; its module opens the tables
    from dispatcher.delivery.what_waits import Waiting


def print_waiting(waiting: "Sequence[Waiting]") -> None:
    """A line for each reason; nothing where nothing waits."""
    for each in waiting:
        print(f"  {each}")
