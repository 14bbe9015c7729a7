"""Says rules in words: what stands in a reason, beside what its pack says of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from dispatcher.services.desk import Desk


def says(desk: Desk, reasons: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """`pack/rule` -> the rule in words, for those that the loaded packs know."""
    wanted = {(str(reason.get("pack", "")), str(reason.get("rule", ""))) for reason in reasons}
    packs = {pack.name.lower(): pack for pack in desk.rulebook}
    found = {}
    for pack, rule in wanted:
        known = packs.get(pack.lower())
        sentence = next((one.says for one in known.rules if one.id == rule), "") if known else ""
        if sentence:
            found[f"{pack}/{rule}"] = sentence
    return found
