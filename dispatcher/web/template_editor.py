"""The editor: text left, the debtor's view right; saving never loses text, and two editors lose nothing."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response

from channels.kind import ChannelKind
from channels.sms.segments import count_segments, suggest_replacements
from dispatcher.domain.guards.content import ForbiddenTraits
from dispatcher.domain.template import ReviewRefused, TemplateVersion, VersionState
from dispatcher.rendering.meta import TemplateMeta, read_meta
from dispatcher.rendering.placeholders import LAW_PREFIX, PLACEHOLDERS
from dispatcher.rendering.problems import TemplateProblems
from dispatcher.services.edit_template import Edit, Saved, save_draft
from dispatcher.services.preview_draft import ORDINARY, DraftPreview, DraftRequest, preview_draft, sample_names
from dispatcher.services.preview_template import NothingToShow
from dispatcher.storage.explained import AmbiguousDebtorError
from dispatcher.storage.template_versions import StoredVersion
from dispatcher.web.filters import a_number
from dispatcher.web.headers import FRAMED
from dispatcher.web.messages import PICTURE_DPI, html_of
from dispatcher.web.site import go_to, page, sentence_of
from dispatcher.web.templates import diff_lines, stored_version
from dispatcher.web.visit import Page, RefusedError, Visit

META = "template.yaml"
_PATH = re.compile(r"template\.yaml|[a-z]{2,3}(-[A-Z]{2})?/(email\.md|sms\.txt|letter\.md)")
_CHANNEL = {"email.md": ChannelKind.EMAIL, "sms.txt": ChannelKind.SMS, "letter.md": ChannelKind.LETTER}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What lies on the editor's desk: the version it goes on from, the file, the text as it was typed."""

    stored: StoredVersion
    file: str
    text: str

    @property
    def version(self) -> TemplateVersion:
        """The version as it would be with the text."""
        old = self.stored.version
        return TemplateVersion(name=old.name, version=old.version, files={**old.files, self.file: self.text})

    @property
    def channel(self) -> ChannelKind | None:
        """What the file is for; None for template.yaml."""
        return _CHANNEL.get(self.file.rpartition("/")[2])


def new_template(visit: Visit) -> Response:
    """The form for a new template."""
    return page(visit, "template_new", wrong="", name="", source=visit.query("from"), sources=_names(visit))


def create_template(visit: Visit) -> Response:
    """Begin a template as a draft, from the texts of another or from nothing."""
    name, source = visit.text("name"), visit.text("source")
    wrong = ""
    if not _NAME.fullmatch(name) or len(name) > 60:
        wrong = "A name is made of small letters, digits and single hyphens: second-reminder."
    elif name in _names(visit):
        wrong = f"There is a template {name} already."
    if wrong:
        return page(visit, "template_new", status=422, wrong=wrong, name=name, source=source, sources=_names(visit))
    files = dict(_starting_files(visit, source))
    edit = Edit(name=name, files=files, author=visit.actor, comment=f"begun from {source}" if source else "begun")
    saved = save_draft(visit.house.database, visit.house.house, edit, now=visit.now)
    return go_to(visit, f"/templates/{name}/edit?version={saved.version}", "The draft is begun.")


def show_editor(visit: Visit) -> Response:
    """The editor with the stored text."""
    number = a_number(visit, "version")
    stored = _to_edit(visit, number)
    file = visit.query("file") or _first_file(stored)
    _require_path(file)
    desk = Desk(stored=stored, file=file, text=stored.version.files.get(file, ""))
    return _editor(visit, desk)


def save(visit: Visit) -> Response:
    """Keep the text; where somebody else saved the same file meanwhile, show both and lose neither."""
    desk = _desk(visit)
    if visit.text("do") == "preview":
        return _editor(visit, desk, opened=visit.field("opened"))
    stored = desk.stored
    try:
        saved = _save(visit, desk)
    except ReviewRefused as refused:
        return _conflict(visit, desk, sentence_of(refused))
    done = f"Saved as draft {saved.version}."
    if saved.problems:
        done += f" {len(saved.problems)} thing{'s' if len(saved.problems) > 1 else ''} to see to before it can be handed in."
    return go_to(visit, f"/templates/{stored.version.name}/edit?version={saved.version}&file={desk.file}", done)


