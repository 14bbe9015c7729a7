"""The practice desk: one's own exercises, what a good clerk would have done and why, and who has finished."""

from starlette.responses import Response

from dispatcher.practice.look_at_work import standings, tries_of
from dispatcher.rulebook.exercises import load_exercises
from dispatcher.users.storage import users
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import Page, RefusedError, Visit


def show_practice(visit: Visit) -> Response:
    """The exercises of whoever asks, and how far everybody has come."""
    if not visit.program.settings.is_practice:
        raise RefusedError(404, "This is a desk at work: there is nothing to practise here.")
    exercises = load_exercises(visit.program.config_files("practice") / "exercises.yaml")
    with visit.program.database.reading() as connection:
        names = [user.name for user in users.list_all(connection) if user.disabled_at is None]
        everybody = standings(connection, exercises, names)
        tries = tries_of(connection, exercises, visit.user.name)
    if visit.query("format"):
        rows = (
            {
                "user": one.user,
                "of": one.dealt,
                "done": one.done,
                "well": one.good,
                "finished": one.has_finished,
            }
            for one in everybody
        )
        return exported(visit, "practice", rows)
    return page(visit, "practice", tries=tries, everybody=everybody)


PAGES = (Page("GET", "/practice", show_practice),)
