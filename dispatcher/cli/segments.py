"""`dispatcher segments`: which kind of case every open debt is."""

from collections import Counter

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, print_json


def segments(as_of: AsOf = None, now: Now = None, as_json: AsJson = False) -> None:
    """How many open debts are of which segment; --json names the segment of each, null where it has none.

    Example: dispatcher segments --as-of 2026-11-16
    """
    from dispatcher.treatment.find_segments import segments_on

    with opened(now) as program, program.database.reading() as connection:
        known = program.policy.segments
        day = as_of or program.now().date()
        found = dict(segments_on(connection, known, day))
    if as_json:
        print_json(found)
        return
    counts = Counter(found.values())
    for segment in known:
        print(f"{counts[segment.name]:>8}  {segment.name}: {segment.because}")
    print(f"{counts[None]:>8}  of none")
    print(f"{len(found)} debts are open on {day}.")
