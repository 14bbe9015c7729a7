"""Speaks to the API through a client that a public generator made of its document; runs in that one's environment."""

import json
import sys

sys.path.insert(0, sys.argv[3])

from erp.api.debts import get_debt, list_debts, push_debts
from erp.api.decisions import ask_decision
from erp.api.events import list_events
from erp.api.payments import add_payment, reverse_payment
from erp.client import AuthenticatedClient
from erp.models.add_payment_body import AddPaymentBody
from erp.models.ask_decision_body import AskDecisionBody
from erp.models.push_debts_body_item import PushDebtsBodyItem
from erp.models.reverse_payment_body import ReversePaymentBody


def main(base: str, key: str, rows: str) -> None:
    with AuthenticatedClient(base_url=base, token=key) as client:
        body = [PushDebtsBodyItem.from_dict(row) for row in json.loads(rows)]
        pushed = push_debts.sync(client=client, body=body)
        paid = add_payment.sync(
            client=client,
            body=AddPaymentBody(amount="20.00", debt="W1", external_id="B-1"),
            idempotency_key="generated",
        )
        back = reverse_payment.sync(paid.id, client=client, body=ReversePaymentBody(source="bounced"))
        debts, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = list_debts.sync(client=client, limit=2, **more)
            debts += [one.reference for one in page.items]
            cursor = page.next_
            if not cursor:
                break
        asked = ask_decision.sync(client=client, body=AskDecisionBody(debtor="A-1"))
        missing = get_debt.sync("acme", "none", client=client)
        events = list_events.sync(client=client, limit=500)
        said = {
            "pushed": [pushed.imported, len(pushed.errors)],
            "paid": [paid.left, paid.external_id],
            "back": back.reversed_,
            "debts": debts,
            "asked": asked.decision,
            "missing": [missing.status, missing.title],
            "events": [event.type_ for event in events.items],
        }
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[4])
