"""The page docs/compliance.md: rules with their sources and cases, where facts come from, what nobody can know."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dispatcher.gate.rule_book import RuleBook
from dispatcher.gate.rules import Rule, RulePack
from dispatcher.rulebook.cases import Case
from dispatcher.rulebook.fact_sources import LIMITS, SOURCES

_HEAD = """# Rules, their sources and their limits

This page is generated from the rule packs (`dispatcher rules document --out docs/compliance.md`); a test holds it
fresh. It is no legal advice. **Counsel must review every pack before real use**: a pack carries `reviewed: {by, on,
note}`, and real providers hold the debtors of a pack without it.

Each rule says how sure we are of it. *status*: law, guidance (a regulator's expectation) or policy (our own choice).
*verified*: official (the words quoted are the text's or its regulator's own, wherever a copy of them was read),
secondary (the words are a law firm's or another authority's about it), unverified (nobody has read the law's words,
or only a newspaper's or a vendor's; the reason is given: check before use) or own (our rule: there is no text). A rule
is in force from its first date, at the instant of sending; `unknown` holds on every day. What a regulator would quote
against this program is our own reading, partly from memory: counsel's review begins there.

Of several rules the strictest stands: block (needs a new fact), hold (a person decides), defer (time cures it),
allow. A deferral is looked at again at its own instant, and all reasons are kept. What the gate cannot read it holds.
"""

_SCORES = """## Scores

A scorecard (`config/scorecard.yaml`) is off until somebody puts their name to it. What the program holds, whatever the
card says:

- **No decision about a private person hangs on a score.** It orders a day's work and may add to what is offered. It
  refuses no plan, raises no settlement, shortens no distance and decides no hand-over: a segment that asks for a score
  takes companies alone, and files of offers that ask for one only widen what the person would have been offered
  without it (`tests/treatment/test_score.py`). So nothing of legal or similar effect rests on it alone:
  [GDPR article 22](https://eur-lex.europa.eu/eli/reg/2016/679/oj), as the Court of Justice reads it for scores that
  others draw strongly on (C-634/21, SCHUFA).
- **Whoever is scored is told how, and may object.** `score explain DEBTOR --for-debtor` gives each attribute with its
  points and its reason (articles 13 to 15); `record wish DEBTOR --no-score` ends its use for that human and for whoever
  owes with them (article 21). Nothing becomes less by an objection.
- **What must not count cannot count.** An attribute must be on the program's list, and the card must say why it is fair
  and who approved it. Disputes, complaints, opt-outs, language, country, place, name, sex, age, marital status,
  benefits and health are refused, with file and line:
  [ECOA, 15 U.S.C. 1691](https://www.law.cornell.edu/uscode/text/15/1691) and
  [12 CFR 1002.4 to 1002.6](https://www.consumerfinance.gov/rules-policy/regulations/1002/) forbid to treat somebody
  worse for most of them, or for having used a right in good faith, also when a debt is serviced.
- **Something harmless may stand for something forbidden.** `score fit --groups FILE` shows differences between groups
  that the desk names for that purpose alone; they are stored nowhere and count for nothing. Whoever approves a card
  looks at them first.
"""


def compliance_page(book: RuleBook, cases: Sequence[Case]) -> str:
    """The whole page as Markdown."""
    tables: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        tables[case.pack].append(case)
    lines = [_HEAD, "## Rules", ""]
    for pack in sorted(book, key=lambda pack: pack.name):
        lines += _pack(pack, tables[pack.name])
    lines += [*_facts(), _SCORES, *_limits()]
    return "\n".join(lines) + "\n"


def _pack(pack: RulePack, cases: Sequence[Case]) -> Iterator[str]:
    file = pack.name.lower()
    review = (
        f"reviewed by {pack.reviewed.by} on {pack.reviewed.on}"
        if pack.reviewed
        else "not reviewed by counsel"
    )
    yield f"### {pack.name}: {pack.title}"
    yield ""
    yield (
        f"`config/rules/{file}.yaml` · {len(cases)} cases in `tests/cases/{file}.yaml` · {_where(pack)}"
        f"{_whom(pack)} · {review}"
    )
    yield ""
    yield "| rule | what it asks | source | in force | status | verified | guard | cases |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for rule in pack.rules:
        rows = [case.where.partition(":")[2] for case in cases if rule.id in (case.because or ())]
        yield _row(rule, rows)
    yield ""
    yield from _duties(pack)
    if pack.against_us:
        yield f"What a regulator would quote against this program: {pack.against_us}"
        yield ""


def _duties(pack: RulePack) -> Iterator[str]:
    for duty in pack.duties:
        parts = ((duty.months, "months"), (duty.days, "days"), (duty.hours, "hours"))
        within = ", ".join(
            f"{number} {unit if number > 1 else unit[:-1]}" for number, unit in parts if number
        )
        business = "business " * duty.business
        title = f"[{_cell(duty.title)}]({duty.link})" if duty.link else _cell(duty.title)
        began = str(duty.begins).replace("_", " ")
        within = within.replace(" ", f" {business}", 1)
        yield f"- duty `{duty.id}`, within {within} of a {began}: {duty.says} {title}, {duty.verified}"
    if pack.duties:
        yield ""


def _row(rule: Rule, rows: list[str]) -> str:
    source = _source(rule)
    force = f"{rule.since} –{f' {rule.valid_to}' if rule.valid_to else ''}"
    guard = f"`guards/{_guard_file(rule)}.py`"
    lines = f"line {', '.join(rows)}" if rows else "none refuses"
    return f"| {rule.id} | {rule.says} | {source} | {force} | {rule.status} | {rule.verified} | {guard} | {lines} |"


def _source(rule: Rule) -> str:
    reference = rule.reference
    title = _cell(reference.title)
    parts = [f"[{title}]({reference.link})" if reference.link else title]
    if reference.quote:
        parts.append(f"“{_cell(reference.quote)}”")
    if reference.read_on:
        parts.append(f"(read on {reference.read_on}{_read_at(reference.read_at)})")
    if reference.unread:
        parts.append(f"(not read: {_cell(reference.unread)})")
    return " ".join(parts)


def _read_at(where: str) -> str:
    if where.startswith(("http://", "https://")):
        return f", [where]({where})"
    return f", {_cell(where)}" if where else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _where(pack: RulePack) -> str:
    if pack.everywhere:
        return "applies everywhere"
    if not pack.applies:
        return "applies where a creditor adds it"
    names = dict.fromkeys("-".join(filter(None, (one.country, one.region))) for one in pack.applies)
    apart = sorted({region for one in pack.applies for region in one.regions_apart})
    cities = list(dict.fromkeys(one.city.title() for one in pack.applies if one.city))
    more = f" except {', '.join(apart)}" * bool(apart) + f" ({', '.join(cities)})" * bool(cities)
    numbers = " and to numbers issued there" * any(one.numbers for one in pack.applies)
    postcodes = " by the address or its postal code" * any(one.postcodes for one in pack.applies)
    return f"applies in {', '.join(names)}{more}{postcodes}{numbers}"


def _whom(pack: RulePack) -> str:
    roles = f" · binds {', '.join(sorted(pack.binds.roles))}" * bool(pack.binds.roles)
    types = f" · debts: {', '.join(pack.binds.debt_types)}" * bool(pack.binds.debt_types)
    least = pack.binds.past_due_more_than
    return roles + types + ("" if least is None else f" · only more than {least} days past due")


def _facts() -> Iterator[str]:
    yield "## Where the facts come from"
    yield ""
    yield "A fact that nobody states never refuses; where a file was searched in vain, that is a fact of its own."
    yield ""
    yield "| fact | comes from | in words |"
    yield "| --- | --- | --- |"
    for fact in SOURCES:
        yield f"| `{fact.path}` | {fact.source} | {fact.words} |"
    yield ""


def _limits() -> Iterator[str]:
    yield "## What the program cannot know"
    yield ""
    for limit in LIMITS:
        yield f"- {limit}"


def _guard_file(rule: Rule) -> str:
    return type(rule.guard).__module__.rpartition(".")[2]
