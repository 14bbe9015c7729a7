"""Begins a template: a draft from the texts of another, or from a few lines to start with."""

from starlette.responses import Response

from dispatcher.authoring.edit_template import Edit, save_draft
from dispatcher.authoring.storage import template_versions
from dispatcher.web.managers.template_preview import META
from dispatcher.web.site.page import go_to, page
from dispatcher.web.site.visit import Page, Visit
from dispatcher.writing.domain.template import ReviewRefused, may_be_named

_FIRST_META = """purpose: What it is for, in a sentence.
kinds: [collection]
owner: Receivables
legal_basis: Why it may be sent
"""
_FIRST_EMAIL = """---
subject: {{ debtor.name }}, a message from {{ sender.name }}
preheader: About your account
---
Hello {{ debtor.name }},

"""


def new_template(visit: Visit) -> Response:
    """The form for a new template."""
    return page(visit, "template_new", wrong="", name="", source=visit.query("from"), sources=_names(visit))


def create_template(visit: Visit) -> Response:
    """Begin a template as a draft, from the texts of another or from nothing."""
    name, source = visit.text("name"), visit.text("source")
    wrong = _wrong_name(visit, name)
    if wrong:
        return page(
            visit, "template_new", status=422, wrong=wrong, name=name, source=source, sources=_names(visit)
        )
    files = dict(_starting_files(visit, source))
    edit = Edit(
        name=name, files=files, author=visit.actor, comment=f"begun from {source}" if source else "begun"
    )
    saved = save_draft(visit.program.database, visit.program.layouts, edit, now=visit.now)
    return go_to(visit, f"/templates/{name}/edit?version={saved.version}", "The draft is begun.")


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
    return {META: _FIRST_META, "en/email.md": _FIRST_EMAIL}


PAGES = (
    Page("GET", "/templates/new", new_template),
    Page("POST", "/templates/new", create_template),
)
