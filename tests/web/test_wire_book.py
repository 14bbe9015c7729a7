"""A creditor's own system on the wire for a month, cut off anywhere: its book, kept from events alone, equals ours."""

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.house import Web
from tests.web.test_wire import ROW, account

DEBTS, PAYMENTS = (10_000, 2_000) if os.environ.get("DEEP") else (40, 30)


class CutOffError(Exception):
    """The stub's process is killed here."""


@dataclass
class Stub:
    """What it knows it keeps in a file; everything else is gone when it is cut off."""

    client: TestClient
    file: Path
    chance: random.Random
    risk: float

    def state(self) -> dict[str, Any]:
        return (
            json.loads(self.file.read_text()) if self.file.exists() else {"next": 0, "cursor": "", "book": {}}
        )

    def keep(self, state: dict[str, Any]) -> None:
        draft = self.file.with_suffix(".part")
        draft.write_text(json.dumps(state))
        self._maybe_cut()
        draft.replace(self.file)

    def pay(self, payments: list[tuple[str, str, bool]]) -> None:
        state = self.state()
        while state["next"] < len(payments):
            number = state["next"]
            debt, amount, is_taken_back = payments[number]
            body = {"debt": debt, "amount": amount, "source": f"line {number}", "again": True}
            answer = self._post("/api/v1/payments", body, f"pay-{number}")
            if is_taken_back:
                self._post(
                    f"/api/v1/payments/{answer['id']}/reversals", {"source": "bounced"}, f"back-{number}"
                )
            state["next"] = number + 1
            self.keep(state)

    def read(self) -> None:
        """Every event once: the cursor is kept together with what it led to."""
        while True:
            state = self.state()
            params = {"limit": 7, **({"after": state["cursor"]} if state["cursor"] else {})}
            page = self.client.get("/api/v1/events", params=params).json()
            self._maybe_cut()
            for event in page["items"]:
                self._book(state["book"], event)
                state["cursor"] = event["id"]
            self.keep(state)
            if page["next"] is None:
                return

    def _book(self, book: dict[str, str], event: dict[str, Any]) -> None:
        sign = {"payment_recorded": -1, "payment_reversed": 1}.get(event["type"], 0)
        if sign:
            [debt] = event["debts"]
            change = sign * Decimal(event["details"]["amount"])
            book[debt] = str(Decimal(book.get(debt, "0")) + change)

    def _post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        self._maybe_cut()
        answer = self.client.post(path, json=body, headers={"Idempotency-Key": key})
        assert answer.status_code == 201, answer.text
        self._maybe_cut()
        said: dict[str, Any] = answer.json()
        return said

    def _maybe_cut(self) -> None:
        if self.chance.random() < self.risk:
            raise CutOffError


def _payments(chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    for _ in range(PAYMENTS):
        yield (
            f"B{chance.randrange(DEBTS)}",
            f"{chance.randrange(100, 900)}.{chance.randrange(100):02}",
            chance.random() < 0.2,
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_book_kept_from_events_alone_equals_ours_wherever_its_system_was_cut_off(
    web: Web, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    client = account(web)
    rows = [{**ROW, "debt_reference": f"B{number}", "balance": "9000.00", "debtor": {**ROW["debtor"], "reference": f"B{number}", "email": f"b{number}@d.example"}} for number in range(DEBTS)]  # fmt: skip
    for start in range(0, DEBTS, 1_000):
        pushed = client.post("/api/v1/debts", json=rows[start : start + 1_000]).json()
        assert (pushed["imported"], pushed["errors"]) == (len(rows[start : start + 1_000]), [])
    payments = list(_payments(chance))
    cuts = 0
    while True:
        stub = Stub(client, tmp_path / "stub.json", chance, risk=0.03)
        try:
            stub.read()
            stub.pay(payments)
            stub.read()
            break
        except CutOffError:
            cuts += 1

    book = Stub(client, tmp_path / "stub.json", chance, risk=0).state()["book"]
    ours: dict[str, Decimal] = {}
    cursor = ""
    while True:
        page = client.get(
            "/api/v1/debts", params={"limit": 500, **({"cursor": cursor} if cursor else {})}
        ).json()
        ours |= {f"acme/{one['reference']}": Decimal(one["balance"]) for one in page["items"]}
        cursor = page["next"]
        if not cursor:
            break
    assert {f"acme/B{n}": Decimal(9000) + Decimal(book.get(f"acme/B{n}", "0")) for n in range(DEBTS)} == {
        debt: balance for debt, balance in ours.items() if debt.startswith("acme/B")
    }
    assert cuts > 1
    assert book
