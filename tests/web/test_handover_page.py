"""The page of hand-overs: what to decide with its age, amount and story, and the decision itself."""

import json
from datetime import timedelta

from sqlalchemy import select, update

from dispatcher.database.tables.agreements import handovers
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from tests.web.house import ALL, AS_OF, Web


def near_its_bar(web: Web) -> tuple[str, str]:
    """(debtor, debt) of a debt of the sample that is time-barred in five days; no other is."""
    with web.house.database.writing() as connection:
        connection.execute(update(debts).values(time_barred_on=None))
        key, debt, debtor, creditor = connection.execute(
            select(debts.c.id, debts.c.reference, debtors.c.reference, creditors.c.key)
            .join(debtors, debtors.c.id == debts.c.debtor_id)
            .join(creditors, creditors.c.id == debts.c.creditor_id)
            .where(
                debts.c.balance_minor > 5_000,
                debts.c.disputed_on.is_(None),
                debts.c.settled_on.is_(None),
                debts.c.handover_decided_on.is_(None),
                debts.c.promise_date.is_(None),
            )
            .order_by(debts.c.id)
        ).first()
        connection.execute(
            update(debts).where(debts.c.id == key).values(time_barred_on=AS_OF + timedelta(days=5))
        )
    return f"{creditor}/{debtor}", f"{creditor}/{debt}"


def test_what_is_barred_next_stands_on_today_and_first_on_its_page_and_is_decided_there(web: Web) -> None:
    debtor, debt = near_its_bar(web)
    visitor = web.signed_in(ALL)
    assert debt in visitor.page("/").partition("Hand-over:")[2]
    text = visitor.page("/handover")
    assert (
        text.index(debt) < text.index("Owed") < text.index("days, due since") < text.index("What was tried")
    )
    [first, *_] = json.loads(visitor.page("/handover?format=json"))
    assert (first["debt"], first["time_barred_on"]) == (debt, str(AS_OF + timedelta(days=5)))
    asked = {"debtor": debtor, "debt": debt}
    assert "say why" in visitor.said(visitor.post("/handover", {**asked, "do": "refuse"})).lower()
    said = visitor.said(visitor.post("/handover", {**asked, "do": "decide", "why": "no answer"}))
    assert said.startswith("Decided.")
    assert debt not in visitor.page("/handover")
    assert "not gone out yet" in visitor.page("/handover?tab=decided")
    visitor.post("/handover", {**asked, "do": "withdraw", "why": "they called", "tab": "decided"})
    with web.house.database.reading() as connection:
        rows = connection.execute(select(handovers.c.state, handovers.c.note, handovers.c.ended_on)).all()
    assert ("withdrawn", "they called", AS_OF) in [tuple(row) for row in rows]
    assert debt in visitor.page("/handover")  # the question is asked again


def test_an_auditor_looks_and_decides_nothing(web: Web) -> None:
    debtor, debt = near_its_bar(web)
    visitor = web.signed_in("auditor")
    assert debt in visitor.page("/handover")
    assert 'value="decide"' not in visitor.page("/handover")
    assert visitor.post("/handover", {"debtor": debtor, "debt": debt, "do": "decide"}).status_code == 403
