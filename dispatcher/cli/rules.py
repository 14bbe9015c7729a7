"""`dispatcher rules`: list, show, test and document the rule packs."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher import resources
from dispatcher.cli.opening import AsJson, parse_day, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.gate.rule_book import RuleBook
    from dispatcher.gate.rules import Rule, RulePack


app = typer.Typer(no_args_is_help=True)

_CASES = Path(__file__).resolve().parents[2] / "tests" / "cases"
CasesFolder = Annotated[
    Path, typer.Option("--cases", help="The folder of case tables.", show_default="tests/cases of the source")
]
On = Annotated[
    date | None,
    typer.Option(
        "--on",
        parser=parse_day,
        metavar="DATE",
        help="Only what is in force on that day; today if not given.",
    ),
]


@app.command("list")
def list_packs(json: AsJson = False) -> None:
    """Every pack: its name, version, number of rules, and whether counsel has reviewed it.

    Example: dispatcher rules list --json
    """
    packs = [_summary(pack) for pack in _book()]
    if json:
        print_json(packs)
        return
    for pack in packs:
        review = pack["reviewed"] or "not reviewed"
        print(
            f"{pack['pack']:<15} {pack['version']:<12} {pack['rules']:>3} rules  {review:<24} {pack['title']}"
        )


@app.command()
def show(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Its name, in any case.")],
    on: On = None,
    json: AsJson = False,
) -> None:
    """The rules of one pack that are in force on a day, each with its source.

    Example: dispatcher rules show us-regf --on 2026-11-23
    """
    day = on or datetime.now(UTC).date()
    found = _book().pack(pack)
    rules = [rule for rule in found.rules if rule.in_force(day)]
    if json:
        print_json(_summary(found) | {"on": day.isoformat(), "rules": [_rule(rule) for rule in rules]})
        return
    review = _reviewed(found) or "counsel has not reviewed it"
    print(f"{found.name}: {found.title}\nversion {found.version}, {found.stamp}; {review}\n")
    for text, since in found.in_force.items():
        print(f"{text} holds since {since}")
    for rule in rules:
        _print_rule(rule)
    silent = len(found.rules) - len(rules)
    if silent:
        print(f"\n{silent} more rule(s) are not in force on {day}.")


@app.command()
def reviews(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False
) -> None:
    """Counsel's reviews that were signed on the pages, of packs and places, those taken back too; oldest first.

    Example: dispatcher rules reviews --json
    """
    from dispatcher.authoring.review_law import LawReviewError, digest_of
    from dispatcher.authoring.storage import law_reviews
    from dispatcher.cli.opening import opened
    from dispatcher.values.instants import instant_text

    rows = []
    with opened() as program:
        with program.database.reading() as connection:
            found = law_reviews.every(connection)
        for one in found:
            try:
                is_now = digest_of(program.policy, one.kind, one.name) == one.digest
            except LawReviewError:
                is_now = False  # the pack, or the answer, is gone
            rows.append(
                {
                    "kind": one.kind,
                    "name": one.name,
                    "digest": one.digest,
                    "reads_so_now": is_now,
                    "by": one.by,
                    "at": instant_text(one.at),
                    "note": one.note,
                    "taken_back_by": one.ended_by or None,
                    "taken_back_at": instant_text(one.ended_at) if one.ended_at else None,
                    "why": one.ended_why or None,
                }
            )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        ended = f", taken back by {row['taken_back_by']}: {row['why']}" if row["taken_back_at"] else ""
        now = "" if row["reads_so_now"] else ", changed since"
        print(f"{row['kind']} {row['name']}: {row['by']} on {str(row['at'])[:10]}{now}{ended}")
    if not rows:
        print("counsel has signed no review on the pages")


@app.command("test")
def hold_to_cases(cases: CasesFolder = _CASES, json: AsJson = False) -> None:
    """Hold every pack against its table of cases; exit 1 when a row comes out otherwise or a pack has no table.

    Example: dispatcher rules test --cases tests/cases
    """
    from dispatcher.rulebook.cases import Case, fault, read_cases
    from dispatcher.rulebook.optout_words import load_optout_words
    from dispatcher.rulebook.yaml_file import ConfigError

    if not cases.is_dir():
        raise ConfigError(
            f"{cases}: no such folder; the case tables come with the source, name theirs with --cases"
        )
    book = _book()
    words = load_optout_words(_config("content") / "optout_words.yaml")
    rows: list[Case] = [row for path in sorted(cases.glob("*.yaml")) for row in read_cases(path)]
    faults = [found for row in rows if (found := fault(row, book, words))]
    faults += [
        f"{pack.name}: no table of cases in {cases}"
        for pack in book
        if pack.name not in {row.pack for row in rows}
    ]
    if json:
        print_json({"rows": len(rows), "faults": faults})
    else:
        print("\n".join([*faults, f"{len(rows)} cases, {len(faults)} faults"]))
    if faults:
        raise typer.Exit(1)


@app.command()
def document(
    cases: CasesFolder = _CASES,
    out: Annotated[Path | None, typer.Option("--out", help="Write it there instead of printing it.")] = None,
) -> None:
    """The page that docs/compliance.md holds: every rule, its source, its file and its cases.

    Example: dispatcher rules document --out docs/compliance.md
    """
    from dispatcher.rulebook.cases import read_cases
    from dispatcher.rulebook.compliance import compliance_page

    rows = (
        [row for path in sorted(cases.glob("*.yaml")) for row in read_cases(path)] if cases.is_dir() else []
    )
    page = compliance_page(_book(), rows)
    if out is None:
        print(page, end="")
    else:
        out.write_text(page, encoding="utf-8")


def _print_rule(rule: "Rule") -> None:
    until = f" until {rule.valid_to}" if rule.valid_to else ""
    source = f"{rule.reference.title} · {rule.status}, {rule.verified} · since {rule.since}{until}"
    print(f"{rule.id}\n  {rule.says}\n  {source}")
    if rule.reference.link:
        print(f"  {rule.reference.link}")
    for line in _text(rule):
        print(f"  {line}")


def _text(rule: "Rule") -> "Iterator[str]":
    if rule.reference.quote:
        yield f"“{rule.reference.quote}”"
    if rule.reference.read_on:
        where = f" at {rule.reference.read_at}" if rule.reference.read_at else ""
        yield f"read on {rule.reference.read_on}{where}"
    if rule.reference.unread:
        yield f"not read: {rule.reference.unread}"


def _book() -> "RuleBook":
    from dispatcher.rulebook.packs import load_rule_packs

    return load_rule_packs(_config("rules"))


def _config(name: str) -> Path:
    from dispatcher.settings import load_settings

    return resources.config_path(load_settings().config_dir, name)


def _summary(pack: "RulePack") -> dict[str, Any]:
    return {
        "pack": pack.name,
        "title": pack.title,
        "version": pack.version,
        "digest": pack.digest,
        "rules": len(pack.rules),
        "reviewed": _reviewed(pack) or None,
    }


def _reviewed(pack: "RulePack") -> str:
    return f"reviewed by {pack.reviewed.by} on {pack.reviewed.on}" if pack.reviewed else ""


def _rule(rule: "Rule") -> dict[str, Any]:
    return {
        "rule": rule.id,
        "says": rule.says,
        "family": rule.family,
        "channels": sorted(rule.channels),
        "kinds": sorted(rule.kinds),
        "reference": rule.reference.title,
        "link": rule.reference.link or None,
        "quote": rule.reference.quote or None,
        "read_on": rule.reference.read_on.isoformat() if rule.reference.read_on else None,
        "read_at": rule.reference.read_at or None,
        "unread": rule.reference.unread or None,
        "valid_from": rule.since,
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "status": rule.status,
        "verified": rule.verified,
    }
