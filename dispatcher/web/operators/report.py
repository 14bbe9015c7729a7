"""Writes a run's summary as one self-contained page."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from dispatcher.runs.domain.run_summary import WORDS, RunSummary
from dispatcher.runs.pick_examples import Story


def write_report(path: Path, summary: RunSummary, stories: Sequence[Story]) -> None:
    """Write the page; it needs no other file and no network."""
    path.write_text(report_html(summary, stories), encoding="utf-8")


def report_html(summary: RunSummary, stories: Sequence[Story]) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("dispatcher.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    words = [word for word in WORDS if word not in {"failed", "unknown"} or summary.totals.get(word)]
    template = environment.get_template("report.html.jinja")
    return template.render(
        summary=summary, stories=stories, words=words, most=max(summary.totals.values(), default=1)
    )
