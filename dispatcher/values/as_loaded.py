"""A value that is loaded once a process and too large to compare: the same where it is the same object."""

from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class AsLoaded(Generic[_Value]):
    """Such a value as a key of what was made from it; holds it, so that its identity stays its own."""

    __slots__ = ("value",)

    def __init__(self, value: _Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsLoaded) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
