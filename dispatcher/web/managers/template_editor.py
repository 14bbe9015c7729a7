"""The editor: text left, the debtor's view right; saving never loses text, and two editors lose nothing."""

import hashlib

from starlette.responses import Response

from dispatcher.authoring.edit_template import Edit, Saved, save_draft
from dispatcher.authoring.preview_draft import ORDINARY
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.web.managers.template_head import head_of
from dispatcher.web.managers.template_preview import (
    META,
    Editor,
    desk_of,
    previewed,
    require_path,
    samples_for,
    who_of,
)
from dispatcher.web.managers.templates import diff_lines, stored_version
from dispatcher.web.site.filters import a_number
from dispatcher.web.site.page import go_to, page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit
from dispatcher.writing.domain.template import ReviewRefused, TemplateVersion, VersionState
from dispatcher.writing.language.placeholders import LAW_PREFIX, PLACEHOLDERS

# (on the button, what it is for, what it inserts)
SNIPPETS = (
    ("table of debts", "reference, due date and balance of each debt", "\n{{ tables.debts }}\n"),
    ("table of amounts", "how the amount is made up: interest, fees, payments", "\n{{ tables.breakdown }}\n"),
    ("table of plans", "the plans on offer with their dates", "\n{{ tables.plans }}\n"),
    ("only if", "what stands only where a value is there", "\n{% if debt.interest %}\n\n{% endif %}\n"),
    (
        "only above an amount",
        "what stands only where more is open; change the number",
        "\n{% if debt.balance > 600 %}\n\n{% endif %}\n",
    ),
    ("if, else", "one of two texts", "\n{% if debts | length > 1 %}\n\n{% else %}\n\n{% endif %}\n"),
    (
        "for each debt",
        "a list with a line a debt",
        "\n{% for debt in debts %}\n- {{ debt.reference }}\n{% endfor %}\n",
    ),
)


def show_editor(visit: Visit) -> Response:
    """The editor with the stored text."""
    number = a_number(visit, "version")
    stored = _to_edit(visit, number)
    file = visit.query("file") or _added_file(visit) or _first_file(stored)
    require_path(file)
    model = _model_of(stored, file)
    desk = Editor(stored=stored, file=file, text=stored.version.files.get(model, ""))
    return _editor(visit, desk, begun_from=model if model != file else "")


def save(visit: Visit) -> Response:
    """Keep the text; where somebody else saved the same file meanwhile, show both and lose neither."""
    desk = desk_of(visit)
    if visit.text("do") == "preview" or visit.field("show_for"):
        return _editor(visit, desk, opened=visit.field("opened"))
    stored = desk.stored
    try:
        saved = _save(visit, desk)
    except ReviewRefused as refused:
        return _conflict(visit, desk, sentence_of(refused))
    done = f"Saved as draft {saved.version}."
    if saved.problems:
        count = len(saved.problems)
        done += f" {count} thing{'s' if count > 1 else ''} to see to before it can be handed in."
    return go_to(
        visit, f"/templates/{stored.version.name}/edit?version={saved.version}&file={desk.file}", done
    )


def _save(visit: Visit, desk: Editor) -> Saved:
    stored = desk.stored
    old = stored.version
    as_new = old.state is not VersionState.DRAFT or visit.text("do") == "save_as_new"
    now_there = old.files.get(desk.file, "")
    if not as_new and visit.field("opened") != fingerprint(now_there) and visit.text("do") != "overwrite":
        raise ReviewRefused(f"somebody saved {desk.file} after you opened it")
    edit = Edit(
        name=old.name,
        files=desk.version.files,
        author=visit.actor,
        comment=visit.text("comment")[:300],
        version=0 if as_new else old.version,
        revision=0 if as_new else stored.revision,
    )
    return save_draft(visit.program.database, visit.program.layouts, edit, now=visit.now)


