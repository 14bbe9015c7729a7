"""Messages: the list, and one as the debtor got it with why, what happened, and the proof."""

import base64
import email
import email.policy
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from starlette.responses import Response

from channels.kind import ChannelKind
from dispatcher.authoring.storage import template_versions
from dispatcher.delivery.acknowledge_messages import acknowledge_messages
from dispatcher.delivery.intervene import (
    CannotIntervene,
    Intervention,
    cancel_messages,
    hold_messages,
    release_messages,
)
from dispatcher.delivery.plan_anew import plan_anew, ways_on
from dispatcher.delivery.resolve_message import resolve_message
from dispatcher.messages.domain.envelope import Envelope
from dispatcher.messages.domain.message import UNSENT, State
from dispatcher.messages.show_message import NoSuchMessageError, show_message
from dispatcher.messages.storage import contents, message_lists
from dispatcher.messages.storage.message_lists import MessageFilter, MessageLine
from dispatcher.people.storage import person_lists
from dispatcher.record.prove_entry import prove_message
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.values import written
from dispatcher.web.operators.rule_words import packs_asked, says
from dispatcher.web.site.filters import MOST_EXPORTED, PAGE, a_date, a_number, paging
from dispatcher.web.site.headers import FRAMED
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found

PICTURE_DPI = 110
_ANEW = frozenset({"replan", "other_channel"})
SUFFIX = {"email": "eml", "sms": "txt", "letter": "pdf"}
# The debtor's own data inside: a browser keeps it as a file and opens nothing.
_MEDIA_TYPE = {"email": "message/rfc822", "sms": "text/plain; charset=utf-8", "letter": "application/pdf"}


def list_messages(visit: Visit) -> Response:
    """The newest messages that the filters let through."""
    wanted = message_filter(visit)
    database = visit.program.database
    if visit.query("format"):
        found = message_lists.all_messages(database, wanted, most=MOST_EXPORTED)
        return exported(visit, "messages", (message_json(line) for line in found))
    with database.reading() as connection:
        lines = message_lists.page_of_messages(
            connection, wanted, before=visit.query("before"), limit=PAGE + 1
        )
        count = message_lists.count_messages(connection, wanted)
        creditors = person_lists.creditor_keys(connection)
        templates = template_versions.names(connection)
    more = len(lines) > PAGE
    return page(
        visit,
        "messages",
        lines=lines[:PAGE],
        count=count,
        counted_up_to=message_lists.COUNTED_UP_TO,
        paging=paging(visit, cursor="before", value=lines[PAGE - 1].id if more else None),
        channels=list(ChannelKind),
        states=list(State),
        steps=_steps(visit),
        creditors=creditors,
        templates=templates,
    )


def show(visit: Visit) -> Response:
    """One message with everything about it."""
    found = shown_message(visit)
    message, entries = found["message"], found["entries"]
    asked: dict[str, Any] = next((entry for entry in reversed(entries) if entry.get("decision")), {})
    decided = [entry for entry in entries if entry.get("rule_packs") or entry.get("reasons")]
    reasons = [reason for entry in decided for reason in entry.get("reasons", ())]
    return page(
        visit,
        "message",
        message=message,
        attempts=found["attempts"],
        entries=[entry | {"instant": datetime.fromisoformat(entry["at"])} for entry in entries],
        text=found["text"],
        body=_body(visit, message),
        envelope=Envelope.read(message["envelope"]),
        says=says(visit.program.policy, [*reasons, *(message.get("reasons") or ())]),
        packs=packs_asked(visit.program.policy, message, asked, today=visit.now.date()),
        asked=asked,
        proofs=prove_message(visit.program.database, SealingKeys(visit.program.keys), message["id"]),
        suffix=SUFFIX[message["channel"]],
        ways_on=_ways_on(visit, message["id"]),
        can_hold=message["state"] in {State.PLANNED, State.QUEUED, State.DEFERRED},
        can_release=message["state"] == State.HELD,
        can_cancel=message["state"] in UNSENT,
        can_resolve=message["state"] == State.UNKNOWN,
        can_acknowledge=message["state"] in {State.FAILED, State.EXPIRED} and not message["acknowledged_at"],
    )


