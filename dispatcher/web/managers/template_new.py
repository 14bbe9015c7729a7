"""Begins a template: a draft from the texts of another, or from a few lines to start with."""

from typing import Any

import yaml
from starlette.responses import Response

from dispatcher.authoring.edit_template import Edit, save_draft
from dispatcher.authoring.storage import template_versions
from dispatcher.rulebook.yaml_edit import NotEditableError, with_values
from dispatcher.web.managers.template_head import ABOUT, KINDS
from dispatcher.web.managers.template_preview import META
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit
from dispatcher.writing.domain.template import ReviewRefused, may_be_named

_FIRST_EMAIL = """---
subject: {{ debtor.name }}, a message from {{ sender.name }}
preheader: About your account
---
Hello {{ debtor.name }},

"""


def new_template(visit: Visit) -> Response:
    """The form for a new template."""
    return page(
        visit,
        "template_new",
        source=visit.typed("source", visit.query("from")),
        sources=_names(visit),
        kinds=KINDS,
        chosen=visit.fields("kind"),
    )


def create_template(visit: Visit) -> Response:
    """Begin a template as a draft, from the texts of another or from nothing."""
    name, source = visit.text("name"), visit.text("source")
    wrong = _wrong_name(visit, name) or _wrong_about(visit, source)
    if wrong:
        return again(visit, new_template, wrong)
    files = dict(_starting_files(visit, source))
    try:
        files[META] = _with_about(visit, files.get(META, ""))
    except NotEditableError as refused:
        return again(visit, new_template, sentence_of(refused))
    edit = Edit(
        name=name, files=files, author=visit.actor, comment=f"begun from {source}" if source else "begun"
    )
    saved = save_draft(visit.program.database, visit.program.layouts, edit, now=visit.now)
    return go_to(visit, f"/templates/{name}/edit?version={saved.version}", "The draft is begun.")


def _wrong_about(visit: Visit, source: str) -> str:
    """What a template that begins from nothing must say of itself, in a sentence; empty where it does."""
    if source:
        return ""
    if not all(visit.text(name) for name in ABOUT):
        return "Say what it is for, who answers for it and why it may be sent: a template from nothing needs all three."
    return "" if visit.fields("kind") else "Tick at least one kind of step that it may serve."


def _with_about(visit: Visit, meta: str) -> str:
    """What the form says of the template, over what another one's says."""
    said: dict[str, Any] = {
        name: text for name in ABOUT if (text := " ".join(visit.text(name).split())[:300])
    }
    known = {kind for kind, _ in KINDS}
    if kinds := [kind for kind in visit.fields("kind") if kind in known]:
        said["kinds"] = kinds
    if not meta.strip():
        return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)
    return with_values(meta, (), said)


def _wrong_name(visit: Visit, name: str) -> str:
    try:
        may_be_named(name)
    except ReviewRefused as refused:
        return str(refused)
    return f"There is a template {name} already." if name in _names(visit) else ""


def _names(visit: Visit) -> list[str]:
    with visit.program.database.reading() as connection:
        return template_versions.names(connection)


def _starting_files(visit: Visit, source: str) -> dict[str, str]:
    if source:
        with visit.program.database.reading() as connection:
            found = template_versions.in_force(connection, source, visit.now) or template_versions.newest(
                connection, source
            )
        if found is not None:
            return dict(found.version.files)
    return {"en/email.md": _FIRST_EMAIL}


PAGES = (
    Page("GET", "/templates/new", new_template),
    Page("POST", "/templates/new", create_template),
)
