"""The part of the debtors' page behind a proof: what is open, what can be agreed on, and what a person has to say.

No debt is named before two right answers; every wrong pair gets the same bytes, whatever is wrong with it.
"""

import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from dispatcher.agreements.unchanged import unchanged
from dispatcher.delivery.tell_page_closed import tell_page_closed
from dispatcher.inbox.domain.reading import Reading
from dispatcher.inbox.hear_page import ANSWER_DAYS, CHOICES, Choice, hear_page
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.proof import typed_day
from dispatcher.people.prove_debtor import Answers, PageVisit, leave, prove, visit_of
from dispatcher.people.recording import Said
from dispatcher.values import written
from dispatcher.web.debtors.account_view import Account, Choosable, account_of
from dispatcher.web.debtors.debtors_page import unknown
from dispatcher.web.debtors.guest import ACTOR, HEADERS, SOURCE, Guest, guest_of, language_of, slow_guesses
from dispatcher.web.site.csrf import require_same_site, require_token
from dispatcher.web.site.page import page, site_of
from dispatcher.web.site.visit import Page, Visit

EVERY = ("once", "week", "fortnight", "month")
_HINTS = {Reading.PAID: "paid_already"}  # what a reading is called here, where the word is taken


def show(visit: Visit) -> Response:
    """The account of whoever proved who they are, else the two questions."""
    guest = _guest(visit)
    if guest is None:
        return unknown(visit)
    return _account(visit, guest) if _proved(visit, guest) else _questions(visit, guest)


def act(visit: Visit) -> Response:
    """The answers, or what was chosen behind them."""
    guest = _guest(visit)
    if guest is None:
        return unknown(visit)
    require_same_site(visit.request)
    if visit.text("do") == "prove":
        return _prove(visit, guest)
    proved = _proved(visit, guest)
    if proved is None:
        return _questions(visit, guest)
    require_token(visit.form, proved.csrf)
    if visit.text("do") == "leave":
        leave(visit.program.database, proved)
        return _questions(visit, guest, done="left")
    try:
        return _do(visit, guest)
    except RecordError as error:
        return _account(visit, guest, status=409, wrong="gone_wrong", why=str(error))


def _guest(visit: Visit) -> Guest | None:
    guest = guest_of(visit)
    return guest if guest is not None and guest.has_account else None


def _cookie(visit: Visit) -> str:
    return site_of(visit.request).cookies.debtor


def _proved(visit: Visit, guest: Guest) -> PageVisit | None:
    """The visit behind the cookie; of another person than the link's it opens nothing."""
    token = visit.request.cookies.get(_cookie(visit), "")
    proved = visit_of(visit.program.database, token, now=visit.program.real_now())
    return proved if proved is not None and proved.debtor_id == guest.holder.id else None


def _prove(visit: Visit, guest: Guest) -> Response:
    program = visit.program
    answers = Answers(
        birth_date=typed_day(visit.text("day"), visit.text("month"), visit.text("year")),
        access_code=visit.text("code"),
    )
    token = prove(
        program.database,
        guest.holder.reference,
        answers,
        now=visit.now,
        real_now=program.real_now(),
        random_bytes=program.random_bytes,
        on_closed=tell_page_closed(program.random_bytes),
    )
    if not token:
        slow_guesses(visit)
        return _questions(visit, guest, status=403, wrong="wrong")
    response = _back(visit)
    site_of(visit.request).cookies.set(response, _cookie(visit), token)
    return response


def _do(visit: Visit, guest: Guest) -> Response:
    match visit.text("do"):
        case "agree":
            return _agree(visit, guest)
        case "say":
            return _say(visit, guest)
        case _:
            return _account(visit, guest, status=422, wrong="missing")


def _agree(visit: Visit, guest: Guest) -> Response:
    """Record what was read and chosen; what has changed since is shown again instead.

    Nothing changes between the look and the record.
    """
    with unchanged(visit.program.database, guest.holder.reference, visit.now.date()):
        return _agree_now(visit, guest)


def _agree_now(visit: Visit, guest: Guest) -> Response:
    shown = account_of(visit, guest, language_of(visit, guest.holder.language))
    choice = shown.choice(visit.text("choice"))
    if choice is None or not hmac.compare_digest(visit.text("seen").encode(), choice.seen.encode()):
        return _account(visit, guest, status=409, wrong="changed")
    named = written.day(visit.text("on"))
    if choice.latest is not None and (named is None or not visit.now.date() <= named <= choice.latest):
        return _account(visit, guest, status=422, wrong="missing")
    fact, given = _as_fact(choice, shown, visit.text("on"))
    said = Said(now=visit.now, actor=ACTOR, source=SOURCE)
    visit.program.record(fact, guest.holder.reference, said, given)
    return _back(visit, done="done_agree")


