"""Delivers: the queue, the relay that fills it, the workers that empty it, the scheduler."""

import os

# dramatiq reads these when it is imported: come back soon after Redis does.
os.environ.setdefault("dramatiq_restart_delay", "1000")
