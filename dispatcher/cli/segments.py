"""`dispatcher segments`: which kind of case every open debt is."""

from collections import Counter

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, print_json


def segments(as_of: AsOf = None, now: Now = None, as_json: AsJson = False) -> None:
    """How many open debts are of which segment; --json names the segment of each, null where it has none.

    Example: dispatcher segments --as-of 2026-11-16
    """
    from dispatcher.treatment.explain_score import count_by_band
    from dispatcher.treatment.find_segments import segments_on

    with opened(now) as program, program.database.reading() as connection:
        known = program.policy.segments
        day = as_of or program.now().date()
        found = dict(segments_on(connection, known, day))
        card = program.policy.scorecard
        by_band = count_by_band(connection, card, day) if card and card.in_use else {}
    if as_json:
        print_json(found)
        return
    counts = Counter(found.values())
    for segment in known:
        print(f"{counts[segment.name]:>8}  {segment.name}: {segment.because}")
    print(f"{counts[None]:>8}  of none")
    print(f"{len(found)} debts are open on {day}.")
    if card and by_band:
        print(", ".join(f"{by_band[name]} {name}" for name in by_band) + f" by scorecard {card.label}")
