"""How many processes may work beside this one."""

import os

MOST_PROCESSES = 4  # each has the configuration, the templates and some 100 MB of its own


def usable_cores() -> int:
    """How many processors this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1
