"""The inbox: what people wrote, the reading that is proposed, and what a person makes of it."""

import contextlib
from dataclasses import dataclass

from markupsafe import Markup, escape
from starlette.responses import Response

from dispatcher.inbox.answer_inbox import Answer, Inbox, InboxError, confirm, dismiss, undo
from dispatcher.inbox.domain.reading import Reading
from dispatcher.inbox.read_inbox import InboxItem, NoSuchItemError, list_inbox, show_item
from dispatcher.inbox.reply import DOUBTED, Replying, reply, template_for
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.storage.find_debtor import UnknownDebtorError, find_debtor
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, Visit, not_found
from dispatcher.wire.storage import documents
from dispatcher.wire.storage.documents import DebtDocument

_FIELDS = ("debt", "on", "amount", "offer", "name")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list: the words with those underlined that led to the reading."""

    item: InboxItem
    words: Markup


def list_items(visit: Visit) -> Response:
    """What waits to be read, oldest first, or what was answered."""
    done = bool(visit.query("done"))
    found = list_inbox(visit.program.database, visit.program.propose_reading, done=done)
    if visit.query("format"):
        return exported(visit, "inbox", (item.as_json() for item in found))
    return page(visit, "inbox", lines=[Line(item, underlined(item)) for item in found], done=done)


def show(visit: Visit) -> Response:
    """One person's words, each reading with its own, and the forms that answer them."""
    item = _item(visit)
    _note_view(visit, item)
    return page(
        visit,
        "inbox_item",
        item=item,
        words=underlined(item),
        answer=_answer_text(item),
        doubted=DOUBTED,
        papers=_papers(visit, item),
        readings=[reading for reading in Reading if reading is not Reading.UNCLEAR],
    )


def _papers(visit: Visit, item: InboxItem) -> list[DebtDocument]:
    """What their creditor provided about their debts, for whoever answers them."""
    if not item.debtor:
        return []
    with visit.program.database.reading() as connection:
        return documents.of_debtor(connection, item.debtor)


def answer(visit: Visit) -> Response:
    """Confirm, correct, dismiss or take back."""
    item = _item(visit)
    inbox = Inbox(
        database=visit.program.database,
        propose=visit.program.propose_reading,
        record=visit.program.record,
        actor=visit.actor,
        now=visit.now,
    )
    try:
        return go_to(visit, "/inbox", _answered(visit, inbox, item))
    except (InboxError, RecordError, ValueError) as problem:
        return again(visit, show, sentence_of(problem))


def _answered(visit: Visit, inbox: Inbox, item: InboxItem) -> str:
    match visit.text("do"):
        case "dismiss":
            dismiss(inbox, item.id, why=visit.text("why"))
            return "Dismissed."
        case "reply" | "unverified" as which:
            replying = Replying(
                database=visit.program.database,
                policy=visit.program.policy,
                propose=visit.program.propose_reading,
                actor=visit.actor,
                now=visit.now,
                random_bytes=visit.program.random_bytes,
            )
            reply(replying, item.id, unverified=which == "unverified")
            return "Answered: it goes out with the next messages."
        case "undo":
            undo(inbox, item.id, why=visit.text("why"))
            return "Taken back: the words wait to be read again."
        case _:
            given = {name: (visit.text(name),) for name in _FIELDS if visit.text(name)}
            reading = visit.text("reading")
            said = Answer(
                reading=reading, sure=visit.text("sure") == "yes", given=given, note=visit.text("note")
            )
            answered = confirm(inbox, item.id, said)
            return f"Read as {answered.reading.value.replace('_', ' ')}."


def _answer_text(item: InboxItem) -> str:
    """The text that would answer what a person confirmed; empty where nothing is to be sent, or was."""
    if not item.confirmed or item.reply or not item.debtor:
        return ""
    try:
        return template_for(Reading(item.confirmed))
    except InboxError:
        return ""


def _note_view(visit: Visit, item: InboxItem) -> None:
    """That somebody read a person's words stands in the log."""
    if not item.debtor:
        return
    with visit.program.database.reading() as connection, contextlib.suppress(UnknownDebtorError):
        person = find_debtor(connection, item.debtor).person
        site_of(visit.request).views.note(visit.actor, "inbox", person)


def underlined(item: InboxItem) -> Markup:
    """The words, those of the proposed reading marked."""
    parts, at = [], 0
    for start, end in item.proposals[0].words:
        parts += [
            escape(item.text[at:start]),
            Markup("<mark>"),
            escape(item.text[start:end]),
            Markup("</mark>"),
        ]
        at = end
    return Markup("").join([*parts, escape(item.text[at:])])


def _item(visit: Visit) -> InboxItem:
    number = visit.path("id")
    if not number.isdecimal() or len(number) > 15:
        raise not_found("such words")
    try:
        return show_item(visit.program.database, int(number), visit.program.propose_reading)
    except NoSuchItemError:
        raise not_found("such words") from None


PAGES = (
    Page("GET", "/inbox", list_items),
    Page("GET", "/inbox/{id}", show),
    Page("POST", "/inbox/{id}", answer),
)
