"""`dispatch` names the reason of whatever it does not send."""

from tests.many.conftest import MakeHome

EARLY, NOON = "2026-11-16T09:00:00Z", "2026-11-16T18:00:00Z"


def test_a_message_that_is_cancelled_or_deferred_on_the_way_is_told_with_its_reason(
    make_home: MakeHome,
) -> None:
    home = make_home()
    home.take_in(2)
    assert home.run(now=EARLY).json["deferred"] == 2, "before eight in New York"
    paid = home(
        "record",
        "payment",
        "acme/D1",
        "101.00",
        "--debt",
        "R1",
        "--source",
        "bank",
        "--note",
        "x",
    )
    assert paid.code == 0, paid.err

    early = home("dispatch", "--now", EARLY)
    noon = home("dispatch", "--now", NOON)

    assert "nothing is due now" in early.out
    assert "1 accepted, 1 cancelled" in noon.out
    (line,) = [line for line in noon.out.splitlines() if "cancelled:" in line]
    assert line.strip().startswith("1 × cancelled: ")
    assert "/" in line
    assert "no reason" not in line