def _conflict(visit: Visit, desk: Editor, why: str) -> Response:
    theirs = stored_version(visit, desk.stored.version.version)
    mine = TemplateVersion(name="yours", version=0, files={desk.file: desk.text})
    other = TemplateVersion(
        name="saved",
        version=theirs.version.version,
        files={desk.file: theirs.version.files.get(desk.file, "")},
    )
    return _editor(visit, desk, status=409, wrong=why, lines=diff_lines(other, mine))


def _editor(
    visit: Visit,
    desk: Editor,
    *,
    status: int = 200,
    wrong: str = "",
    opened: str = "",
    begun_from: str = "",
    lines: list[tuple[str, str]] | None = None,
) -> Response:
    old = desk.stored.version
    names, who = samples_for(desk), who_of(visit)
    return page(
        visit,
        "template_editor",
        status=status,
        wrong=wrong,
        lines=lines or [],
        stored=desk.stored,
        file=desk.file,
        text=desk.text,
        head=head_of(desk.text) if desk.file == META else None,
        files=sorted(old.files, key=lambda path: (path == META, path)),
        begun_from=begun_from,
        languages=sorted(visit.program.layouts.wordings),
        tongues=_tongues(old, desk.file),
        opened=opened or fingerprint(old.files.get(desk.file, "")),
        snippets=SNIPPETS,
        placeholders=[p for n, p in PLACEHOLDERS.items() if not n.startswith(LAW_PREFIX)],
        samples=list(dict.fromkeys([*names, *([who] if who else [])])),
        who=who or (names[0] if names else ORDINARY),
        debtor=visit.text("debtor"),
        comment=visit.text("comment") if "comment" in visit.form else _comment(old),
        views=list(desk.views),
        **previewed(visit, desk),
        piece=False,
    )


def _tongues(version: TemplateVersion, file: str) -> dict[str, str]:
    """Language -> the text of it that its tab leads to, of the same channel where it has one; English first."""
    channel, found = file.rpartition("/")[2], dict[str, str]()
    for path in sorted(version.files, key=lambda path: (not path.startswith("en/"), path)):
        language, slash, name = path.partition("/")
        if slash and (language not in found or name == channel):
            found[language] = path
    return found


def _comment(version: TemplateVersion) -> str:
    """What the draft says already of its change; a new draft says its own."""
    return version.comment if version.state is VersionState.DRAFT else ""


def fingerprint(text: str) -> str:
    """By which a form tells the text it was opened with."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _to_edit(visit: Visit, number: int | None) -> StoredVersion:
    """The version asked for, else the newest draft, else the newest version."""
    if number is not None:
        return stored_version(visit, number)
    with visit.program.database.reading() as connection:
        versions = template_versions.history(connection, visit.path("name"))
    if not versions:
        raise RefusedError(404, "There is no such template.")
    return next((one for one in versions if one.version.state is VersionState.DRAFT), versions[0])


def _added_file(visit: Visit) -> str:
    """The text that was asked for by its language and its channel."""
    language, channel = visit.query("language"), visit.query("channel")
    return f"{language}/{channel}" if language and channel else ""


def _model_of(stored: StoredVersion, file: str) -> str:
    """The file itself where it is there; else what a new text begins from: its channel's in the nearest language."""
    files = stored.version.files
    language, _, name = file.partition("/")
    nearest = (file, f"{language.partition('-')[0]}/{name}", f"en/{name}")
    others = (path for path in sorted(files) if path.endswith(f"/{name}"))
    return next((path for path in (*nearest, *others) if path in files), file)


def _first_file(stored: StoredVersion) -> str:
    """English first, as these pages speak it, however many languages there are."""
    mails = sorted(path for path in stored.version.files if path.endswith("email.md"))
    return next((path for path in mails if path.startswith("en/")), next(iter(mails), META))


PAGES = (
    Page("GET", "/templates/{name}/edit", show_editor),
    Page("POST", "/templates/{name}/edit", save),
)