def _as_fact(choice: Choosable, shown: Account, on: str) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """The fact of the table that agreeing becomes, with the words that were read."""
    given = {"debt": tuple(shown.offered_for), "agreed_words": (choice.words,)}
    match choice.key.split():
        case ["offer", number]:
            return "plan", {**given, "offer": (number,)}
        case ["settlement"] | ["discount"]:
            by = choice.by.isoformat() if choice.by else ""
            return "settlement", {**given, "amount": (choice.amount,), "by": (by,)}
        case _:
            return "promise", {**given, "on": (on,)}


def _say(visit: Visit, guest: Guest) -> Response:
    language = language_of(visit, guest.holder.language)
    words = visit.program.own_page_words.account[language]
    choice = visit.text("what")
    if choice not in CHOICES:
        return _account(visit, guest, status=422, wrong="missing")
    reading, text = Reading(choice), visit.text("text")[:1_500]
    if reading is Reading.COUNTER_OFFER:
        own = {name: visit.text(name)[:60] for name in ("amount", "every", "day")}
        if not own["amount"] or own["every"] not in EVERY:
            return _account(visit, guest, status=422, wrong="missing")
        proposal = words["own_words"].format(**{**own, "every": words[f"every_{own['every']}"]})
        text = f"{proposal} {text}".strip()
    debt = visit.text("debt")
    hear_page(
        visit.program.database,
        guest.holder.reference,
        Choice(reading=reading, text=text or words[_name(reading)], debts=(debt,) if debt else ()),
        read=visit.program.read_reply,
        record=visit.program.record,
        now=visit.now,
    )
    return _back(visit, done="done_say")


def _name(reading: Reading) -> str:
    return _HINTS.get(reading, reading.value)


def _back(visit: Visit, done: str = "") -> Response:
    """To the page again, so that a reload sends nothing twice."""
    kept = {"lang": visit.query("lang"), "done": done}
    query = urlencode({name: value for name, value in kept.items() if value})
    path = visit.request.url.path + (f"?{query}" if query else "")
    return RedirectResponse(path, status_code=303, headers=dict(HEADERS))


def _questions(visit: Visit, guest: Guest, *, status: int = 200, wrong: str = "", done: str = "") -> Response:
    """The two questions: nothing on it tells one person from another."""
    language = language_of(visit, guest.holder.language)
    words = _filled(visit.program.own_page_words.account[language], guest)
    return page(
        visit,
        "debtor_proof",
        status=status,
        headers=HEADERS,
        lang=language,
        say=words,
        wrong=words[wrong] if wrong else "",
        done=words[done] if done else "",
        languages=visit.program.own_page_words.names,
    )


def _account(visit: Visit, guest: Guest, *, status: int = 200, wrong: str = "", why: str = "") -> Response:
    language = language_of(visit, guest.holder.language)
    words = _filled(visit.program.own_page_words.account[language], guest)
    proved = _proved(visit, guest)
    done = visit.query("done")
    return page(
        visit,
        "debtor_account",
        status=status,
        headers=HEADERS,
        lang=language,
        say=words,
        texts=visit.program.own_page_words.account[language],
        account=account_of(visit, guest, language),
        token=proved.csrf if proved else "",
        wrong=words[wrong].format(why=why) if wrong else "",
        done=words[done] if done in {"done_agree", "done_say"} and status == 200 else "",
        statements=[(reading.value, _name(reading)) for reading in CHOICES],
        every=EVERY,
        today=visit.now.date(),
        names={reading.value: words[_name(reading)] for reading in CHOICES},
        languages=visit.program.own_page_words.names,
    )


def _filled(words: Mapping[str, str], guest: Guest) -> dict[str, str]:
    sender = guest.sender
    values = {
        "sender": guest.name,
        "phone": sender.phone if sender else "",
        "email": sender.email if sender else "",
        "days": str(ANSWER_DAYS),
    }
    return {name: _fill(text, values) for name, text in words.items()}


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


PAGES = (
    Page("GET", "/u/{token}/account", show),
    Page("POST", "/u/{token}/account", act),
)
