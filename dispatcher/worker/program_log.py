"""What the long-running verbs write of themselves to stderr: lines for a person, or JSON for a collector of logs.

The delivery log is another thing: it says for good what was done to whom.
"""

import json
import logging
import os
from datetime import UTC, datetime
from typing import TextIO

_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """One object a line: `at` (UTC), `level`, `logger`, `message`, `process`, `thread`, of a fault its `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": os.getpid(),
            "thread": record.threadName,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def write_program_log(form: str, *, level: int = logging.INFO) -> None:
    """Let all loggers of this process write to stderr as text or json; once a process."""
    logging.basicConfig(level=level, handlers=[handler_of(form)])


def handler_of(form: str) -> "logging.StreamHandler[TextIO]":
    """What writes to stderr in that form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(_TEXT))
    return handler
