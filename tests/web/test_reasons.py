"""Reasons read alike, whether an entry kept them or the gate found them just now."""

from dispatcher.gate.decision import Outcome, Reason
from dispatcher.web.site.words import each_reason

FOUND_NOW = Reason(
    pack="default",
    rule="opt-outs",
    outcome=Outcome.BLOCK,
    reference="House rule on opt-outs",
    detail="the debtor stopped email",
    status="policy",
    inputs={"medium": "email"},
)
KEPT = {
    "pack": "default",
    "rule": "opt-outs",
    "decision": "block",
    "reference": "House rule on opt-outs",
    "detail": "the debtor stopped email",
    "status": "policy",
    "verified": "unverified",
    "inputs": {"medium": "email"},
}


def test_a_reason_found_now_reads_like_one_that_an_entry_kept():
    assert each_reason([FOUND_NOW]) == each_reason([KEPT])


def test_a_reason_given_twice_is_shown_once():
    assert len(each_reason([FOUND_NOW, KEPT])) == 1
