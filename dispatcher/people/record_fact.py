"""Writes down a fact of the table: the one way in for command line, page and API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dispatcher.database.engine import Database
from dispatcher.people import record_wish as wishes
from dispatcher.people.domain.fact_table import BY_NAME
from dispatcher.people.domain.facts import Fact, Given, RecordError, Values, read_fields
from dispatcher.people.hear_words import Read
from dispatcher.people.prove_debtor import set_own_page
from dispatcher.people.record_affordability import record_affordability
from dispatcher.people.record_consent import record_consent
from dispatcher.people.record_contact import record_contact
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_notice import record_notice
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Recorded, Said
from dispatcher.people.release_hold import release


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A fact that somebody states of a debtor, its fields read; `read` says what a debtor's words mean."""

    database: Database
    who: str
    said: Said
    read: Read
    fact: Fact
    values: Values


Writer = Callable[[Statement], Recorded]


def record_fact(
    database: Database,
    name: str,
    who: str,
    said: Said,
    given: Given,
    *,
    read: Read,
    writers: Mapping[str, Writer] | None = None,
) -> Recorded:
    """Read the fields of a fact of the table and write it down; raises RecordError saying what to mend.

    `writers` write facts whose verbs stand in other rooms.
    """
    fact = BY_NAME.get(name)
    if fact is None:
        raise RecordError(f"fact: {name!r} is none; there are: {', '.join(BY_NAME)}")
    values = read_fields(fact, given)
    write = {**WRITERS, **(writers or {})}[name]
    return write(Statement(database=database, who=who, said=said, read=read, fact=fact, values=values))


def _hold(it: Statement) -> Recorded:
    values = it.values
    return record_hold(
        it.database,
        it.who,
        it.fact.kind_of(values),
        it.said,
        debts=values.get("debt", ()),
        since=values.get("since"),
        until=values.get("until"),
        details=it.fact.details(values),
        unsaid=it.fact.unsaid(values),
    )


def _wish(it: Statement) -> Recorded:
    values = it.values
    found = [span for text in values.get("no_contact", ()) for span in wishes.hours_to_leave(text)]
    found += [wishes.place_to_leave(place) for place in values.get("not_at", ())]
    found += [wishes.statement(text) for text in values.get("said", ())]
    found += [wishes.language(values["language"])] if "language" in values else []
    found += _zone(values) + _workplace(values) + _group(values)
    found += [wishes.objection()] if values.get("no_experiments") else []
    found += [wishes.no_score()] if values.get("no_score") else []
    found += [wishes.no_due_notices()] if values.get("no_due_notices") else []
    return wishes.record_wish(it.database, it.who, it.said, found, read=it.read, until=values.get("until"))


def _zone(values: Values) -> list[wishes.Wish]:
    if "zone" in values:
        return [wishes.zone(values["zone"], there_now=values.get("there_now", False))]
    if values.get("there_now"):
        raise RecordError("say with a zone where the debtor is known to be now")
    return []


def _workplace(values: Values) -> list[wishes.Wish]:
    said = {
        "employer_prohibits": values.get("employer_prohibits", False),
        "oral_request": values.get("work_oral_request"),
        "written_confirmation": values.get("work_written_confirmation"),
    }
    return [wishes.workplace(**said)] if any(said.values()) else []


def _group(values: Values) -> list[wishes.Wish]:
    if "group" in values:
        return [wishes.debt_group(values["group"], values.get("debt", ()))]
    if "debt" in values:
        raise RecordError(
            "a wish concerns the person; debts are named for a group: say with group under which account"
        )
    return []


def _consent(it: Statement) -> Recorded:
    values = it.values
    return record_consent(
        it.database,
        it.who,
        values["kind"],
        it.said,
        given_on=values.get("given_on"),
        medium=values.get("medium", ""),
        address=values.get("address", ""),
        details=it.fact.details(values),
        unsaid=it.fact.unsaid(values),
    )


def _opt_out(it: Statement) -> Recorded:
    values = it.values
    return record_opt_out(
        it.database,
        it.who,
        it.said,
        medium=values.get("medium", ""),
        address=values.get("address", ""),
        raw=values.get("words", ""),
    )


def _notice(it: Statement) -> Recorded:
    values = it.values
    return record_notice(
        it.database,
        it.who,
        values["kind"],
        it.said,
        debts=values.get("debt", ()),
        sent_on=values.get("sent_on"),
        details=it.fact.details(values),
    )


def _contact(it: Statement) -> Recorded:
    values = it.values
    return record_contact(
        it.database,
        it.who,
        values["channel"],
        it.said,
        read=it.read,
        at=values.get("at"),
        outcome=values.get("outcome", ""),
        direction="inbound" if values.get("inbound") else "outbound",
        debts=values.get("debt", ()),
        address=values.get("address", ""),
        kind=values["kind"],
        external_id=values.get("external_id", ""),
        details=it.fact.details(values),
    )


def _release(it: Statement) -> Recorded:
    values = it.values
    said = replace(it.said, note=values.get("why") or it.said.note)
    kind = values["kind"].replace("-", "_")
    return release(
        it.database,
        it.who,
        kind,
        said,
        debts=values.get("debt", ()),
        address=values.get("address", ""),
        medium=values.get("medium", ""),
    )


def _affordability(it: Statement) -> Recorded:
    details = it.fact.details(it.values)
    stated_on = it.values.get("stated_on")
    return record_affordability(it.database, it.who, it.said, details, stated_on=stated_on)


def _own_page(it: Statement) -> Recorded:
    return set_own_page(it.database, it.who, it.values["kind"], it.said)


WRITERS: dict[str, Writer] = {
    "dispute": _hold,
    "hold": _hold,
    "complaint": _hold,
    "release": _release,
    "opt_out": _opt_out,
    "wish": _wish,
    "consent": _consent,
    "contact": _contact,
    "notice": _notice,
    "affordability": _affordability,
    "own_page": _own_page,
}
