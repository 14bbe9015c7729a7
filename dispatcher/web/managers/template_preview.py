"""The debtor's view of a text as it is typed: rendered, with findings at their line; nothing is stored."""

import base64
import re
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response

from channels.kind import ChannelKind
from channels.sms.segments import count_segments, suggest_replacements
from dispatcher.authoring.preview_draft import (
    ORDINARY,
    DraftPreview,
    DraftRequest,
    preview_draft,
    sample_names,
)
from dispatcher.authoring.preview_template import NothingToShow
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.gate.guards.content import ForbiddenTraits
from dispatcher.people.storage import person_lists
from dispatcher.people.storage.find_debtor import UnknownDebtorError, find_debtor
from dispatcher.values import written
from dispatcher.web.managers.template_head import head_text
from dispatcher.web.managers.templates import MOST_VERSIONS, stored_version
from dispatcher.web.operators.messages import PICTURE_DPI, html_of
from dispatcher.web.site.access import READS_PEOPLE
from dispatcher.web.site.headers import FRAMED
from dispatcher.web.site.page import page, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.meta import TemplateMeta, read_meta
from dispatcher.writing.language.problems import TemplateProblems

META = "template.yaml"
LONGEST = 50_000
_PATH = re.compile(r"template\.yaml|[a-z]{2,3}(-[A-Z]{2})?/(email\.md|sms\.txt|letter\.md)")
_CHANNEL = {"email.md": ChannelKind.EMAIL, "sms.txt": ChannelKind.SMS, "letter.md": ChannelKind.LETTER}
_NAME = re.compile(r"[\w.]+")
PLAIN = "plain"
_SHOWN = {"email": "email.md", "sms": "sms.txt", "letter": "letter.md", PLAIN: "email.md"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Editor:
    """What lies on the editor's desk: the version it goes on from, the file, the text as it was typed."""

    stored: StoredVersion
    file: str
    text: str
    show: str = ""  # which of the language's texts the preview shows; empty: the one that is edited

    @property
    def views(self) -> dict[str, str]:
        """What the preview can show -> the file it comes from, all in the language of the text."""
        files = self.version.files
        languages = sorted(
            {path.partition("/")[0] for path in files if "/" in path}, key=lambda tag: (tag != "en", tag)
        )
        language = self.file.partition("/")[0] if self.channel else next(iter(languages), "")
        found = {view: f"{language}/{name}" for view, name in _SHOWN.items()}
        if self.channel is ChannelKind.LETTER:
            found[PLAIN] = self.file
        return {view: path for view, path in found.items() if path in files}

    @property
    def view(self) -> str:
        """What the preview shows."""
        if self.show in self.views:
            return self.show
        return self.channel.value if self.channel else next(iter(self.views), "")

    @property
    def version(self) -> TemplateVersion:
        """The version as it would be with the text."""
        old = self.stored.version
        return TemplateVersion(name=old.name, version=old.version, files={**old.files, self.file: self.text})

    @property
    def channel(self) -> ChannelKind | None:
        """What the file is for; None for template.yaml."""
        return _CHANNEL.get(self.file.rpartition("/")[2])


def preview(visit: Visit) -> Response:
    """The preview and the findings as a piece of a page, for the script that asks as you type."""
    desk = desk_of(visit)
    return page(visit, "template_preview", **previewed(visit, desk), piece=True)


def preview_email(visit: Visit) -> Response:
    """The e-mail of the text as typed, for a frame of its own."""
    desk = desk_of(visit)
    shown, _ = _shown(visit, desk, desk.views.get(desk.view, desk.file))
    if shown is None or shown.rendered is None or shown.rendered.channel is not ChannelKind.EMAIL:
        return HTMLResponse("<p>There is no e-mail to show yet.</p>", headers=FRAMED)
    return Response(html_of(shown.rendered.body), media_type="text/html; charset=utf-8", headers=FRAMED)


def desk_of(visit: Visit) -> Editor:
    """What lies on the desk by the form that was sent."""
    number = written.whole_number(visit.text("version"), most=MOST_VERSIONS)
    if number is None:
        raise RefusedError(400, "The form does not say which version it goes on from.")
    file = visit.text("file")
    require_path(file)
    text = visit.field("text").replace("\r\n", "\n").replace("\r", "\n")
    if file == META and visit.field("head"):
        text = head_text(visit, text)
    if len(text) > LONGEST:
        raise RefusedError(413, f"A text has {LONGEST:,} characters at most.")
    return Editor(
        stored=stored_version(visit, number),
        file=file,
        show=visit.text("show"),
        text=text if text.endswith("\n") else text + "\n",
    )


def who_of(visit: Visit) -> str:
    """The sample debtor that is asked for: whoever meets a branch that was pointed at, else the one that is chosen."""
    return visit.field("show_for") or visit.field("who")


def require_path(file: str) -> None:
    """Refuse a file that a template does not have."""
    if not _PATH.fullmatch(file):
        raise RefusedError(
            400, f"{file!r} is no text of a template: en/email.md, es-MX/sms.txt, fr/letter.md."
        )


def samples_for(desk: Editor) -> list[str]:
    """The sample debtors that the text can be shown for."""
    if desk.channel is None:
        return []
    try:
        meta: TemplateMeta = read_meta(desk.version.files.get(META, ""))
    except TemplateProblems:
        return [ORDINARY]
    return sample_names(meta, desk.channel, desk.file.partition("/")[0])


def previewed(visit: Visit, desk: Editor) -> dict[str, Any]:
    """Everything that the preview and the findings show."""
    own, refused = _shown(visit, desk, desk.file)
    marks = [_mark(visit, mark, desk) for mark in (own.marks if own else ())]
    seen = desk.views.get(desk.view, desk.file)
    shown, refused = (own, refused) if seen == desk.file else _shown(visit, desk, seen)
    rendered = shown.rendered if shown else None
    sms = rendered is not None and rendered.channel is ChannelKind.SMS
    return {
        "view": desk.view,
        "name": desk.stored.version.name,
        "shown": shown,
        "rendered": rendered,
        "refused": refused,
        "marks": marks,
        "coverage": own.coverage if own else None,
        "segments": count_segments(rendered.text) if rendered and sms else None,
        "cheaper": list(suggest_replacements(rendered.text)) if rendered and sms else [],
        "pictures": _pictures(rendered.body) if rendered and desk.view == ChannelKind.LETTER else [],
        "cost": _cost(visit, shown) if sms else "",
    }


def _shown(visit: Visit, desk: Editor, file: str) -> tuple[DraftPreview | None, str]:
    """The preview of one text, or why there is none for this debtor."""
    debtor = visit.text("debtor")
    if debtor and not visit.has(*READS_PEOPLE):
        return None, "A real person is shown to those alone who may read people: choose a made-up one."
    request = DraftRequest(version=desk.version, file=file, who=who_of(visit) or ORDINARY, debtor=debtor)
    house = visit.program
    try:
        if debtor:
            _note_view(visit, debtor)
        return preview_draft(
            house.database, house.layouts, house.preparing(visit.actor), request, now=visit.now
        ), ""
    except (NothingToShow, UnknownDebtorError) as error:
        return None, sentence_of(error)


def _note_view(visit: Visit, debtor: str) -> None:
    """Who sees a real person's text stands in the log; raises UnknownDebtorError."""
    with visit.program.database.reading() as connection:
        row = person_lists.person_row(connection, find_debtor(connection, debtor).id)
    site_of(visit.request).views.note(visit.actor, "preview", row.person)


def _mark(visit: Visit, mark: Any, desk: Editor) -> dict[str, Any]:
    """A finding with the line it concerns, cut so that the phrase can be underlined, and the rule's source."""
    lines = desk.text.splitlines()
    line = lines[mark.line - 1] if mark.file == desk.file and 0 < mark.line <= len(lines) else ""
    start = max(0, mark.column - 1)
    length = len(mark.phrase) or (_word_at(line, start) if mark.column else 0)
    return {
        "mark": mark,
        "before": line[:start],
        "marked": line[start : start + length],
        "after": line[start + length :],
        "has_line": bool(line),
        "sources": _sources(visit, mark.fact),
    }


def _word_at(line: str, start: int) -> int:
    """How long the name is that stands there; one character where none does."""
    found = _NAME.match(line, start)
    return len(found[0]) if found else 1


def _sources(visit: Visit, fact: str) -> list[tuple[str, str, str]]:
    """(pack, title, link) of the rules that forbid a trait."""
    if not fact:
        return []
    return [
        (pack.name, rule.reference.title, rule.reference.link)
        for pack in visit.program.policy.rulebook
        for rule in pack.rules
        if isinstance(rule.guard, ForbiddenTraits) and fact in rule.guard.traits
    ]


def _pictures(pdf: bytes) -> list[str]:
    from dispatcher.writing.letters.pictures import letter_pages_as_png

    pages = letter_pages_as_png(pdf, PICTURE_DPI, show_window=True)
    return ["data:image/png;base64," + base64.b64encode(one).decode() for one in pages]


def _cost(visit: Visit, shown: DraftPreview | None) -> str:
    """What one SMS costs by the senders' price lists, by country."""
    if shown is None or shown.rendered is None:
        return ""
    prices = [
        f"{country} {price} a segment"
        for sender in visit.program.policy.senders.values()
        for country, price in sorted(sender.sms_cost.items())
    ]
    return "; ".join(dict.fromkeys(prices))


PAGES = (
    Page("POST", "/templates/{name}/preview", preview),
    Page("POST", "/templates/{name}/preview/email", preview_email),
)
