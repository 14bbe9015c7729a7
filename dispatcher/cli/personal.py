"""`dispatcher erase | retention | subject-access | backup`: what is held of people, and for how long."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, actor, opened, print_json

if TYPE_CHECKING:
    from dispatcher.record.retain_records import Due
    from dispatcher.record.storage.personal_data import Holdings


FINDING = 1
_Debtor = Annotated[str, typer.Argument(metavar="DEBTOR", help="creditor/reference, or a reference.")]


def erase(
    debtor: _Debtor,
    why: Annotated[str, typer.Option(help="On what ground; it stands in the log.", metavar="TEXT")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go; erase nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person's bodies and personal values. What happened stays provable; a legal hold wins.

    Example: dispatcher erase acme/00042 --why "request of 2026-03-01" --dry-run
    """
    from dispatcher.record.erase_person import Erasure, erase_person, look_at

    with opened() as dispatcher:
        person = _person(dispatcher, debtor)
        if dry_run:
            found = look_at(dispatcher.database, person)
        else:
            erasure = Erasure(
                actor=actor(), now=dispatcher.real_now(), why=why, outbox=dispatcher.home / "outbox"
            )
            found = erase_person(dispatcher.database, person, erasure)
    if as_json:
        print_json({"erased": not dry_run, **_document(found)})
        return
    print(f"{'would erase' if dry_run else 'erased'} {_told(found)}")


def retention(
    apply: Annotated[
        bool, typer.Option("--apply", help="Erase what is due; without it nothing changes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List whose values have been kept long enough (config/retention.yaml); with --apply erase them.

    Example: dispatcher retention
    """
    from dispatcher.record.erase_person import Erasure
    from dispatcher.record.remove_exports import old_exports, remove_exports
    from dispatcher.record.retain_records import due_for_erasure, retain_records
    from dispatcher.rulebook.retention import load_retention

    with opened() as dispatcher:
        periods = load_retention(dispatcher.config("retention.yaml"))
        now = dispatcher.real_now()
        if apply:
            erasure = Erasure(
                actor=actor(), now=now, why="retention period is over", outbox=dispatcher.home / "outbox"
            )
            erased, kept = retain_records(dispatcher.database, periods, erasure)
        else:
            due = due_for_erasure(dispatcher.database, periods, now.date())
            erased, kept = [d for d in due if not d.kept_because], [d for d in due if d.kept_because]
        files = old_exports(dispatcher.home, now=now, max_age=dispatcher.settings.max_export_age)
        if apply:
            remove_exports(files)
    if as_json:
        names = [str(path) for path in files]
        print_json(
            {
                "applied": apply,
                "due": [_due(d) for d in erased],
                "kept": [_due(d) for d in kept],
                "exports": names,
            }
        )
        return
    for path in files:
        print(f"{'removed' if apply else 'old'}: {path}")
    for each in erased:
        print(f"{'erased' if apply else 'due'} since {each.since}: {_told(each.holdings)}; {each.reference}")
    for each in kept:
        print(f"kept in spite of {each.since}: {each.holdings.debtor}; {each.kept_because}")
    print(
        f"{len(erased)} {'erased' if apply else 'due'}, {len(kept)} kept"
        + ("" if apply else "; --apply erases")
    )


def subject_access(
    debtor: _Debtor,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A .zip for that person.")],
) -> None:
    """Write all that is held about one person, for that person, without others' data.

    Example: dispatcher subject-access acme/00042 --out 00042.zip
    """
    from dispatcher.record.export_evidence import Source
    from dispatcher.record.storage.seal_journal import SealJournal
    from dispatcher.record.storage.sealing_keys import SealingKeys
    from dispatcher.record.subject_access import subject_access as write_answer

    with opened() as dispatcher:
        source = Source(
            database=dispatcher.database,
            keys=SealingKeys(dispatcher.keys),
            journal=SealJournal(dispatcher.home / "seals.jsonl"),
            actor=actor(),
            now=dispatcher.real_now(),
        )
        card = dispatcher.policy.scorecard
        done = write_answer(source, _person(dispatcher, debtor), out, scorecard=card)
    print(f"{done.path}: {done.entries} entries, the bodies, and about_you.json")


def backup(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The copy, a .db file in a folder of its own.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy the embedded database while it is in use, and verify the copy. docs/backup.md speaks of PostgreSQL.

    Example: dispatcher backup --out /backups/2026-11-23/dispatcher.db
    """
    from dispatcher.record.backup_database import backup_database
    from dispatcher.record.storage.seal_journal import SealJournal
    from dispatcher.record.storage.sealing_keys import SealingKeys

    with opened() as dispatcher:
        keys, journal = SealingKeys(dispatcher.keys), SealJournal(dispatcher.home / "seals.jsonl")
        made = backup_database(dispatcher.database, keys, journal, out, now=dispatcher.real_now())
    findings = [str(finding) for finding in made.verified.findings]
    if as_json:
        print_json(
            {
                "file": str(made.path),
                "bytes": made.size,
                "entries": made.verified.entries,
                "findings": findings,
            }
        )
    else:
        print(
            "\n".join(
                [
                    *findings,
                    f"{made.path}: {made.size} bytes, {made.verified.entries} sealed entries verified",
                ]
            )
        )
    if findings:
        raise typer.Exit(FINDING)


def _person(dispatcher: Dispatcher, debtor: str) -> str:
    from dispatcher.record.storage.evidence import persons_of

    with dispatcher.database.reading() as connection:
        return persons_of(connection, debtor)[0]


def _told(found: "Holdings") -> str:
    shared = f", {len(found.kept_bodies)} bodies stay: others received them too" if found.kept_bodies else ""
    hold = "; A LEGAL HOLD STANDS" if found.legal_hold else ""
    return f"{found.debtor}: {len(found.bodies)} bodies, {len(found.personal)} sets of personal values{shared}{hold}"


def _document(found: "Holdings") -> dict[str, object]:
    return {
        "debtor": found.debtor,
        "bodies": list(found.bodies),
        "kept_bodies": list(found.kept_bodies),
        "personal": list(found.personal),
        "legal_hold": found.legal_hold,
    }


def _due(due: "Due") -> dict[str, object]:
    return {
        **_document(due.holdings),
        "last_activity": due.last_activity.isoformat(),
        "since": due.since.isoformat(),
        "reference": due.reference,
        "kept_because": due.kept_because or None,
    }