def preview(visit: Visit) -> Response:
    """The preview and the findings as a piece of a page, for the script that asks as you type."""
    desk = _desk(visit)
    return page(visit, "template_preview", **_previewed(visit, desk), piece=True)


def preview_email(visit: Visit) -> Response:
    """The e-mail of the text as typed, for a frame of its own."""
    desk = _desk(visit)
    shown, _ = _shown(visit, desk)
    if shown is None or shown.rendered is None or shown.rendered.channel is not ChannelKind.EMAIL:
        return HTMLResponse("<p>There is no e-mail to show yet.</p>", headers=FRAMED)
    return Response(html_of(shown.rendered.body), media_type="text/html; charset=utf-8", headers=FRAMED)


def _save(visit: Visit, desk: Desk) -> Saved:
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
    return save_draft(visit.house.database, visit.house.house, edit, now=visit.now)


def _conflict(visit: Visit, desk: Desk, why: str) -> Response:
    theirs = stored_version(visit, desk.stored.version.version)
    mine = TemplateVersion(name="yours", version=0, files={desk.file: desk.text})
    other = TemplateVersion(
        name="saved", version=theirs.version.version, files={desk.file: theirs.version.files.get(desk.file, "")}
    )
    return _editor(visit, desk, status=409, wrong=why, lines=diff_lines(other, mine))


def _editor(
    visit: Visit,
    desk: Desk,
    *,
    status: int = 200,
    wrong: str = "",
    opened: str = "",
    lines: list[tuple[str, str]] | None = None,
) -> Response:
    old = desk.stored.version
    names = _sample_names(desk)
    return page(
        visit,
        "template_editor",
        status=status,
        wrong=wrong,
        lines=lines or [],
        name=old.name,
        stored=desk.stored,
        file=desk.file,
        text=desk.text,
        files=sorted(old.files, key=lambda path: (path == META, path)),
        opened=opened or fingerprint(old.files.get(desk.file, "")),
        placeholders=[p for n, p in PLACEHOLDERS.items() if not n.startswith(LAW_PREFIX)],
        samples=names,
        who=visit.field("who") or (names[0] if names else ORDINARY),
        debtor=visit.text("debtor"),
        comment=visit.text("comment"),
        **_previewed(visit, desk),
        piece=False,
    )


def _previewed(visit: Visit, desk: Desk) -> dict[str, Any]:
    shown, refused = _shown(visit, desk)
    rendered = shown.rendered if shown else None
    marks = [_mark(visit, mark, desk) for mark in (shown.marks if shown else ())]
    sms = rendered is not None and rendered.channel is ChannelKind.SMS
    return {
        "shown": shown,
        "rendered": rendered,
        "refused": refused,
        "marks": marks,
        "channel": desk.channel.value if desk.channel else "",
        "segments": count_segments(rendered.text) if rendered and sms else None,
        "cheaper": list(suggest_replacements(rendered.text)) if rendered and sms else [],
        "pictures": _pictures(rendered.body) if rendered and rendered.channel is ChannelKind.LETTER else [],
        "cost": _cost(visit, shown) if sms else "",
    }


def _shown(visit: Visit, desk: Desk) -> tuple[DraftPreview | None, str]:
    """The preview, or why there is none for this debtor."""
    request = DraftRequest(
        version=desk.version, file=desk.file, who=visit.field("who") or ORDINARY, debtor=visit.text("debtor")
    )
    house = visit.house
    try:
        return preview_draft(house.database, house.house, house.press(visit.actor), request, now=visit.now), ""
    except (NothingToShow, AmbiguousDebtorError) as error:
        return None, sentence_of(error)


def _mark(visit: Visit, mark: Any, desk: Desk) -> dict[str, Any]:
    """A finding with the line it concerns, cut so that the phrase can be underlined, and the rule's source."""
    lines = desk.text.splitlines()
    line = lines[mark.line - 1] if mark.file == desk.file and 0 < mark.line <= len(lines) else ""
    start = max(0, mark.column - 1)
    length = len(mark.phrase) or (1 if mark.column else 0)
    return {
        "mark": mark,
        "before": line[:start],
        "marked": line[start : start + length],
        "after": line[start + length :],
        "has_line": bool(line),
        "sources": _sources(visit, mark.fact),
    }


