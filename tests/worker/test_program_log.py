"""What the long-running verbs write of themselves: lines for a person, or one JSON object a line."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from dispatcher.settings import SettingsError, load_settings
from dispatcher.worker.program_log import JsonLines, write_program_log


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger without handlers, put back afterwards."""
    logger = logging.getLogger()
    before, level = logger.handlers[:], logger.level
    logger.handlers[:] = []
    yield logger
    logger.handlers[:] = before
    logger.setLevel(level)


def written(root: logging.Logger, form: str, say) -> str:
    write_program_log(form)
    [handler] = root.handlers
    stream = io.StringIO()
    handler.setStream(stream)
    say(logging.getLogger("dispatcher.worker.test"))
    return stream.getvalue()


def test_each_line_is_an_object_with_its_moment_level_and_origin(root: logging.Logger) -> None:
    text = written(
        root, "json", lambda log: [log.info("sent %d, zum Beispiel für Ä", 3), log.warning("two\nlines")]
    )

    first, second = (json.loads(line) for line in text.splitlines())
    assert (first["message"], first["level"], first["logger"]) == (
        "sent 3, zum Beispiel für Ä", "info", "dispatcher.worker.test",
    )  # fmt: skip
    assert first["at"].endswith("Z")
    assert second["message"] == "two\nlines"
    assert {"process", "thread"} <= first.keys()
    assert "exception" not in first


def test_a_fault_keeps_its_story_in_its_line(root: logging.Logger) -> None:
    def fail(log: logging.Logger) -> None:
        try:
            raise ValueError("no such thing")
        except ValueError:
            log.exception("it went wrong")

    [line] = written(root, "json", fail).splitlines()
    assert "ValueError: no such thing" in json.loads(line)["exception"]


def test_a_person_reads_plain_lines_where_nothing_else_is_set(root: logging.Logger) -> None:
    assert load_settings().log_format == "text"
    text = written(root, "text", lambda log: log.info("hello"))
    assert text.endswith("INFO dispatcher.worker.test hello\n")
    assert not isinstance(root.handlers[0].formatter, JsonLines)


def test_another_form_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"(?i)log_format"):
        load_settings(log_format="xml")