def _ways_on(visit: Visit, message_id: str) -> Sequence[str]:
    """The other channels that would take a held message now."""
    by = Intervention(actor=visit.actor, now=visit.now)
    found = ways_on(visit.program.database, visit.program.policy, [message_id], by)
    return [channel.value for channel in found.get(message_id, ())]


def decide(visit: Visit) -> Response:
    """An operator holds, releases, cancels or resolves one message."""
    message_id, todo = visit.path("id"), visit.text("do")
    try:
        done = decide_messages(visit, [message_id], todo, visit.text("why"))
    except CannotIntervene as problem:
        return again(visit, show, sentence_of(problem), at=f"/messages/{message_id}")
    return go_to(visit, f"/messages/{message_id}", done)


def decide_messages(visit: Visit, ids: Sequence[str], todo: str, why: str) -> str:
    """Do one thing to some messages; what was done, in a sentence. Raises CannotIntervene."""
    if not why:
        raise CannotIntervene("say why: the log keeps who decided and on what ground")
    house, by = visit.program, Intervention(actor=visit.actor, now=visit.now, why=why)
    if todo in {"sent", "not_sent"}:
        for one in ids:
            resolve_message(
                house.database, one, sent=todo == "sent", why=why, actor=visit.actor, now=visit.now
            )
        return f"Resolved: {_messages(ids)} {'was' if len(ids) == 1 else 'were'} {todo.replace('_', ' ')}."
    if todo in _ANEW:
        done = plan_anew(house.database, house.policy, ids, by, other_channel=todo == "other_channel")
        return f"Ended: {_messages(done)}. The next run decides anew."
    verbs = {"hold": hold_messages, "release": release_messages, "cancel": cancel_messages}
    verb = (verbs | {"acknowledge": acknowledge_messages}).get(todo)
    if verb is None:
        raise RefusedError(400, "Choose what to do with the messages.")
    words = {"hold": "held", "release": "released", "cancel": "cancelled", "acknowledge": "acknowledged"}
    word = words[todo]
    return f"{_messages(verb(house.database, ids, by))} {word}."


def _messages(ids: Sequence[str]) -> str:
    return "one message" if len(ids) == 1 else f"{len(ids)} messages"


def download(visit: Visit) -> Response:
    """The exact bytes as a file."""
    message = shown_message(visit)["message"]
    body = _body(visit, message)
    if body is None:
        raise not_found("body: it was erased, or the text has not been made yet")
    name = f"{message['id']}.{SUFFIX[message['channel']]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return Response(body, media_type=_MEDIA_TYPE[message["channel"]], headers=headers)


def framed_email(visit: Visit) -> Response:
    """The e-mail's HTML in a world of its own: no script, nothing fetched, no place among our pages."""
    message = shown_message(visit)["message"]
    body = _body(visit, message) if message["channel"] == "email" else None
    if body is None:
        raise not_found("e-mail to show")
    return Response(html_of(body), media_type="text/html; charset=utf-8", headers=FRAMED)


def letter_page(visit: Visit) -> Response:
    """One page of the letter as a picture, with the envelope's window drawn."""
    message = shown_message(visit)["message"]
    body = _body(visit, message) if message["channel"] == "letter" else None
    pictures = letter_pictures(visit, body) if body is not None else []
    number = written.whole_number(visit.path("number"), most=len(pictures))
    if not number:
        raise not_found("such page")
    return Response(pictures[number - 1], media_type="image/png")


def letter_pictures(visit: Visit, body: bytes) -> list[bytes]:
    """The pages of a letter as PNG."""
    from dispatcher.writing.letters.pictures import letter_pages_as_png

    del visit
    return letter_pages_as_png(body, PICTURE_DPI, show_window=True)