def _sources(visit: Visit, fact: str) -> list[tuple[str, str, str]]:
    """(pack, title, link) of the rules that forbid a trait."""
    if not fact:
        return []
    return [
        (pack.name, rule.reference.title, rule.reference.link)
        for pack in visit.house.desk.rulebook
        for rule in pack.rules
        if isinstance(rule.guard, ForbiddenTraits) and fact in rule.guard.traits
    ]


def _pictures(pdf: bytes) -> list[str]:
    from dispatcher.rendering.letters.pictures import letter_pages_as_png

    pages = letter_pages_as_png(pdf, PICTURE_DPI, show_window=True)
    return ["data:image/png;base64," + base64.b64encode(one).decode() for one in pages]


def _cost(visit: Visit, shown: DraftPreview | None) -> str:
    """What one SMS costs by the senders' price lists, by country."""
    if shown is None or shown.rendered is None:
        return ""
    prices = [
        f"{country} {price} a segment"
        for sender in visit.house.desk.senders.values()
        for country, price in sorted(sender.sms_cost.items())
    ]
    return "; ".join(dict.fromkeys(prices))


def fingerprint(text: str) -> str:
    """By which a form tells the text it was opened with."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _desk(visit: Visit) -> Desk:
    number = visit.text("version")
    if not number.isdecimal() or len(number) > 9:
        raise RefusedError(400, "The form does not say which version it goes on from.")
    file = visit.text("file")
    _require_path(file)
    text = visit.field("text").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST:
        raise RefusedError(413, f"A text has {LONGEST:,} characters at most.")
    return Desk(stored=stored_version(visit, int(number)), file=file, text=text if text.endswith("\n") else text + "\n")


def _require_path(file: str) -> None:
    if not _PATH.fullmatch(file):
        raise RefusedError(400, f"{file!r} is no text of a template: en/email.md, es-MX/sms.txt, fr/letter.md.")


def _to_edit(visit: Visit, number: int | None) -> StoredVersion:
    """The version asked for, else the newest draft, else the newest version."""
    from dispatcher.storage import template_versions

    if number is not None:
        return stored_version(visit, number)
    with visit.house.database.reading() as connection:
        versions = template_versions.history(connection, visit.path("name"))
    if not versions:
        raise RefusedError(404, "There is no such template.")
    return next((one for one in versions if one.version.state is VersionState.DRAFT), versions[0])


def _first_file(stored: StoredVersion) -> str:
    return next((path for path in sorted(stored.version.files) if path.endswith("email.md")), META)


def _sample_names(desk: Desk) -> list[str]:
    if desk.channel is None:
        return []
    try:
        meta: TemplateMeta = read_meta(desk.version.files.get(META, ""))
    except TemplateProblems:
        return [ORDINARY]
    return sample_names(meta, desk.channel, desk.file.partition("/")[0])


def _names(visit: Visit) -> list[str]:
    from dispatcher.storage import template_versions

    with visit.house.database.reading() as connection:
        return template_versions.names(connection)


def _starting_files(visit: Visit, source: str) -> dict[str, str]:
    from dispatcher.storage import template_versions

    if source:
        with visit.house.database.reading() as connection:
            found = template_versions.in_force(connection, source, visit.now) or template_versions.newest(connection, source)
        if found is not None:
            return dict(found.version.files)
    return {
        META: "purpose: What it is for, in a sentence.\nkinds: [collection]\nowner: Receivables\nlegal_basis: Why it may be sent\n",
        "en/email.md": "---\nsubject: {{ debtor.name }}, a message from {{ sender.name }}\npreheader: About your account\n---\n"
        "Hello {{ debtor.name }},\n\n",
    }


PAGES = (
    Page("GET", "/templates/new", new_template),
    Page("POST", "/templates/new", create_template),
    Page("GET", "/templates/{name}/edit", show_editor),
    Page("POST", "/templates/{name}/edit", save),
    Page("POST", "/templates/{name}/preview", preview),
    Page("POST", "/templates/{name}/preview/email", preview_email),
)
