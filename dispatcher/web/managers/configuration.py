"""The configuration to read and to decide about: every text, its versions, what a draft changes, whom it concerns."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import unified_diff
from typing import Any

from starlette.responses import Response

from dispatcher.calls.compare_calls import calls_of
from dispatcher.calls.forecast_calls import forecast_with_calls
from dispatcher.configuration import decide_text
from dispatcher.configuration.domain.config_version import ConfigTroubles, ConfigVersion, Trouble
from dispatcher.configuration.domain.kinds import BY_WORD, KINDS, Kind
from dispatcher.configuration.draft_text import troubles_of
from dispatcher.configuration.storage import config_versions
from dispatcher.configuration.texts_in_force import in_force, texts_at
from dispatcher.planning.compare_strategies import StrategyComparison, compare_policies
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.forecast_days import ForecastRequest, sample_for
from dispatcher.rulebook.whole import read_whole
from dispatcher.runs.domain.schedule import JOBS
from dispatcher.users.domain.user import Role
from dispatcher.values import written
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found
from dispatcher.writing.domain.template import ReviewRefused, VersionState

MOST_TROUBLES, MOST_CHANGES, AHEAD_DAYS = 8, 100, 7
BEFORE, AFTER = "in force", "the draft"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A text in the list: which version holds since when, and the newest one where that is another."""

    kind: Kind
    name: str
    on_pages: bool
    version: int = 0
    newest: ConfigVersion | None = None


def list_texts(visit: Visit) -> Response:
    """Every text, by kind."""
    rows = [row for kind in KINDS for row in _rows(visit, kind)]
    if visit.query("format"):
        return exported(visit, "configuration", (_plain(row) for row in rows))
    on_pages = visit.program.settings.configuration.on_pages
    return page(visit, "configuration", rows=rows, kinds=KINDS, on_pages=on_pages)


def show_text(visit: Visit) -> Response:
    """One text: what is in force, its versions, and of a strategy its ladder."""
    kind, name = kind_of(visit), visit.path("name")
    versions = history_of(visit, kind, name)
    text = text_in_force(visit, kind, name)
    if text is None and not versions:
        raise not_found(f"{kind.one} of that name")
    return page(
        visit,
        "configuration_text",
        kind=kind,
        name=name,
        text=text,
        versions=versions,
        number=number_in_force(visit, kind, name),
        on_pages=is_on_pages(visit, kind),
        ladder=ladder_of(visit, kind, name, text) if text is not None else None,
    )


def show_version(visit: Visit) -> Response:
    """One version: what it changes against what is in force, what is wrong with it, and what may be done with it."""
    kind, version = kind_of(visit), version_of(visit)
    number = number_in_force(visit, kind, version.name)
    before = text_in_force(visit, kind, version.name) or ""
    if number == version.version:
        earlier = [one for one in history_of(visit, kind, version.name) if one.version < version.version]
        before = earlier[0].text if earlier else ""
    open_ = version.state in {VersionState.DRAFT, VersionState.SUBMITTED}
    return page(
        visit,
        "configuration_version",
        kind=kind,
        v=version,
        number=number,
        lines=difference(before, version.text),
        troubles=troubles_in(visit, version) if open_ else (),
        lost=_lost_by(visit, version) if open_ else (),
        own=visit.actor in version.authors,
        today=visit.now.date(),
        ladder=ladder_of(visit, kind, version.name, version.text),
    )


def decide(visit: Visit) -> Response:
    """Hand in, put in force, send back, take back or retire a version."""
    version, do = version_of(visit), visit.text("do")
    house, why = visit.program, visit.text("why")[:1000]
    database, check, who, now = house.database, house.check_texts, visit.actor, visit.now
    wants_it = visit.text("wants_it") == "yes"
    acts: dict[str, tuple[Role, Callable[[], None], str]] = {
        "hand-in": (
            Role.MANAGER,
            lambda: decide_text.hand_in(database, check, version, actor=who, why=why, now=now),
            "Handed in. Another person with the role approver decides.",
        ),
        "approve": (
            Role.APPROVER,
            lambda: decide_text.approve(
                database,
                check,
                version,
                actor=who,
                since=since_of(visit),
                now=now,
                heard_less=house.heard_less,
                wants_it=wants_it,
            ),
            "It is decided. From that day on it holds.",
        ),
        "send-back": (
            Role.APPROVER,
            lambda: decide_text.send_back(database, version, actor=who, why=why, now=now),
            "Sent back to its author.",
        ),
        "take-back": (
            Role.MANAGER,
            lambda: decide_text.take_back(database, version, actor=who, why=why, now=now),
            "Taken back. Its text stays in the history.",
        ),
        "retire": (
            Role.APPROVER,
            lambda: decide_text.retire(
                database,
                check,
                version,
                actor=who,
                why=why,
                now=now,
                heard_less=house.heard_less,
                wants_it=wants_it,
            ),
            "Retired. The version before it holds again.",
        ),
    }
    if do not in acts:
        raise RefusedError(400, "Choose what to do.")
    role, act, done = acts[do]
    if not visit.has(role):
        raise RefusedError(403, f"Somebody with the role {role.value} does this.")
    try:
        act()
    except ConfigTroubles as troubles:
        return again(visit, show_version, first_of(troubles), at=path_of(version))
    except ReviewRefused as refused:
        return again(visit, show_version, sentence_of(refused), at=path_of(version))
    house.pages_texts.forget()
    house.follow_configuration()
    return go_to(visit, path_of(version), done)


