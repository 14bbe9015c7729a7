"""May somebody be contacted now, and what was decided before."""

from typing import Any

from channels.kind import CallKind, ChannelKind, Medium
from dispatcher.gate.decision import reasons_json, utc_text
from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.values import written
from dispatcher.web.api.bounds import creditor_asked, debtor_named
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.site.filters import a_number
from dispatcher.web.site.page import sentence_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found
from dispatcher.wire.ask_gate import ask_gate
from dispatcher.wire.domain.question import Answered, Question, QuestionError
from dispatcher.wire.list_decisions import WantedDecisions, list_decisions

MEDIA: dict[str, Medium] = {str(one): one for one in (*ChannelKind, CallKind.CALL)}


def list_all(visit: Visit) -> Any:
    """Decisions, newest first."""
    debtor = visit.query("debtor")
    wanted = WantedDecisions(
        creditor=creditor_asked(visit),
        debtor=debtor_named(visit, debtor) if debtor else "",
        channel=_channel(visit.query("channel"), 400) if visit.query("channel") else "",
        run=a_number(visit, "run"),
    )
    try:
        items, following = list_decisions(
            visit.program.database, wanted, limit=limit_of(visit), cursor=visit.query("cursor")
        )
    except UnknownDebtorError:
        raise not_found("such person") from None
    except ValueError as error:
        raise RefusedError(400, f"cursor: {sentence_of(error)}") from None
    return listed(items, following or None)


def ask(visit: Visit) -> Any:
    """Whether a person may be contacted on a medium at a moment, and every reason why not."""
    if not visit.text("debtor"):
        raise RefusedError(422, "debtor: whom; the reference, or creditor/reference.")
    channel = _channel(visit.text("channel") or CallKind.CALL, 422)
    question = Question(
        who=debtor_named(visit, visit.text("debtor")),
        channel=MEDIA[channel],
        at=_moment(visit),
        debts=tuple(text.strip() for text in visit.fields("debts") if text.strip()),
        address=visit.text("address"),
    )
    try:
        answered = ask_gate(
            visit.program.database, visit.program.policy, question, now=visit.now, actor=visit.actor
        )
    except UnknownDebtorError:
        raise not_found("such person") from None
    except QuestionError as error:
        raise RefusedError(422, sentence_of(error)) from None
    return _document(answered, visit)


def _channel(text: str, status: int) -> str:
    if text not in MEDIA:
        raise RefusedError(status, f"channel: there is no {text!r}; there are {', '.join(MEDIA)}.")
    return text


def _moment(visit: Visit) -> Any:
    text = visit.text("at")
    if not text:
        return visit.now
    at = written.instant(text)
    local = written.local_minute(text)
    if at is None or local is None or local.tzinfo is None:
        raise RefusedError(
            422, f"at: {text!r} is no instant with an offset; write it as 2026-11-23T18:00:00Z."
        )
    return at


def _document(answered: Answered, visit: Visit) -> dict[str, Any]:
    return {
        "at": utc_text(visit.now),
        "event": "contact_asked",
        "decision": answered.outcome.value,
        "creditor": answered.debtor.partition("/")[0],
        "debtor": answered.debtor,
        "debts": list(answered.debts),
        "channel": str(answered.channel),
        "address": answered.address,
        "asked_for": utc_text(answered.at),
        "not_before": utc_text(answered.not_before) if answered.not_before else None,
        "valid_until": utc_text(answered.valid_until) if answered.valid_until else None,
        "reasons": reasons_json(answered.reasons),
    }
