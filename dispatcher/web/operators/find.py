"""One box for whatever a caller names: a name, a telephone number, an address, a debt, a person, a message."""

from starlette.responses import Response

from dispatcher.messages.storage import message_lists
from dispatcher.messages.storage.message_lists import MessageFilter, MessageLine
from dispatcher.people.storage import person_lists
from dispatcher.people.storage.person_lists import PersonFilter, PersonLine
from dispatcher.values.written_address import written_address
from dispatcher.web.operators.people import person_path
from dispatcher.web.site.page import go_to, page
from dispatcher.web.site.visit import Page, Visit

_MOST = 25
_LONGEST = 200


def find(visit: Visit) -> Response:
    """Who and what fits, people first; where it is one thing alone, that thing."""
    words = visit.query("q")[:_LONGEST]
    if not words:
        return page(visit, "find", words="", people=[], messages=[], more=False)
    with visit.program.database.reading() as connection:
        messages = message_lists.lines_of(connection, [words]) or message_lists.page_of_messages(
            connection, MessageFilter(provider_id=words), limit=_MOST
        )
        people = {
            line.id: line
            for searched in dict.fromkeys((words, written_address(_plain_number(words))))
            for line in person_lists.page_of_people(
                connection, PersonFilter(search=searched), limit=_MOST + 1
            )
        }
    found = sorted(people.values(), key=lambda line: line.id)
    alone = _alone(found, messages)
    if alone:
        return go_to(visit, alone)
    return page(visit, "find", words=words, people=found[:_MOST], messages=messages, more=len(found) > _MOST)


def _alone(people: list[PersonLine], messages: list[MessageLine]) -> str:
    if len(people) == 1 and not messages:
        return person_path(people[0].debtor)
    if len(messages) == 1 and not people:
        return f"/messages/{messages[0].id}"
    return ""


def _plain_number(words: str) -> str:
    """A telephone number as people write it down, with nothing between its digits; other words as they are."""
    bare = "".join(letter for letter in words if letter not in " ()-./\u00a0")
    digits = bare.removeprefix("+")
    if not digits.isdecimal() or len(digits) < 7:
        return words
    return "+" + digits.removeprefix("00") if bare.startswith(("+", "00")) else bare


PAGES = (Page("GET", "/find", find),)
