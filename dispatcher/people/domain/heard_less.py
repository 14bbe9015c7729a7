"""What one table of words to stop and of danger hears in a text and another does not: somebody has to want that."""

from collections.abc import Iterator
from dataclasses import fields

from dispatcher.people.domain.optout_words import OptOutTable, ReplyMeaning, classify_reply
from dispatcher.people.domain.stop_kinds import Words

_WISHES = ("stop", "wrong_number")
_WIDEST = "all"


def heard_less(before: OptOutTable, after: OptOutTable) -> list[str]:
    """A sentence for each wish to stop and each word of danger that `before` hears and `after` would not.

    The table is asked as replies are: a word may be lost by going itself, and by one that now makes it unclear.
    """
    lost = ((words, _lost_of(words, before, after)) for words in sorted(_in_question(before, after)))
    return [f"{' '.join(words)!r} {what}" for words, what in lost if what]


def _in_question(before: OptOutTable, after: OptOutTable) -> set[Words]:
    """Where a table only loses words and kinds, those that go; else all, since what is new may make any unclear."""
    ours = set(_words(before))
    loses = {field.name for field in fields(OptOutTable)} - {"keywords", "phrases", "kinds", "care"}
    only_loses = (
        all(getattr(before, name) == getattr(after, name) for name in loses)
        and after.keywords.items() <= before.keywords.items()
        and all(one in before.phrases for one in after.phrases)
        and all(one in before.kinds for one in after.kinds)
    )
    return ours - set(_words(after)) if only_loses else ours


def _lost_of(words: Words, before: OptOutTable, after: OptOutTable) -> str:
    text = " ".join(words)
    becomes = classify_reply(text, after)
    is_widest = becomes.kind == "stop" and becomes.scope_hint == _WIDEST and words not in before.keywords
    if is_widest and set(before.care) <= set(after.care):
        return ""  # more there is not to hear, and to read it by the other table costs as much again
    return _lost(classify_reply(text, before), becomes)


def _words(table: OptOutTable) -> Iterator[Words]:
    yield from table.keywords
    yield from (phrase.words for phrase in table.phrases)
    yield from table.care
    for kind in table.kinds:
        plain = [min(part) for part in kind.parts]
        for place, part in enumerate(kind.parts):
            yield from ((*plain[:place], word, *plain[place + 1 :]) for word in part)


def _lost(was: ReplyMeaning, becomes: ReplyMeaning) -> str:
    if was.care and not becomes.care:
        return "is no word of danger any more"
    if was.kind not in _WISHES:
        return ""
    if becomes.kind != was.kind:
        return "stops nothing any more"
    is_narrower = becomes.scope_hint not in (was.scope_hint, _WIDEST)
    return f"stops {becomes.scope_hint} alone, and no more {was.scope_hint}" if is_narrower else ""
