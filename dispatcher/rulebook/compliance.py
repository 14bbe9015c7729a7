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
is in force from its first date, at the instant of sending; `unknown` holds on every day.

Of several rules the strictest stands: block (needs a new fact), hold (a person decides), defer (time cures it),
allow. A deferral is looked at again at its own instant, and all reasons are kept. What the gate cannot read it holds.
"""


def compliance_page(book: RuleBook, cases: Sequence[Case]) -> str:
    """The whole page as Markdown."""
    tables: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        tables[case.pack].append(case)
    lines = [_HEAD, "## Rules", ""]
    for pack in sorted(book, key=lambda pack: pack.name):
        lines += _pack(pack, tables[pack.name])
    lines += [*_facts(), *_limits()]
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
