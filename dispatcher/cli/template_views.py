"""Shows templates, previews and their problems, for people and as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.kind import ChannelKind
from channels.sms.segments import count_segments, suggest_replacements

if TYPE_CHECKING:
    from dispatcher.authoring.preview_template import Preview
    from dispatcher.authoring.rehearse_template import Rehearsal
    from dispatcher.authoring.storage.template_versions import StoredVersion
    from dispatcher.writing.language.placeholders import Placeholder
    from dispatcher.writing.language.problems import Problem
    from dispatcher.writing.render import Rendered


def show_rehearsal(rehearsal: "Rehearsal") -> None:
    """Print what rendering for the whole portfolio found."""
    by_channel = ", ".join(f"{count} {channel}" for channel, count in sorted(rehearsal.by_channel.items()))
    print(
        f"rendered {rehearsal.rendered} messages for the current portfolio ({by_channel or 'nobody owes anything'})"
    )
    print(f"would be held: {rehearsal.failed}; too long: {rehearsal.too_long}; changed: {rehearsal.changed}")
    if rehearsal.without_needs:
        print(f"not for {rehearsal.without_needs} more, who lack what template.yaml says it needs")
    if rehearsal.longest_sms:
        print(f"longest SMS: {rehearsal.longest_sms} segments")
    for line in rehearsal.branches:
        print(f"  under a condition: {line}")
    for sentence, (count, names) in sorted(rehearsal.vanished.items(), key=lambda item: -item[1][0]):
        print(f"  {count} x {sentence} ({', '.join(names)})")
    for sentence, (count, names) in sorted(rehearsal.troubles.items(), key=lambda item: -item[1][0]):
        print(f"  {count} x {sentence} ({', '.join(names)})")


def write_body(out: Path, shown: "Preview") -> None:
    """Write the exact bytes of a preview to a file; nothing where there are none."""
    from dispatcher.writing.render import RenderFailure

    if isinstance(shown.rendered, RenderFailure):
        return
    out.write_bytes(shown.rendered.body)
    print(f"wrote {out} ({len(shown.rendered.body)} bytes), made from {shown.basis}, version {shown.version}")
    if shown.is_stored is False:
        print(
            "this differs from the body that is stored for the message: its balance, text or layout changed since"
        )


def is_held(shown: "Preview") -> bool:
    """Whether delivery would hold it."""
    from dispatcher.writing.render import RenderFailure

    return isinstance(shown.rendered, RenderFailure) or bool(shown.rendered.findings)


def show_preview(title: str, shown: "Preview") -> None:
    """Print a message as its reader gets it, and why it would be held."""
    from dispatcher.writing.render import RenderFailure

    rendered = shown.rendered
    print(f"--- {title or shown.basis}, version {shown.version}")
    if isinstance(rendered, RenderFailure):
        print(f"held ({rendered.rule}): {rendered}")
        return
    if rendered.subject:
        print(f"Subject: {rendered.subject}")
    if rendered.preheader:
        print(f"Preview: {rendered.preheader}")
    print(rendered.text)
    if rendered.channel is ChannelKind.SMS:
        _show_segments(shown, rendered)
    for finding in rendered.findings:
        print(f"held: {finding}")


def _show_segments(shown: "Preview", rendered: "Rendered") -> None:
    from dispatcher.values.sender import sms_price

    counted = count_segments(rendered.text)
    price = sms_price(shown.inputs.sender, shown.inputs.debtor.country, counted.segments)
    cost = f", {price}" if price else ""
    print(f"[{counted.segments} segments, {counted.encoding}, {counted.units} units{cost}]")
    for each in suggest_replacements(rendered.text):
        print(f"[{each.character} ({each.name}) needs more room; {each.instead!r} would not]")


def preview_json(shown: "Preview") -> dict[str, Any]:
    """One preview for programs."""
    from dispatcher.writing.render import RenderFailure

    rendered = shown.rendered
    head: dict[str, Any] = {"message_id": shown.message_id, "version": shown.version, "basis": shown.basis}
    if isinstance(rendered, RenderFailure):
        return {
            **head,
            "failure": {"rule": rendered.rule, "reason": rendered.reason, "advice": rendered.advice},
        }
    return {
        **head,
        "channel": rendered.channel.value,
        "language": rendered.language,
        "subject": rendered.subject,
        "preheader": rendered.preheader,
        "text": rendered.text,
        "segments": rendered.segments,
        "pages": rendered.pages,
        "is_stored": shown.is_stored,
        "findings": [str(finding) for finding in rendered.findings],
    }


def problem_json(name: str, problem: "Problem") -> dict[str, Any]:
    """One problem for programs."""
    return {
        "template": name,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "rule": problem.rule,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }


def version_row(stored: "StoredVersion", in_force: int | None) -> dict[str, Any]:
    """One version for a list."""
    version = stored.version
    return {
        "version": version.version,
        "state": version.state.value,
        "in_force": version.version == in_force,
        "source": stored.source,
        "author": version.author,
        "approver": version.approver,
        "comment": version.comment,
        "created_at": version.created_at.isoformat() if version.created_at else "",
        "published_from": version.published_from.isoformat() if version.published_from else "",
        "digest": version.digest,
    }


def table_rows() -> list[dict[str, Any]]:
    """The tables, as rows of the list of placeholders."""
    from dispatcher.writing.language.layouts import TABLES

    return [
        {
            "name": f"tables.{name}",
            "kind": "table",
            "description": "a table, alone on its line",
            "sample": "",
            "trust": "ours",
            "may_be_empty": False,
        }
        for name in TABLES
    ]


def placeholder_rows(placeholder: "Placeholder", prefix: str) -> list[dict[str, Any]]:
    """A placeholder, and for a list the fields of its items."""
    from dispatcher.writing.language.placeholders import Kind

    row = {
        "name": prefix + placeholder.name,
        "kind": placeholder.kind.value,
        "description": placeholder.description,
        "sample": placeholder.sample,
        "trust": placeholder.trust.value,
        "may_be_empty": placeholder.may_be_empty,
    }
    item = {"debts": "debt", "plans": "plan", "instalments": "instalment"}.get(placeholder.name, "item")
    nested = [
        each
        for field in placeholder.items.values()
        for each in placeholder_rows(field, f"(for {item} in {row['name']}) {item}.")
    ]
    return [row, *nested] if placeholder.kind is Kind.LIST else [row]
