"""What the long-running verbs write of themselves: lines for a person, or one JSON object a line."""

import io
import json
import logging
from collections.abc import Callable

import pytest

from dispatcher.settings import SettingsError, load_settings
from dispatcher.worker.program_log import handler_of


def written(form: str, say: Callable[[logging.Logger], object]) -> str:
    """What a logger says through the handler of a form."""
    handler, stream = handler_of(form), io.StringIO()
    handler.setStream(stream)
    logger = logging.getLogger("dispatcher.worker.test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        say(logger)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def test_each_line_is_an_object_with_its_moment_level_and_origin() -> None:
    text = written(
        "json", lambda log: [log.info("sent %d, zum Beispiel für Ä", 3), log.warning("two\nlines")]
    )

    first, second = (json.loads(line) for line in text.splitlines())
    assert (first["message"], first["level"], first["logger"]) == (
        "sent 3, zum Beispiel für Ä", "info", "dispatcher.worker.test",
    )  # fmt: skip
    assert first["at"].endswith("Z")
    assert second["message"] == "two\nlines"
    assert {"process", "thread"} <= first.keys()
    assert "exception" not in first


def test_a_fault_keeps_its_story_in_its_line() -> None:
    def fail(log: logging.Logger) -> None:
        try:
            raise ValueError("no such thing")
        except ValueError:
            log.exception("it went wrong")

    [line] = written("json", fail).splitlines()
    assert "ValueError: no such thing" in json.loads(line)["exception"]


def test_a_person_reads_plain_lines_where_nothing_else_is_set() -> None:
    assert load_settings().log_format == "text"
    text = written("text", lambda log: log.info("hello"))
    assert text.endswith("INFO dispatcher.worker.test hello\n")


def test_another_form_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"(?i)log_format"):
        load_settings(log_format="xml")
