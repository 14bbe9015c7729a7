"""The first page: the newest run, what was kept back and why, what needs a person, what is stopped."""

from collections import Counter
from typing import Any

from starlette.responses import Response

from dispatcher.counsel.list_cases import undecided
from dispatcher.delivery.channel_trouble import paused_channels
from dispatcher.delivery.newest_attempt import NewestAttempt
from dispatcher.delivery.storage import stops
from dispatcher.runs.signs_of_life import Signs, signs_of_life
from dispatcher.runs.storage import day_counts
from dispatcher.runs.summarise_run import summarise_run
from dispatcher.web.operators.own_work import own_work
from dispatcher.web.operators.rule_words import rule_of, sentence
from dispatcher.web.site.access import HAS_TASKS, READS_PEOPLE
from dispatcher.web.site.page import page, site_of
from dispatcher.web.site.visit import Page, Visit

_REASONS = 10


def show_today(visit: Visit) -> Response:
    """What a person needs to know in the morning."""
    house = visit.program
    with house.database.reading() as connection:
        runs = day_counts.page_of_runs(connection, limit=20)
        waiting = day_counts.waiting_for_a_person(connection, now=visit.now)
        in_force = stops.in_force(connection)
        paused = paused_channels(connection, house.real_now())
        ledgers = day_counts.ledgers(connection)
        to_decide = undecided(connection, house.policy, visit.now.date()) if visit.has(*READS_PEOPLE) else []
    newest = runs[0] if runs else None
    summary = summarise_run(house.database, newest.id) if newest else None
    return page(
        visit,
        "today",
        run=newest,
        summary=summary,
        reasons=kept_back(visit, summary)[:_REASONS] if summary else [],
        to_do=_to_do(visit, waiting),
        left_open=[one for one in waiting.messages if one.age(visit.now.date())],
        stops=in_force,
        paused=paused,
        ledgers=ledgers,
        volumes=volumes(runs),
        to_decide=to_decide,
        today=visit.now.date(),
        signs=signs_of(visit),
        work=own_work(visit, waiting),
    )


def signs_of(visit: Visit) -> Signs:
    """Who delivers, when last, what comes next, and what stands still."""
    house = visit.program
    return signs_of_life(
        house.database,
        NewestAttempt(house.home / "newest-attempt.json"),
        site_of(visit.request).schedules,
        now=visit.now,
        real_now=house.real_now(),
    )


def _to_do(visit: Visit, waiting: day_counts.Waiting) -> list[tuple[str, int, bool]]:
    """(kind, how many, whether this user may open them) of what waits for a person."""
    people, templates = visit.has(*READS_PEOPLE), visit.has(*HAS_TASKS)
    return [
        (kind, count, templates if kind == "review" else people and kind != "expired")
        for kind, count in (
            *((one.state, one.count) for one in waiting.messages),
            ("expired", waiting.expired),
            ("review", waiting.reviews),
            *waiting.tasks.items(),
        )
        if count
    ]


def kept_back(visit: Visit, summary: Any) -> list[dict[str, Any]]:
    """Reasons with their counts, in words, the most frequent first."""
    desk = visit.program.policy
    counts: Counter[tuple[str, str, str]] = Counter()
    words: dict[tuple[str, str, str], set[str]] = {}
    for reason in summary.reasons:
        key = (reason.pack, reason.rule, reason.reference)
        counts[key] += reason.count
        words.setdefault(key, set()).add(reason.word)
    return [
        {
            "pack": pack,
            "rule": rule,
            "reference": reference,
            "count": count,
            "words": sorted(words[pack, rule, reference]),
            "says": sentence(desk, pack, rule),
            "link": known.reference.link if (known := rule_of(desk, pack, rule)) else "",
        }
        for (pack, rule, reference), count in counts.most_common()
    ]


def volumes(runs: list[day_counts.RunLine]) -> list[dict[str, Any]]:
    """Bars of the last runs, oldest first: heights of sent and kept back, out of 100."""
    most = max((run.due for run in runs), default=0) or 1
    width = 100 / max(len(runs), 10)
    return [
        {
            "run": run,
            "x": round(place * width + width * 0.15, 2),
            "width": round(width * 0.7, 2),
            "sent": round(100 * run.sent / most, 2),
            "kept": round(100 * run.kept / most, 2),
        }
        for place, run in enumerate(reversed(runs))
    ]


PAGES = (Page("GET", "/", show_today),)
