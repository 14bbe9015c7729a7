"""What a caller says first, in the language of the call; no word of a debt before the right person has answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.values.sender import Sender


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningWords:
    """One language's: who calls, what is added where it is for another creditor, whom one asks for, and the proof."""

    calls: str
    on_behalf: str
    asks_for: str
    proof: str


def opening_words(
    words: Mapping[str, OpeningWords], sender: Sender, name: str, language: str
) -> tuple[str, ...]:
    """What to say first: who calls and for whom; nothing where nobody has written it in the language of the call.

    `words` by language; who names no language is called in English.
    """
    primary = language.replace("_", "-").partition("-")[0].lower() or "en"
    said = words.get(primary)
    if said is None:
        return ()
    creditor = "" if sender.creditor_name in ("", sender.name) else sender.creditor_name.rstrip(".")
    opening = said.calls.format(sender=sender.name)
    opening += said.on_behalf.format(creditor=creditor) if creditor else ""
    return f"{opening}.", said.asks_for.format(name=name), said.proof