def show_effect(visit: Visit) -> Response:
    """Plan today with the version and without it, beside the page: who gets something else, how much, at what cost."""
    version, house, now = version_of(visit), visit.program, visit.now
    if found := troubles_in(visit, version):
        return again(visit, show_version, first_of(ConfigTroubles(found)), at=path_of(version))
    with house.database.reading() as connection:
        texts = texts_at(connection, BY_WORD, now)
    of_kind = {**texts.get(version.kind, {}), version.name: version.text}
    with house.texts_as_files({**texts, version.kind: of_kind}) as (_, config):
        after = house.read_policy(config)
    before, prices = house.policy, house.prices
    request = PlanRequest(
        as_of=now.date(),
        now=now,
        real_now=house.real_now(),
        actor=visit.actor,
        random_bytes=house.random_bytes,
    )

    def work(report: Report) -> dict[str, Any]:
        compared = compare_policies(
            house.database,
            before,
            after,
            request,
            (BEFORE, AFTER),
            prices,
            progress=report,
            beside=calls_of(house.database, now.date(), now),
        )
        ahead = ForecastRequest(
            as_of=now.date(), now=now, days=AHEAD_DAYS, one_in=sample_for(house.database, now.date())
        )
        days = {
            name: forecast_with_calls(house.database, policy, ahead).going
            for name, policy in ((BEFORE, before), (AFTER, after))
        }
        return _told(compared) | {
            "days": [
                [
                    day.isoformat(),
                    *(
                        sum(n for (on, _, _), n in days[name].items() if on == day)
                        for name in (BEFORE, AFTER)
                    ),
                ]
                for day in (now.date() + timedelta(days=i) for i in range(AHEAD_DAYS))
            ]
        }

    details = {"as_of": now.date().isoformat(), version.kind: f"{version.name}, version {version.version}"}
    key = site_of(visit.request).jobs.start("effect_of_a_draft", visit.user.name, details, work)
    return go_to(visit, f"/jobs/{key}")


def _told(compared: StrategyComparison) -> dict[str, Any]:
    changes = [change for change in compared.changes if change["change"] != "same"]
    return {
        "messages": dict(compared.messages),
        "costs": {
            name: None if cost is None else [f"{value} {currency}" for currency, value in cost.items()]
            for name, cost in compared.costs.items()
        },
        "counts": dict(compared.counts),
        "changes": changes[:MOST_CHANGES],
        "change_count": len(changes),
    }


def kind_of(visit: Visit) -> Kind:
    """The kind that the address names."""
    kind = BY_WORD.get(visit.path("kind"))
    if kind is None:
        raise not_found("such kind of configuration")
    return kind


def is_on_pages(visit: Visit, kind: Kind) -> bool:
    """Whether this desk keeps the kind here."""
    return kind.word in visit.program.settings.configuration.on_pages


def require_pages(visit: Visit, kind: Kind) -> None:
    """Refuse to change what the desk keeps in files."""
    if not is_on_pages(visit, kind):
        raise RefusedError(
            409,
            f"This desk keeps its {kind.word} in files: they are changed there. The settings can say otherwise.",
        )


def history_of(visit: Visit, kind: Kind, name: str) -> list[ConfigVersion]:
    """All versions of a text, the newest first."""
    with visit.program.database.reading() as connection:
        return config_versions.history(connection, kind.word, name)


def version_of(visit: Visit) -> ConfigVersion:
    """The version that the address names."""
    number = written.whole_number(visit.path("version"), most=999_999_999)
    with visit.program.database.reading() as connection:
        found = number and config_versions.get(connection, kind_of(visit).word, visit.path("name"), number)
    if not found:
        raise not_found("such version")
    return found


