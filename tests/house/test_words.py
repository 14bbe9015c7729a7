"""The words of the log are closed: each has its meaning, its sentence and its shape, and nothing else is written."""

import ast

import pytest

from dispatcher.log.domain.events import Event
from dispatcher.log.domain.vocabulary import VOCABULARY, About, word
from dispatcher.messages.domain import message
from dispatcher.people.domain.hold_facts import HOLDS
from dispatcher.people.domain.hold_kinds import HOLD_KINDS, HoldKind, Keeps, of
from dispatcher.record.domain.timeline import is_told
from dispatcher.record.storage.personal_data import NO_ACTIVITY
from tests.house.tree import modules

INSIDE_THE_MACHINE = {Event.QUEUED, Event.ATTEMPTING}  # a story tells what came of them


def test_every_event_has_its_word() -> None:
    assert VOCABULARY.keys() == set(Event)


@pytest.mark.parametrize("event", Event)
def test_a_word_has_a_sentence_that_its_entries_can_fill(event: Event) -> None:
    meaning = word(event)
    assert bool(meaning.says) == (event not in INSIDE_THE_MACHINE)
    assert "{" not in meaning.says.format(step="x", channel="y", hold="z", arrangement="a", instalment=1)
    assert meaning.always <= meaning.details


def test_no_word_of_the_log_is_written_in_letters() -> None:
    """By the tree: what is given as an event where an entry is made is an Event, as the type checker asks."""
    written = {
        text
        for module in modules().values()
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call)
        for text in _events(call)
    }
    assert written == set()
    assert _events(ast.parse('LogEntry(event="erased")', mode="eval").body) == {"erased"}  # it would be seen


def _events(call: ast.expr) -> set[str]:
    assert isinstance(call, ast.Call)
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    given = [keyword.value for keyword in call.keywords if keyword.arg == "event"]
    if name == "entry_of":
        given += call.args[1:2]
    if name == "log":
        given += call.args[:1]
    texts = [one for each in given for one in ast.walk(each) if isinstance(one, ast.Constant)]
    return {one.value for one in texts if isinstance(one.value, str)} if name != "Facet" else set()


def test_the_states_of_a_message_fold_known_words() -> None:
    folded = message._OURS.keys() | message._PROVIDERS.keys()
    assert folded <= {event for event in Event if word(event).about is About.MESSAGE}


def test_what_an_old_log_called_something_else_is_still_told() -> None:
    assert is_told({"event": "a_word_of_long_ago"})


def test_only_what_we_do_for_a_person_does_not_prolong_what_we_keep() -> None:
    assert set(NO_ACTIVITY) == {
        "contact_asked",
        "document_added",
        "document_withdrawn",
        "erased",
        "exported",
        "list_exported",
        "viewed",
        "handler_given",
        "hold_recorded",
        "hold_released",
    }


def test_every_kind_of_hold_has_its_meaning() -> None:
    assert HOLD_KINDS.keys() == set(HoldKind)
    assert HOLDS.keys() <= set(HoldKind)
    assert all(meaning.says for meaning in HOLD_KINDS.values())


def test_every_kind_of_hold_that_the_program_writes_is_one() -> None:
    """By the tree: what is given as a kind where a hold is added, and the names that imports hold by."""
    written = {
        value.value
        for module in modules().values()
        if module.name.startswith(("dispatcher.people", "dispatcher.portfolio", "dispatcher.delivery"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign)
        for target, value in zip(node.targets, [node.value], strict=False)
        if isinstance(target, ast.Name) and target.id in _NAMES_OF_HOLDS and isinstance(value, ast.Constant)
    }
    assert len(written) >= 6
    assert written <= set(HoldKind)


_NAMES_OF_HOLDS = {
    "ROW_REFUSED", "LEDGER_IN_DOUBT", "REFUSED_LEDGER", "NEW_IN_ODD_LEDGER", "LOOKS_RENUMBERED", "NOT_IN_LEDGER",
    "UNREAD", "TERMS_CHANGED",
}  # fmt: skip


def test_a_kind_that_nobody_knows_keeps_everything_back() -> None:
    assert of("mislaid").keeps is Keeps.ALL
