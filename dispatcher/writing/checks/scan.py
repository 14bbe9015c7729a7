"""Looks for wording, line by line, and remembers every line it has judged.

A template's own sentences so cost a look-up a message; lines that hold data are judged with the data masked.
"""

import re
from collections.abc import Callable
from functools import partial
from html import unescape
from typing import NamedTuple

from dispatcher.writing.checks.intent import Hit, ill_meant, taken_out
from dispatcher.writing.domain.wording import Family, Wording, folded

AMOUNT = "\ue0a0"  # stands for an amount of the ledger
_REMEMBERED = 20_000
PLACES = ("text", "html", "heading", "neutral")

_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(r"\s*<h[1-6]")
# What other programs call their fields.
_FORM_WORDS = (
    "(?:first|last|full|customer|client|debtor)?[ _]?name|nombre|apellidos?|fecha|date|importe|monto|amount|saldo"
    "|balance|referencia|reference|cliente|customer|deudor|debtor|direccion|dirección|address|empresa|company|campo|field"
    "|nom|prenom|prénom|montant|solde|client|adresse|nome|cognome|valor|valore|endereco|endereço|indirizzo|riferimento"
)
_FILL_IN = (
    "insert|enter|your|add|fill in|inserte|insertar|ponga|poner|indique"
    "|inserez|insérez|saisissez|insira|inserire"
)
_LEFTOVER = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|\$\{|%\(\w+\)s|<[A-Za-z_.]+ object at 0x|\b(?:Undefined|NaN)\b"
    r"|(?:[:=]|\bis|\bof|\bto|\bes|\bde|\bist|\best|\bsei|\bè|\bé)\s+(?:None|null|nan|undefined)\b"
    r"|\b(?:None|null)\b(?=\s*(?:$|[.,;:)!?]))"
    r"|\{\s*[A-Za-z_0-9][\w .]*\}|\[[A-Z][A-Z_ ]+\]|<\w+[_ ]\w+>|<<|>>|%[A-Za-z_]{3,}%|\[\[[^\[\]]{1,40}\]\]"
    rf"|(?i:«\s*(?:{_FORM_WORDS})\s*»|<(?:{_FORM_WORDS})>|\[(?:{_FORM_WORDS}|(?:{_FILL_IN})\b[^\]\n]{{0,40}})\])"
    r"|(?<!\\)\\(?:newpage|pagebreak|clearpage|today|textbf|par|item|n)\b|&(?:nbsp|amp|lt|gt|quot);|(?<!\w)\$[a-z_]{4,}"
    r"|\b(?:TODO|TBD|FIXME|XXX+)\b|(?i:lorem ipsum)"
)
_CODES = "usd|eur|mxn|cop|gbp|cad|aud|clp|pen|brl|jpy|inr|chf|kwd"
_MONEY = re.compile(
    rf"(?:[$€£¥₹]|\b(?:{_CODES})) ?\d[\d.,]*"
    rf"|\d[\d.,]* ?(?:[$€£¥₹]|(?:{_CODES}|dollars?|euros?|pesos?|pounds?|dolares|reais|dollari)\b)"
    rf"|\d[.,]?{AMOUNT}|{AMOUNT}[.,]?\d"
    # bare, too long for an hour, and neither a date nor the number of a paragraph
    r"|(?<![\d.,/:-])(?:\d{1,3}(?:[.,]\d{3})+|\d{3,})[.,]\d{2}(?![\d(/:-]|[.,]\d)"
)
_SHOUTING = re.compile(
    r"\b[A-ZÀ-ÖØ-Þ]{3,}(?:[ ,]+[A-ZÀ-ÖØ-Þ]{2,}){2,}\b|[!¡]{2,}"
    r"|\b(?:URGENTE?|FINAL|WARNING|NOTICE|AVISO|ATENCIÓN|ACHTUNG|MAHNUNG|DRINGEND|AANMANING)\b"
)


