"""Prints a run's summary as a person reads it."""

from rich import box
from rich.console import Console
from rich.table import Table

from dispatcher.runs.domain.run_summary import WORDS, RunSummary

MOST_REASONS = 12


def print_summary(summary: RunSummary) -> None:
    """Print due = sent + deferred + held + blocked, by channel and step, with the top reasons and their sources."""
    console = Console(highlight=False, width=None if Console().is_terminal else 140)
    words = [word for word in WORDS if word not in {"failed", "unknown"} or summary.totals.get(word)]
    console.print(f"Run {summary.run_id} for {summary.as_of}")
    parts = " + ".join(f"{summary.totals.get(word, 0)} {word}" for word in words)
    console.print(f"{summary.due} due = {parts}")
    if summary.sent_of_earlier_runs:
        console.print(f"Besides, {summary.sent_of_earlier_runs} sent that earlier runs had planned")
    console.print()
    console.print(_table("channel", summary.by_channel, words))
    console.print(_table("step", summary.by_step, words))
    if summary.reasons:
        console.print(_reasons(summary))
    others = ", ".join(f"{count} {reason}" for reason, count in sorted(summary.others.items()))
    if others:
        console.print(f"Debts in the ledger: {others}")
    for step, counts in sorted(summary.besides.items()):
        told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        console.print(f"Besides, as it was recorded: {step}: {told}")
    for one in summary.left_open:
        console.print("Left open: " + one.sentence(summary.as_of), markup=False)
    for creditor, why in sorted(summary.refused_creditors.items()):
        console.print(f"[bold]Refused:[/bold] {creditor}: {why}")
    for stop in summary.stops:
        console.print("Stopped: " + stop, markup=False)
    for note in summary.notes:
        console.print("Note: " + note, markup=False)
    for problem in summary.template_problems:
        console.print("Look at this: " + problem, markup=False)
    console.print(f"Plan {summary.plan_digest[:16]}, seal {summary.seal[:16] or 'none'}")


def _table(title: str, rows: object, words: list[str]) -> Table:
    table = Table(title, *words, box=box.SIMPLE, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in sorted(rows.items()):  # type: ignore[attr-defined]  # a mapping of counters
        label = "none (no channel was allowed)" if title == "channel" and name == "none" else name
        table.add_row(label, *(str(counts.get(word, 0)) for word in words))
    return table


def _reasons(summary: RunSummary) -> Table:
    table = Table("kept back", "rule", "why / source", "count", box=box.SIMPLE, pad_edge=False)
    table.columns[3].justify = "right"
    for reason in summary.reasons[:MOST_REASONS]:
        table.add_row(reason.word, f"{reason.pack}/{reason.rule}", reason.reference, str(reason.count))
    return table
