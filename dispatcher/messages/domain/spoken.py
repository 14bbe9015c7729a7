"""How a message speaks of one of its debts: what the record, an explanation and the next message say of it."""

from enum import StrEnum


class How(StrEnum):
    """Each debt of a message is spoken of in one of these ways."""

    DUE = "due"  # it had come to its step, and climbed to it
    NEW = "new"  # the first time that anybody writes about it
    LISTED = "listed"  # it stood in the table; its own ladder did not move
    DISPUTED = "disputed"  # named with nothing to pay, in no total


ASKED_FOR = frozenset({How.DUE, How.NEW, How.LISTED})
