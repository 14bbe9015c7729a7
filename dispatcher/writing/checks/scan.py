"""Looks for wording, line by line, and remembers every line it has judged.

A template's own sentences so cost a look-up a message; lines that hold data are judged with the data masked.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from html import unescape
from itertools import pairwise
from math import inf
from typing import NamedTuple

from dispatcher.writing.domain.leaning import Leaning, words_of
from dispatcher.writing.domain.wording import SENTENCE_END, Denials, Family, Wording, folded

DATA = "\ufffc"  # stands for somebody's data while a line is judged
AMOUNT = "\ue0a0"  # stands for an amount of the ledger
_REMEMBERED = 20_000
_NO_DENIALS = Denials()
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


class Hit(NamedTuple):
    """A phrase in a line: the family's rule and facts, and the phrase as the line has it."""

    rule: str
    phrase: str
    advice: str
    fact: str = ""
    topic: str = ""
    span: tuple[int, int] = (0, 0)  # where the phrase stands in the line
    sentence: int = 0  # which of the line's


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
        handovers, plain = _taken_out(self._wording.handover, plain, self._wording.denials)
        _, plain = _taken_out(self._wording.not_a_court, plain)
        for family in self._judging(where):
            hits += _of_family(family, plain, words, self._wording)
        hits += _leaning_ill(self._wording, plain, words, hits)
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


def _taken_out(
    patterns: Iterable[re.Pattern[str]], plain: str, denials: Denials = _NO_DENIALS
) -> tuple[list[str], str]:
    """The phrases that patterns find and the sentence does not deny, and the text without them, as long as before."""
    found: list[str] = []
    for pattern in patterns:
        for match in _meant(pattern, plain, denials) if pattern.search(plain) else ():
            found.append(match[0])
            plain = plain[: match.start()] + DATA * len(match[0]) + plain[match.end() :]
    return found, plain


def _that_find(patterns: Iterable[re.Pattern[str]], plain: str) -> list[re.Pattern[str]]:
    """The patterns that find anything: hardly any does, and of a find alone more is asked."""
    return [pattern for pattern in patterns if pattern.search(plain)]


def _meant(pattern: re.Pattern[str], plain: str, denials: Denials) -> Iterator[re.Match[str]]:
    return (m for m in pattern.finditer(plain) if not denials.denies(plain, m.start(), m.end(), of=pattern))


def _of_family(family: Family, plain: str, words: str, wording: Wording) -> list[Hit]:
    whole = plain
    _, plain = _taken_out(family.allowed, plain)
    limit = _limit_of(family)
    rows = [(p, family.may_be_denied, family.may_be_fair, limit) for p in _that_find(family.patterns, plain)]
    rows += [(p, True, True, _FREE_MENTION) for p in _that_find(family.mentions, plain)]
    matches = (
        next(
            (
                match
                for match in _held(p, plain, wording, denied=denied, fair=fair)
                if not _leans_fair(wording.leaning, whole, match.span(), limit)
            ),
            None,
        )
        for p, denied, fair, limit in rows
    )
    return [
        Hit(
            family.rule,
            words[match.start() : match.end()].strip(),
            family.advice,
            family.fact,
            family.topic,
            match.span(),
            len(SENTENCE_END.findall(plain, 0, match.start())),
        )
        for match in matches
        if match
    ]


def _limit_of(family: Family) -> float:
    """How far the words around a phrase must lean to let it pass; what strangers see passes on no example."""
    if "text" not in family.where:
        return -inf
    return _FREE_FROM if family.may_be_denied else _FREE_THOUGH_NAMED


def _held(
    pattern: re.Pattern[str], plain: str, wording: Wording, *, denied: bool, fair: bool
) -> Iterator[re.Match[str]]:
    """What a pattern finds, but for what its sentence denies, or says to tell readers what they may do."""
    found = _meant(pattern, plain, wording.denials if denied else _NO_DENIALS)
    return (m for m in found if not (fair and wording.fair.hold(plain, m.start())))


# How far a sentence leans (logarithms of odds) before examples alone hold it or let a phrase pass, chosen on sentences
# that nobody mended for. A delicate word says little by itself and goes first; what no denial makes harmless, last.
_HELD_FROM = 6.0
_FREE_MENTION, _FREE_FROM, _FREE_THOUGH_NAMED = -2.0, -3.0, -9.0
_SHORT, _FREE_SHORT = 5, -5.0  # words; "Hello from the police" has too few to explain one
_HELD_THOUGH_DENIED = 8.0  # "No bank will ever lend to you again" denies too
_SENTENCE = 4  # words; fewer are a label, or a name
_AROUND = 8  # words on either side of a phrase: so a long friendly sentence hides no threat in its middle


def _leans_fair(leaning: Leaning, plain: str, span: tuple[int, int], below: float) -> bool:
    """Whether the words around a phrase are those of sentences that people let pass, and leave no doubt."""
    begin, sentence = _sentence_around(plain, span[0])
    words = words_of(sentence)
    start, end = span[0] - begin, span[1] - begin
    within = [i for i, word in enumerate(words) if word.end > start and word.start < end]
    if not within:
        return False
    around = words[max(0, within[0] - _AROUND) : within[-1] + 1 + _AROUND]
    if len(words) <= _SHORT:
        below = min(below, _FREE_SHORT)
    return leaning.weigh(around, whole=len(around) == len(words)).sum < below


def _leaning_ill(wording: Wording, plain: str, words: str, hits: list[Hit]) -> Iterator[Hit]:
    """Sentences without any other hit that lean towards those that people have held, and do not deny it."""
    leaning = wording.leaning
    begin = 0
    for number, sentence in enumerate(_sentences(plain)):
        end = begin + len(sentence)
        if not any(hit.span[1] and hit.span[0] < end and begin < hit.span[1] for hit in hits):
            spoken = words_of(sentence)
            weighed = leaning.weigh(spoken)
            if len(spoken) >= _SENTENCE and weighed.sum > _HELD_FROM:
                span = begin + weighed.start, begin + weighed.end
                if weighed.sum > _HELD_THOUGH_DENIED or not wording.denials.denies(plain, *span):
                    phrase = words[span[0] : span[1]]
                    yield Hit("ill-intent", phrase, leaning.advice, "threatening", "threat", span, number)
        begin = end


def _sentences(plain: str) -> list[str]:
    """The sentences of a line, each with its end: joined they are the line."""
    ends = [match.end() for match in SENTENCE_END.finditer(plain)]
    return [plain[start:end] for start, end in pairwise([0, *ends, len(plain)])]


def _sentence_around(plain: str, at: int) -> tuple[int, str]:
    begin = 0
    for sentence in _sentences(plain):
        if at < begin + len(sentence):
            return begin, sentence
        begin += len(sentence)
    return begin, ""


_SCANNERS: dict[int, tuple[Wording, Scanner]] = {}


def scanner_for(wording: Wording) -> Scanner:
    """The scanner of a wording, shared by all texts in that language."""
    known = _SCANNERS.get(id(wording))
    if known is None or known[0] is not wording:
        known = _SCANNERS[id(wording)] = (wording, Scanner(wording))
    return known[1]
