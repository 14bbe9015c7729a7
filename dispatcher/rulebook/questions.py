"""Answers one question of `dispatcher decide`: contact facts that name their packs in, the decision out."""

from typing import Any

from dispatcher.gate.decision import Decision, Outcome, own_reason
from dispatcher.gate.gate import GATE, decide
from dispatcher.gate.rule_book import RuleBook, UnknownPackError
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.contact_facts import UnknownKeys, parse_facts


def answer(facts: object, book: RuleBook, words: OptOutTable) -> Decision:
    """The decision under the packs that `facts.packs` names; a key or pack that nobody knows holds."""
    parsed = parse_facts(facts, words)
    if isinstance(parsed, UnknownKeys):
        return held("unknown-key", parsed.detail)
    names = facts.get("packs") if isinstance(facts, dict) else None
    if not names:
        return held("packs", "packs names no rule pack: under which law?")
    try:
        return decide(parsed, book.named(names))
    except UnknownPackError as error:
        return held("packs", str(error))


def held(rule: str, detail: str) -> Decision:
    """A hold of the gate's own: the question cannot be answered by a rule."""
    reason = own_reason(GATE, rule, Outcome.HOLD, "fail closed", detail)
    return Decision(outcome=Outcome.HOLD, reasons=(reason,))


def answer_json(question: Any, book: RuleBook, words: OptOutTable) -> dict[str, Any]:
    """The answer to `{"id": …, "facts": {…}}`, with its id; a question that breaks a rule's reckoning is held."""
    if not isinstance(question, dict) or "facts" not in question:
        return {"id": None} | held("question", 'a question is an object {"id": …, "facts": {…}}').to_json()
    try:
        decision = answer(question["facts"], book, words)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # one line that nobody foresaw must not leave those after it without an answer
        decision = held(
            "question", f"it cannot be judged ({type(error).__name__}: {error}); please report it"
        )
    return {"id": question.get("id")} | decision.to_json()
