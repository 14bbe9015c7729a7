"""What one table of words to stop and of danger hears in a text and another does not: somebody has to want that."""

from collections.abc import Iterator

from dispatcher.people.domain.optout_words import OptOutTable, ReplyMeaning, classify_reply
from dispatcher.people.domain.stop_kinds import Words

_WISHES = ("stop", "wrong_number")
_WIDEST = "all"


def heard_less(before: OptOutTable, after: OptOutTable) -> list[str]:
    """A sentence for each wish to stop and each word of danger that `before` hears and `after` would not.

    The table is asked as replies are: a word may be lost by going itself, and by one that now makes it unclear.
    """
    return [
        f"{' '.join(words)!r} {lost}"
        for words in sorted(set(_words(before)))
        if (lost := _lost(classify_reply(" ".join(words), before), classify_reply(" ".join(words), after)))
    ]


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
