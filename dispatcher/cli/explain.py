"""`dispatcher explain`: the answer to "why did this person hear from us, or not?"."""

from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, print_json

if TYPE_CHECKING:
    from dispatcher.gate.decision import Reason
    from dispatcher.planning.explanation import ChannelAnswer, DebtAnswer, Explanation, StepAnswer
    from dispatcher.planning.storage.explained import Beside


MOST_TO_COME = 3  # debts of later days that are told one by one; a replayed book holds years of them
_ANSWERS = {
    "allow": "may go",
    "defer": "must wait",
    "hold": "a person must decide",
    "block": "no",
    "unreachable": "not possible",
}


def explain(
    debtor: Annotated[str, typer.Argument(help="creditor/reference, or a reference that one creditor uses.")],
    as_of: AsOf = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Why, or why not, each debt, step and channel of a debtor; nothing is changed.

    Example: dispatcher explain acme/00042 --as-of 2026-11-16
    """
    from dispatcher.calls.explain_calls import explain_with_calls

    with opened(now) as dispatcher:
        moment = dispatcher.now()
        answer = explain_with_calls(
            dispatcher.database, dispatcher.policy, debtor, as_of=as_of or moment.date(), now=moment
        )
    if as_json:
        from dispatcher.values.plain_values import plain

        print_json(plain(answer))
    else:
        _print(answer)


def _print(answer: "Explanation") -> None:
    from dispatcher.planning.explain_words import local

    zone = answer.zones[0] if answer.zones else ""
    print(f"{answer.name or 'A person without a name'} ({answer.debtor})")
    print(f"As of {answer.as_of}, on {local(answer.now, zone)}.")
    if not answer.zones:
        print("No time zone is known, so nothing electronic is sent.")
    elif len(answer.zones) > 1:
        print(f"May be in any of {', '.join(answer.zones)}: every one of them must allow a contact.")
    packs = ", ".join(answer.packs)
    print(
        f"Rules: {packs}."
        if packs
        else "The creditor has no entry in config/senders.yaml: nobody may write unnamed."
    )
    to_come = [debt.issued_on for debt in answer.debts if debt.issued_on and debt.issued_on > answer.as_of]
    several = len(to_come) > MOST_TO_COME
    for debt in answer.debts:
        if not (several and debt.issued_on and debt.issued_on > answer.as_of):
            _print_debt(debt, zone)
    if several:
        print(
            f"\n{len(to_come)} more debts are not issued yet, the first on {min(to_come)}; --json lists them."
        )
    if answer.besides:
        print("\nBesides reminders:")
    for each in answer.besides:
        _print_beside(each, zone)
    if not answer.debts:
        print("\nThis person owes nothing that we know of.")


def _print_beside(each: "Beside", zone: str) -> None:
    from dispatcher.planning.explain_words import local

    until = f" until {local(each.not_before, zone)}" if each.not_before and not each.sent_at else ""
    why = f": {'; '.join(each.reasons)}" if each.reasons else ""
    what = f"{each.step} by {each.channel} of {each.as_of}{until}{why}"
    print(f"    {each.state:>9}  {what} [message {each.message_id}]")


def _print_debt(debt: "DebtAnswer", zone: str) -> None:
    relation = "" if debt.relation == "debtor" else f", as {debt.relation.replace('_', ' ')}"
    age = "" if debt.balance.startswith("-") else f", {_age(debt.days_past_due)}"
    print(f"\n{debt.reference}{relation}: {debt.balance}, due {debt.due_date}{age}")
    print(f"  {debt.sentence}")
    if debt.segment:
        print(f"  Segment {debt.segment}: {debt.segment_because}.")
    for step in debt.steps:
        _print_step(step, zone)


def _age(days: int) -> str:
    if abs(days) == 1:
        return "one day past due" if days > 0 else "due tomorrow"
    return f"{days} days past due" if days > 0 else f"due in {-days} days" if days else "due today"


def _print_step(step: "StepAnswer", zone: str) -> None:
    message = f" [message {step.message_id}]" if step.message_id else ""
    print(f"    {step.status:>9}  {step.sentence}{message}")
    for reason in step.reasons:
        print(f"               {_source(reason)}")
    for channel in step.channels:
        _print_channel(channel, zone)


def _print_channel(answer: "ChannelAnswer", zone: str) -> None:
    from dispatcher.planning.explain_words import CHANNELS, local

    to = f"{CHANNELS[answer.channel]} to {answer.address}" if answer.address else CHANNELS[answer.channel]
    until = f" until {local(answer.not_before, next(iter(answer.zones), zone))}" if answer.not_before else ""
    print(f"               {to}: {_ANSWERS[answer.decision]}{until}")
    for reason in answer.reasons:
        print(f"                 {reason.detail}: {_source(reason)}")


def _source(reason: "Reason") -> str:
    return f"{reason.pack}/{reason.rule} ({reason.reference})"
