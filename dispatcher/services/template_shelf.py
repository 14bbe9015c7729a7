"""Finds the compiled template version that is in force, and the one a message was made from."""

from collections.abc import Callable
from datetime import datetime

from dispatcher.domain.facts import ContentFindings
from dispatcher.domain.message import Message
from dispatcher.domain.render_inputs import RenderInputs
from dispatcher.rendering.checks import Report, check_bytes
from dispatcher.rendering.compile import CompiledTemplate, compile_version
from dispatcher.rendering.finding import Finding
from dispatcher.rendering.house import House
from dispatcher.storage import template_versions
from dispatcher.storage.engine import Database


class TemplateShelf:
    """Template versions from the database, each compiled once in a process."""

    def __init__(self, database: Database, house: House, now: Callable[[], datetime]) -> None:
        self._database = database
        self._house = house
        self._now = now
        self._made_from: dict[tuple[str, int], CompiledTemplate | None] = {}

    def find(self, name: str) -> CompiledTemplate | None:
        """The published version in force now; None where there is none."""
        with self._database.reading() as connection:
            version = template_versions.in_force(connection, name, self._now())
        return None if version is None else compile_version(version, self._house)

    def check(self, message: Message, body: bytes, inputs: RenderInputs) -> Report:
        """The checks over the exact bytes of a message, with the wording of the version it was made from."""
        compiled = self._version(message.template, message.template_version or 0)
        if compiled is None:
            finding = Finding(
                rule="no-template",
                phrase="",
                advice=f"Version {message.template_version} of template {message.template} is gone: prepare it again.",
            )
            return Report(findings=(finding,), content=ContentFindings(sender_identified=False))
        return check_bytes(body, compiled=compiled, inputs=inputs)

    def _version(self, name: str, number: int) -> CompiledTemplate | None:
        if (name, number) not in self._made_from:
            with self._database.reading() as connection:
                version = template_versions.version(connection, name, number)
            self._made_from[name, number] = None if version is None else compile_version(version, self._house)
        return self._made_from[name, number]
