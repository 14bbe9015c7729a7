"""The law as it is loaded: rule packs and what is said of places, in words, and counsel's review of each."""

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.review_law import PACK, PLACE, LawReviewError, review_law, take_back_review
from dispatcher.authoring.storage import law_reviews
from dispatcher.authoring.storage.law_reviews import LawReview
from dispatcher.gate.coverage import NOBODY, OPEN, answer_digest
from dispatcher.gate.rule_book import UnknownPackError
from dispatcher.gate.rules import RulePack
from dispatcher.web.site.filters import a_date
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit


def list_rules(visit: Visit) -> Response:
    """Every loaded rule pack: where it holds, who reviewed it as it reads now."""
    policy = visit.program.policy
    packs = sorted(policy.rulebook, key=lambda pack: pack.name)
    if visit.query("format"):
        return exported(visit, "rules", (_rule_row(pack, rule) for pack in packs for rule in pack.rules))
    stands = _standing(visit, PACK)
    return page(
        visit,
        "rules",
        packs=[(pack, _said(visit, pack, stands.get(pack.name))) for pack in packs],
        where=_where,
        on_pages=policy.reviews is not None,
        waiting=len(policy.unreviewed(packs)),
    )


def show_pack(visit: Visit) -> Response:
    """One pack's rules in words with their sources, on a day; who has reviewed it, and the form that does."""
    policy = visit.program.policy
    pack = _pack(visit)
    with visit.program.database.reading() as connection:
        reviews = law_reviews.of(connection, PACK, pack.name)
    return page(
        visit,
        "rule_pack",
        pack=pack,
        on=a_date(visit, "on") or visit.now.date(),
        where=_where(pack),
        reviews=reviews,
        on_pages=policy.reviews is not None,
        is_reviewed=not policy.unreviewed([pack]),
    )


def review_pack(visit: Visit) -> Response:
    """Counsel reviews a pack, or takes that back."""
    pack = _pack(visit)
    return _review(visit, PACK, pack.name, show_pack, f"/rules/{pack.name.lower()}")


def list_places(visit: Visit) -> Response:
    """What is said of the law of each place, and whether counsel has confirmed it."""
    policy = visit.program.policy
    stands = _standing(visit, PLACE)
    rows = [
        {
            "place": place,
            "answer": answer,
            "digest": answer_digest(answer),
            "confirmed": policy.is_confirmed(place),
            "review": stands.get(place),
            "in_file": "" if answer.confirmed_by == NOBODY else answer.confirmed_by,
        }
        for place, answer in policy.coverage.answers()
    ]
    wanted = visit.query("state")
    shown = [row for row in rows if not wanted or _state(row) == wanted]
    if visit.query("format"):
        return exported(visit, "places", (_place_row(row) for row in shown))
    return page(
        visit,
        "places",
        rows=shown,
        states=("confirmed", "unconfirmed", "open"),
        state=_state,
        on_pages=policy.reviews is not None,
    )


def review_place(visit: Visit) -> Response:
    """Counsel confirms what is said of a place, or takes that back."""
    return _review(visit, PLACE, visit.text("place"), list_places, "/rules/places")


def _review(visit: Visit, kind: str, name: str, shows: Callable[[Visit], Response], back: str) -> Response:
    house = visit.program
    if house.policy.reviews is None:
        wrong = "Reviews are kept in the files here (rules.reviews is folder): they are written down there."
        return again(visit, shows, wrong, at=back)
    try:
        if visit.text("do") == "end":
            take_back_review(
                house.database, kind, name, why=visit.text("why"), actor=visit.actor, now=visit.now
            )
        else:
            review_law(
                house.database, house.policy, kind, name, digest=visit.text("digest"),
                note=visit.text("note")[:2_000], actor=visit.actor, now=visit.now,
            )  # fmt: skip
    except LawReviewError as error:
        return again(visit, shows, sentence_of(error), at=back)
    house.law_reviews.forget()
    return go_to(visit, back, f"{name}: written down, under your name.")


def _pack(visit: Visit) -> RulePack:
    try:
        return visit.program.policy.rulebook.pack(visit.path("name"))
    except UnknownPackError as error:
        raise RefusedError(404, sentence_of(error)) from None


def _standing(visit: Visit, kind: str) -> dict[str, LawReview]:
    """By name, the newest review that nobody has taken back, of whatever text."""
    with visit.program.database.reading() as connection:
        return {one.name: one for one in law_reviews.standing(connection) if one.kind == kind}


def _said(visit: Visit, pack: RulePack, review: LawReview | None) -> tuple[str, str, date | None]:
    """(state, who, when) of a pack's review."""
    if visit.program.policy.reviews is None:
        return (
            ("reviewed", pack.reviewed.by, pack.reviewed.on) if pack.reviewed else ("not reviewed", "", None)
        )
    if review is None:
        return "not reviewed", "", None
    state = "reviewed" if review.digest == pack.digest else "changed since"
    return state, review.by, review.at.date()


def _state(row: dict[str, Any]) -> str:
    if row["answer"].word == OPEN:
        return "open"
    return "confirmed" if row["confirmed"] else "unconfirmed"


def _place_row(row: dict[str, Any]) -> dict[str, Any]:
    answer, review = row["answer"], row["review"]
    return {
        "place": row["place"],
        "answer": answer.word,
        "packs": sorted(answer.packs),
        "roles": sorted(answer.roles),
        "source": answer.source,
        "read_on": answer.on.isoformat() if answer.on else None,
        "state": _state(row),
        "confirmed_by": review.by if review else row["in_file"],
        "digest": row["digest"],
    }


def _where(pack: RulePack) -> str:
    if pack.everywhere:
        return "everywhere"
    places = [
        "-".join(filter(None, (one.country, one.region))) + (f" ({one.city})" if one.city else "")
        for one in pack.applies
    ]
    return ", ".join(places) or "where a sender names it"


def _rule_row(pack: RulePack, rule: Any) -> dict[str, Any]:
    return {
        "pack": pack.name,
        "version": pack.version,
        "rule": rule.id,
        "says": rule.says,
        "reference": rule.reference.title,
        "link": rule.reference.link,
        "status": rule.status,
        "verified": rule.verified,
        "valid_from": rule.since,
        "valid_to": rule.valid_to,
    }


PAGES = (
    Page("GET", "/rules", list_rules),
    Page("GET", "/rules/places", list_places),
    Page("POST", "/rules/places", review_place),
    Page("GET", "/rules/{name}", show_pack),
    Page("POST", "/rules/{name}", review_pack),
)
