"""In what role a debt is collected: one answer for gate, packs and text, and a hold where two sources contradict."""

from collections.abc import Sequence

from dispatcher.gate.decision import Outcome, Reason
from dispatcher.people.domain.person import DebtFile
from dispatcher.values.sender import Sender

ORIGINAL_CREDITOR = "original_creditor"
_ROLES = ("debt_buyer", "law_firm", "third_party", ORIGINAL_CREDITOR)  # the most closely bound first


def role_of(debts: Sequence[DebtFile], sender_role: str) -> str:
    """In what role debts are collected in one message; of several the one that most law binds."""
    return min({debt.sender_role or sender_role for debt in debts} or {sender_role}, key=_ROLES.index)


def against_sender(debts: Sequence[DebtFile], kind: str, sender: Sender) -> tuple[Reason, ...]:
    """Why this sender may not write such a message about these debts; empty: it may."""
    stated = sorted({debt.sender_role for debt in debts if debt.sender_role} - {sender.role})
    if stated:
        detail = (
            f"the ledger's sender_role says {', '.join(stated)}, config/senders.yaml says {sender.role} of "
            f"{sender.key}: correct one of them"
        )
        return (_reason("sender-role", detail, Outcome.HOLD, ledger=", ".join(stated), sender=sender.role),)
    if kind == "courtesy" and sender.role != ORIGINAL_CREDITOR:
        detail = f"a courtesy is the creditor's own service; {sender.key} writes as {sender.role}"
        return (_reason("collectors-courtesy", detail, Outcome.BLOCK, sender=sender.role),)
    return ()


def _reason(rule: str, detail: str, outcome: Outcome, **inputs: str) -> Reason:
    return Reason(
        pack="ledger",
        rule=rule,
        outcome=outcome,
        reference="the portfolio and config/senders.yaml",
        detail=detail,
        status="policy",
        verified="own",
        inputs=inputs,
    )
