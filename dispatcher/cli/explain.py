"""`dispatcher explain`: the answer to "why did this person hear from us, or not?"."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, print_json
from dispatcher.services.explain_debtor import (
    ChannelAnswer,
    DebtAnswer,
    Explanation,
    StepAnswer,
    explain_debtor,
)


def explain(
    debtor: Annotated[str, typer.Argument(help="creditor/reference, or a reference that one creditor uses.")],
    as_of: AsOf = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Why, or why not, each debt, step and channel of a debtor; nothing is changed.

    Example: dispatcher explain acme/D-0007 --as-of 2026-11-16
    """
    with opened(now) as dispatcher:
        moment = dispatcher.now()
        answer = explain_debtor(dispatcher.database, dispatcher.desk, debtor, as_of=as_of or moment.date(), now=moment)
    if as_json:
        from dispatcher.domain.plain_values import plain

        print_json(plain(answer))
    else:
        _print(answer)


def _print(answer: Explanation) -> None:
    zone = answer.zones[0] if answer.zones else ""
    print(f"{answer.debtor}  {answer.name}")
    print(f"As of {answer.as_of}, at {_local(answer.now, zone)}.")
    print(f"Time zones: {', '.join(answer.zones) or 'none known: nothing electronic is sent'}.")
    print(f"Rule packs: {', '.join(answer.packs) or 'none: the creditor has no sender in config/senders.yaml'}.")
    for debt in answer.debts:
        _print_debt(debt, zone)
    if not answer.debts:
        print("This person owes nothing that we know of.")


def _print_debt(debt: DebtAnswer, zone: str) -> None:
    relation = "" if debt.relation == "debtor" else f" (as {debt.relation.replace('_', ' ')})"
    age = f"{debt.days_past_due} days past due" if debt.days_past_due > 0 else f"due in {-debt.days_past_due} days"
    if debt.days_past_due == 0:
        age = "due today"
    print(f"\n{debt.reference}{relation}: {debt.balance}, due {debt.due_date}, {age}")
    print(f"  => {debt.sentence}")
    for step in debt.steps:
        _print_step(step, zone)


def _print_step(step: StepAnswer, zone: str) -> None:
    print(f"  {step.status:>9}  {step.sentence}")
    for reason in step.reasons:
        print(f"             {reason.pack}/{reason.rule}: {reason.detail} [{reason.reference}]")
    for channel in step.channels:
        _print_channel(channel, zone)


def _print_channel(answer: ChannelAnswer, zone: str) -> None:
    until = f" until {_local(answer.not_before, answer.zones[0] if answer.zones else zone)}" if answer.not_before else ""
    print(f"             {answer.channel} {answer.address}: {answer.decision}{until}")
    for reason in answer.reasons:
        print(f"               {reason.pack}/{reason.rule}: {reason.detail} [{reason.reference}]")


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}" if zone else f"{moment:%Y-%m-%d %H:%M} UTC"
