"""The difference between two versions of a template, file by file."""

from collections.abc import Iterator
from difflib import unified_diff

from dispatcher.writing.domain.template import TemplateVersion


def compare_versions(old: TemplateVersion, new: TemplateVersion) -> str:
    """A unified diff over all files; empty where they are the same."""
    return "".join(_lines(old, new))


def _lines(old: TemplateVersion, new: TemplateVersion) -> Iterator[str]:
    for path in sorted({*old.files, *new.files}):
        before, after = old.files.get(path, ""), new.files.get(path, "")
        if before != after:
            label = f"{old.name}/{path}"
            yield from unified_diff(
                _ended(before),
                _ended(after),
                f"{label} (version {old.version})",
                f"{label} (version {new.version})",
            )


def _ended(text: str) -> list[str]:
    return [line if line.endswith("\n") else line + "\n" for line in text.splitlines(keepends=True)]
