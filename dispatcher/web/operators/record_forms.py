"""Forms for what a debtor says: made from the table of facts, as the commands of `dispatcher record` are."""

from collections.abc import Mapping

from starlette.responses import Response

from dispatcher.people.domain.fact_table import BY_NAME
from dispatcher.people.domain.facts import RecordError, words
from dispatcher.people.recording import Recorded, Said
from dispatcher.web.operators.people import person_page, person_path
from dispatcher.web.site.page import go_to, sentence_of
from dispatcher.web.site.visit import Page, Visit

NOT_A_FIELD = frozenset({"csrf", "fact", "source", "note"})


def record(visit: Visit) -> Response:
    """Write down one fact; a form that is wrong comes back filled in."""
    fact = visit.text("fact")
    if fact not in BY_NAME:
        return person_page(visit, status=400, wrong="Choose what to write down.")
    if not visit.text("source"):
        return person_page(
            visit, status=422, wrong="Say where it comes from: a call, a letter, an e-mail.", filled=fact
        )
    try:
        recorded = write_down(visit, visit.path("reference"))
    except RecordError as error:
        return person_page(visit, status=422, wrong=sentence_of(error), filled=fact)
    return go_to(visit, person_path(visit.path("reference")), _sentence(fact, recorded))


def write_down(visit: Visit, who: str) -> Recorded:
    """Record the fact that a form, or a body of the API, states; raises RecordError."""
    said = Said(
        now=visit.now, actor=visit.actor, source=visit.text("source")[:300], note=visit.text("note")[:2_000]
    )
    given = {name: texts for name, texts in visit.form.items() if name not in NOT_A_FIELD}
    return visit.program.record(visit.text("fact"), who, said, given)


def _sentence(fact: str, recorded: Recorded) -> str:
    if not recorded.already:
        return f"Recorded: {words(fact)}."
    if recorded.added:
        return f"That stood here already; added: {_listed(recorded.added)}."
    return "That stood here already: nothing was added."


def _listed(added: Mapping[str, object]) -> str:
    return ", ".join(f"{words(name)} {value}" for name, value in added.items())


PAGES = (Page("POST", "/people/{reference:path}/record", record),)