def html_of(raw: bytes) -> bytes:
    """The HTML part of an e-mail as sent; its plain text, escaped, where it has none."""
    from markupsafe import escape

    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 the default policy makes nothing else
    part = parsed.get_body(("html",))
    if part is not None:
        return _with_pictures(str(part.get_content()), parsed).encode()
    plain = parsed.get_body(("plain",))
    return f"<pre>{escape(plain.get_content() if plain else '')}</pre>".encode()


def _with_pictures(html: str, mail: EmailMessage) -> str:
    """The pictures that a mail carries written into its HTML, as a mail program shows them."""
    for part in mail.walk():
        named = str(part.get("Content-ID", "")).strip("<> ")
        if named and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_payload(decode=True) or b"").decode()  # type: ignore[arg-type]  # bytes
            html = html.replace(f"cid:{named}", f"data:{part.get_content_type()};base64,{data}")
    return html


def message_filter(visit: Visit) -> MessageFilter:
    """The filter that the address bar asks for."""
    return MessageFilter(
        channel=_known(visit, "channel", ChannelKind),
        state=_known(visit, "state", State),
        step=visit.query("step"),
        template=visit.query("template"),
        template_version=a_number(visit, "version"),
        creditor=visit.query("creditor"),
        name=visit.query("name"),
        run=a_number(visit, "run"),
        address=visit.query("address"),
        provider_id=visit.query("provider_id"),
        since=a_date(visit, "from"),
        until=a_date(visit, "until"),
    )


def message_json(line: MessageLine) -> dict[str, Any]:
    """A message as exports and the API write it."""
    return {
        "id": line.id,
        "state": line.state,
        "debtor": line.debtor,
        "channel": line.channel,
        "address": line.address,
        "step": line.step,
        "kind": line.kind,
        "template": line.template,
        "template_version": line.template_version,
        "run_id": line.run_id,
        "as_of": line.as_of.isoformat(),
        "balance": f"{line.balance_minor}" if not line.currency else _amount(line),
        "currency": line.currency,
        "zones": list(line.zones),
        "not_before": _utc(line.not_before),
        "sent_at": _utc(line.sent_at),
        "created_at": _utc(line.created_at),
        "reasons": list(line.reasons),
    }


def _amount(line: MessageLine) -> str:
    from dispatcher.values.money import Money

    return str(Money(line.balance_minor, line.currency).amount)


def _utc(at: Any) -> str | None:
    from dispatcher.values.instants import instant_text

    return instant_text(at) if at is not None else None


def _known(visit: Visit, name: str, words: Any) -> str:
    text = visit.query(name)
    if text and text not in set(words):
        raise RefusedError(400, f"{name}: there is no {text!r}; there are {', '.join(words)}.")
    return text


def _steps(visit: Visit) -> list[str]:
    return list(
        dict.fromkeys(step.name for strategy in visit.program.policy.strategies for step in strategy.steps)
    )


def shown_message(visit: Visit) -> dict[str, Any]:
    """The message that the address names, with everything about it; that it was looked at stands in the log."""
    try:
        shown = show_message(visit.program.database, visit.path("id"))
    except NoSuchMessageError:
        raise not_found("such message") from None
    person = next((entry["person"] for entry in shown["entries"] if entry.get("person")), "")
    if person:
        site_of(visit.request).views.note(visit.actor, "message", person)
    return shown


def _body(visit: Visit, message: dict[str, Any]) -> bytes | None:
    digest = message["content_sha256"]
    if not digest:
        return None
    with visit.program.database.reading() as connection:
        return contents.bodies(connection, [digest]).get(digest)


PAGES = (
    Page("GET", "/messages", list_messages),
    Page("GET", "/messages/{id}", show),
    Page("POST", "/messages/{id}/decide", decide),
    Page("GET", "/messages/{id}/bytes", download),
    Page("GET", "/messages/{id}/email", framed_email),
    Page("GET", "/messages/{id}/pages/{number}", letter_page),
)
