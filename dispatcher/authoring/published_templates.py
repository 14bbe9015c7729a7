"""The template versions in force, compiled and at hand for whoever prepares, previews or sends."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from dispatcher.authoring.storage import template_versions
from dispatcher.database.engine import Database
from dispatcher.gate.facts import ContentFindings
from dispatcher.messages.domain.message import Message
from dispatcher.writing.checks.checks import Report, check_bytes
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.checks.suited import unsuited
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.problems import TemplateProblems

FRESH = timedelta(seconds=5)  # how long a worker may not yet know of a newly published version
MOST_CHECKED = 100_000  # reports kept, some hundred bytes each


class PublishedTemplates:
    """Finds templates by name and by version; reads the list of published versions at most every few seconds."""

    def __init__(self, database: Database, house: Layouts, now: Callable[[], datetime]) -> None:
        self._database = database
        self._house = house
        self._now = now
        self._published: Mapping[str, list[tuple[datetime, int]]] = {}
        self._read_at: datetime | None = None
        self._compiled: dict[tuple[str, int], CompiledTemplate | TemplateProblems] = {}
        self._checked: dict[tuple[str, str, int], Report] = {}

    def find(self, name: str) -> CompiledTemplate | None:
        """The version of a template in force now; None where none is, or where it no longer compiles."""
        version = self.in_force(name)
        return None if version is None else self.version(name, version)

    def in_force(self, name: str) -> int | None:
        """The number of the version in force now."""
        now = self._now()
        if self._read_at is None or abs(now - self._read_at) > FRESH:
            self._read(now)
        by_now = [(since, version) for since, version in self._published.get(name, ()) if since <= now]
        return max(by_now)[1] if by_now else None

    def version(self, name: str, version: int) -> CompiledTemplate | None:
        """One version, whatever is in force; None where it is unknown or no longer compiles."""
        found = self._compiled.get((name, version))
        if found is None:
            found = self._compile(name, version)
        return None if isinstance(found, TemplateProblems) else found

    def problems(self) -> list[str]:
        """Why published versions cannot be used, each a line."""
        return [
            f"template {name}, version {version}: {found}"
            for (name, version), found in sorted(self._compiled.items())
            if isinstance(found, TemplateProblems)
        ]

    def all_in_force(self) -> dict[str, CompiledTemplate | None]:
        """Every template in force now by its name; None where it no longer compiles."""
        self._read(self._now())
        return {name: self.find(name) for name in sorted(self._published) if self.in_force(name) is not None}

    def problems_now(self) -> list[str]:
        """Why templates in force now cannot be used, each a line."""
        unusable = {
            (name, self.in_force(name)) for name, found in self.all_in_force().items() if found is None
        }
        return [
            f"template {name}, version {version}: {found}"
            for (name, version), found in sorted(self._compiled.items())
            if isinstance(found, TemplateProblems) and (name, version) in unusable
        ]

    def check(self, message: Message, body: bytes, inputs: RenderInputs) -> Report:
        """Hold the exact bytes of a message against the version that they were made from."""
        compiled = (
            self.version(message.template, message.template_version) if message.template_version else None
        )
        if compiled is None:
            advice = f"Version {message.template_version} of template {message.template} is not usable: prepare again."
            finding = Finding(rule="no-template", phrase="", advice=advice)
            return Report(findings=(finding,), content=ContentFindings(sender_identified=False))
        if against := unsuited(compiled.meta, inputs):
            return Report(findings=against, content=ContentFindings(sender_identified=False))
        known = self._checked.get((hashlib.sha256(body).hexdigest(), message.inputs_digest, compiled.version))
        return known or check_bytes(body, compiled=compiled, inputs=inputs)

    def remember(self, sha256: str, inputs_digest: str, version: int, report: Report) -> None:
        """Keep what the checks have said of these bytes, made from these inputs: it is the same the next time."""
        if len(self._checked) >= MOST_CHECKED:
            self._checked.clear()
        self._checked[sha256, inputs_digest, version] = report

    def forget(self) -> None:
        """Read the list anew at the next question, as after publishing."""
        self._read_at = None

    def _read(self, now: datetime) -> None:
        published: dict[str, list[tuple[datetime, int]]] = {}
        with self._database.reading() as connection:
            for name, version, since in template_versions.published(connection):
                published.setdefault(name, []).append((since, version))
        self._published, self._read_at = published, now

    def _compile(self, name: str, version: int) -> CompiledTemplate | TemplateProblems:
        with self._database.reading() as connection:
            stored = template_versions.get(connection, name, version)
        if stored is None:
            return TemplateProblems([])
        compiled: CompiledTemplate | TemplateProblems
        try:
            compiled = compile_version(stored.version, self._house)
        except TemplateProblems as problems:
            compiled = problems
        self._compiled[name, version] = compiled
        return compiled
