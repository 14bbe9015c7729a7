"""Reads templates from a folder, as managers keep them under version control."""

from collections.abc import Iterator
from pathlib import Path

from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.problems import Problem, TemplateProblems

_SUFFIXES = frozenset({".yaml", ".md", ".txt"})


def template_folders(directory: Path) -> list[str]:
    """The names of the templates in a folder, sorted; `_layouts` and hidden folders are none."""
    return sorted(path.name for path in directory.iterdir() if path.is_dir() and path.name[0] not in "_.")


def read_template(directory: Path, name: str, number: int = 1) -> TemplateVersion:
    """One template's folder; raises TemplateProblems for a file that is no UTF-8 text."""
    return TemplateVersion(name=name, version=number, files=dict(_files(directory / name)))


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith(".") or path.suffix not in _SUFFIXES:
            continue
        relative = path.relative_to(folder).as_posix()
        try:
            yield relative, path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise TemplateProblems([Problem(file=relative, line=line, message="is not UTF-8 text")]) from None
