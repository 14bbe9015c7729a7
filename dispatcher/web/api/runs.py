"""What the API says of runs: to people whole, to a creditor's program what concerns its creditor."""

from typing import Any

from dispatcher.planning.storage.plans import NoSuchRunError
from dispatcher.runs.storage import day_counts
from dispatcher.runs.summarise_run import summarise_run
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.operators.runs import run_json
from dispatcher.web.site.filters import a_number, a_path_number
from dispatcher.web.site.visit import Visit, not_found


def list_runs(visit: Visit) -> Any:
    """Runs, newest first."""
    limit = limit_of(visit)
    with visit.program.database.reading() as connection:
        found = day_counts.page_of_runs(
            connection,
            mode=visit.query("mode"),
            state=visit.query("state"),
            before=a_number(visit, "cursor"),
            limit=limit + 1,
            creditor=visit.only_creditor,
        )
    more = found[limit - 1].id if len(found) > limit else None
    return listed([run_json(run) for run in found[:limit]], more)


def get_run(visit: Visit) -> Any:
    """A run's summary as it stands; an account's counts its creditor's messages and refusals."""
    number = a_path_number(visit, "id", "such run")
    try:
        return summarise_run(visit.program.database, number, creditor=visit.only_creditor).as_json()
    except NoSuchRunError:
        raise not_found("such run") from None