_SHORTENERS = (
    "bit.ly|t.co|tinyurl.com|goo.gl|ow.ly|is.gd|cutt.ly|rb.gy|shorturl.at|tiny.cc|t.ly|lnkd.in|buff.ly|rebrand.ly"
).replace(".", r"\.")
_ADDRESS = re.compile(
    rf"https?://[^\s<>\"\ufffc]+|(?<![@\w.])www\.[^\s<>\"\ufffc]+|(?<![@\w.])(?:{_SHORTENERS})/[^\s<>\"\ufffc]+"
    r"|(?<![@\w./])(?:[a-z0-9-]+\.)+(?:com|net|org|io|info|biz|es|mx|uk|de|fr|co|link|click|top|xyz)/[^\s<>\"\ufffc]+",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(r"\*\*[^*]+\*\*|__[^_]+__|\]\(https?:|^#{1,6} \S|^> \S")


class Verdict(NamedTuple):
    """What one line holds: phrases that hold a message, topics, and phrases only the data can judge."""

    hits: tuple[Hit, ...]
    topics: frozenset[str]
    handovers: tuple[str, ...]
    says_no_court: bool
    addresses: tuple[str, ...] = ()  # links written as text, whose hosts only the data can judge
    marks: tuple[str, ...] = ()  # Markdown's, which an SMS does not have

    @property
    def tells_in_html(self) -> bool:
        """Whether there is more than its words' topics and addresses, which the reading text and its links tell."""
        return bool(self.hits or self.handovers or self.says_no_court)

    def distinct(self) -> tuple[Hit, ...]:
        """Each mistake once: of phrases that overlap the first rule's, of one rule's the first in a sentence."""
        kept: list[Hit] = []
        for hit in self.hits:
            if not any(_same_mistake(hit, other) for other in kept):
                kept.append(hit)
        return tuple(kept)


def _same_mistake(hit: Hit, other: Hit) -> bool:
    if not hit.span[1] or not other.span[1]:
        return (hit.rule, hit.phrase) == (other.rule, other.phrase)
    overlaps = hit.span[0] < other.span[1] and other.span[0] < hit.span[1]
    return overlaps or (hit.rule == other.rule and hit.sentence == other.sentence)


CLEAN = Verdict((), frozenset(), (), says_no_court=False)


class JudgedLines(dict[str, Verdict]):
    """Line -> verdict, for one kind of place; a line that is asked for the first time is judged."""

    def __init__(self, judge: Callable[[str], Verdict]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, line: str) -> Verdict:
        if len(self) >= _REMEMBERED:
            self.clear()
        verdict = self[line] = self._judge(line)
        return verdict


class Scanner:
    """Judges lines in one language. `text` judges a message's words, `neutral` what strangers may see."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._families = {
            where: tuple(family for family in wording.families if where in family.where)
            for where in ("text", "neutral", "heading")
        }
        self._lines = {where: JudgedLines(partial(self._judged, where=where)) for where in PLACES}

    def lines(self, where: str) -> JudgedLines:
        """The verdicts on lines of one kind: text, html, heading, or neutral (subject, preview, SMS)."""
        return self._lines[where]

    def judge(self, line: str, where: str) -> Verdict:
        """The verdict on one line."""
        return self._lines[where][line]

    def _judged(self, line: str, where: str) -> Verdict:
        if where == "html":  # its words alone, as they stand in the plain text too, whose verdict is known
            shown = " ".join(unescape(_TAG.sub(" ", line)).split())
            return self._lines["heading" if _HEADING.match(line) else "text"][shown]
        words = line
        hits = list(_mechanical(words))
        if where == "neutral" and AMOUNT in words:
            hits.append(Hit("gives-away-debt", "", _NO_AMOUNT_HERE))
        plain = folded(words).replace('"', " ")  # a threat in quotation marks is one
        no_court = any(pattern.search(plain) for pattern in self._wording.not_a_court)
        handovers, plain = taken_out(self._wording.handover, plain, self._wording.denials)
        _, plain = taken_out(self._wording.not_a_court, plain)
        hits += ill_meant(self._judging(where), plain, words, self._wording)
        topics = {
            name for name, patterns in self._wording.topics.items() if any(p.search(plain) for p in patterns)
        }
        addresses = tuple(match[0].rstrip(".,;:!?)") for match in _ADDRESS.finditer(words))
        marks = tuple(match[0] for match in _MARKDOWN.finditer(words))
        verdict = Verdict(tuple(hits), frozenset(topics), tuple(handovers), no_court, addresses, marks)
        return CLEAN if verdict == CLEAN else verdict

    def _judging(self, where: str) -> tuple[Family, ...]:
        families = self._families["text"]
        if where != "text":
            families += tuple(f for f in self._families[where] if f not in families)
        return families


def _mechanical(words: str) -> list[Hit]:
    """Faults that need no language: leftovers of a template, amounts from nowhere, shouting."""
    spaced = words.lower().replace("\u00a0", " ").replace("\u202f", " ")
    amounts = (match[0].replace(AMOUNT, "…") for match in _MONEY.finditer(spaced))
    return [
        *(Hit("leftover", match[0], _UNFILLED) for match in _LEFTOVER.finditer(words)),
        *(Hit("amount", amount, _NOT_IN_LEDGER) for amount in amounts),
        *(Hit("shouting", match[0], _QUIETER) for match in _SHOUTING.finditer(words)),
    ]


_UNFILLED = "A placeholder was not filled in: correct the template or the data."
_NOT_IN_LEDGER = "This amount is not in the ledger: print the placeholders {{ debt.balance }} or {{ total }}."
_NO_AMOUNT_HERE = "A subject, a preview and an SMS are seen by others: leave the amount out."
_QUIETER = "Write it in small letters and without exclamation marks."


_SCANNERS: dict[int, tuple[Wording, Scanner]] = {}


def scanner_for(wording: Wording) -> Scanner:
    """The scanner of a wording, shared by all texts in that language."""
    known = _SCANNERS.get(id(wording))
    if known is None or known[0] is not wording:
        known = _SCANNERS[id(wording)] = (wording, Scanner(wording))
    return known[1]
