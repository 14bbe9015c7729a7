"""Reads the mailbox of the settings in a process of its own, and dies at the named moment of the named mail."""

import os
import sys

from dispatcher.bootstrap import open_dispatcher
from dispatcher.delivery.storage import mailboxes
from dispatcher.worker import upkeep


def main(mail: int, moment: str) -> None:
    """`moment`: before it is recorded, between that and the place, or after; mail 0: live to the end."""
    program = open_dispatcher()
    seen = 0
    record, keep = upkeep.record_mail, mailboxes.keep_place

    def recording(*given, **named):
        nonlocal seen
        seen += 1
        if seen == mail and moment == "before":
            os._exit(9)
        said = record(*given, **named)
        if seen == mail and moment == "between":
            os._exit(9)
        return said

    def keeping(*given):
        keep(*given)
        if seen == mail and moment == "within":
            os._exit(9)  # the place is written and not committed

    upkeep.record_mail, mailboxes.keep_place = recording, keeping
    counts = upkeep.read_answers(program)
    program.close()
    print(sum(count for kind, count in counts.items() if kind != "repeated"))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