def path_of(version: ConfigVersion) -> str:
    """The address of a version."""
    return f"/configuration/{version.kind}/{version.name}/versions/{version.version}"


def texts_of(visit: Visit, kind: Kind) -> dict[str, str]:
    """Name -> text in force of a kind, wherever it is kept."""
    program = visit.program
    if is_on_pages(visit, kind):
        with program.database.reading() as connection:
            texts = texts_at(connection, [kind.word], visit.now)
        if kind.word in texts:
            return texts[kind.word]
    return program.file_texts_of(kind)


def text_in_force(visit: Visit, kind: Kind, name: str) -> str | None:
    """What holds under a name now; None where nothing does."""
    return texts_of(visit, kind).get(name)


def number_in_force(visit: Visit, kind: Kind, name: str) -> int:
    """The number of the version that holds now; 0 where none of the pages does."""
    if not is_on_pages(visit, kind):
        return 0
    with visit.program.database.reading() as connection:
        holds = in_force(config_versions.published(connection, [kind.word]), visit.now)
    return holds.get((kind.word, name), (0, ""))[0]


def troubles_in(visit: Visit, version: ConfigVersion) -> tuple[Any, ...]:
    """What keeps a version from being used."""
    house = visit.program
    return tuple(
        troubles_of(house.database, house.check_texts, version.kind, version.name, version.text, visit.now)
    )


def _lost_by(visit: Visit, version: ConfigVersion) -> tuple[Trouble, ...]:
    """What of people's wishes would not be heard any more; of a text that cannot be read nobody can say."""
    house = visit.program
    if version.kind != BY_WORD["wording"].word or troubles_in(visit, version):
        return ()
    return tuple(
        troubles_of(house.database, house.heard_less, version.kind, version.name, version.text, visit.now)
    )


def first_of(troubles: ConfigTroubles) -> str:
    """The first of what is wrong, in a sentence or two."""
    first = " ".join(f"{one}." for one in troubles.troubles[:MOST_TROUBLES])
    more = len(troubles.troubles) - MOST_TROUBLES
    return f"It cannot be used yet. {first}" + (f" And {more} more." if more > 0 else "")


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """(class, line) of what changes; nothing where they are the same."""
    classes = {"+": "add", "-": "cut", "@": "where"}
    lines = list(unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=3))
    return [(classes.get(line[:1], ""), line) for line in lines[2:]]


def ladder_of(visit: Visit, kind: Kind, name: str, text: str) -> Strategy | None:
    """The strategy that a text is, as the program reads it; None for other kinds, and where it cannot be read."""
    if kind.word != "strategies":
        return None
    with visit.program.texts_as_files({kind.word: {name: text}}, only=True) as (_, config):
        found = read_whole(config, jobs=JOBS).strategies
    return found[0] if len(found) == 1 else None


def since_of(visit: Visit) -> datetime:
    """From when it is to hold: the start of the day that was chosen, at once where that is today."""
    text = visit.text("since")
    if not text:
        return visit.now
    at = written.instant(f"{text}T00:00")
    if at is None:
        raise ReviewRefused(f"{text!r} is no day.")
    return visit.now if at.date() == visit.now.date() else at


def _rows(visit: Visit, kind: Kind) -> list[Row]:
    on_pages = is_on_pages(visit, kind)
    with visit.program.database.reading() as connection:
        waiting = config_versions.unsettled(connection) if on_pages else []
        holds = in_force(config_versions.published(connection, [kind.word]), visit.now) if on_pages else {}
    newest: dict[str, ConfigVersion] = {}
    for one in waiting:
        if one.kind == kind.word:
            newest.setdefault(one.name, one)
    return [
        Row(
            kind=kind,
            name=name,
            on_pages=on_pages,
            version=holds.get((kind.word, name), (0, ""))[0],
            newest=newest.get(name),
        )
        for name in sorted({*texts_of(visit, kind), *newest})
    ]


def _plain(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind.word,
        "name": row.name,
        "kept": "pages" if row.on_pages else "files",
        "version_in_force": row.version or None,
        "waiting_version": row.newest.version if row.newest else None,
        "state": row.newest.state.value if row.newest else None,
    }


_ONE = "/configuration/{kind}/{name}"
PAGES = (
    Page("GET", "/configuration", list_texts),
    Page("GET", _ONE, show_text),
    Page("GET", f"{_ONE}/versions/{{version}}", show_version),
    Page("POST", f"{_ONE}/versions/{{version}}", decide),
    Page("POST", f"{_ONE}/versions/{{version}}/effect", show_effect),
)
