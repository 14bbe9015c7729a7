"""Gives what a person cannot release a way on: the plan decides its step anew, by another channel where they say so."""

from collections.abc import Collection, Mapping, Sequence

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.intervene import CannotIntervene, Intervention, messages_in
from dispatcher.delivery.other_channels import other_channels
from dispatcher.gate.decision import Outcome, reported
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.hold_for_guard import PACK
from dispatcher.messages.storage import outbox
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import given_up, ladder


def plan_anew(
    database: Database, policy: Policy, ids: Collection[str], by: Intervention, *, other_channel: bool
) -> list[str]:
    """End held messages and give their steps back; returns the ids.

    The next plan writes from what is then on file: a mended address, another language, a template that was corrected.
    With `other_channel` it leaves this message's channel out for the step. Raises CannotIntervene for a message that
    is not held, may have gone out, follows an agreement, or that no other channel would take; then nothing is changed.
    """
    with database.writing() as connection:
        messages = messages_in(connection, ids, frozenset({State.HELD}), "planned anew")
        _refuse_others(messages, policy)
        _refuse_guarded(connection, messages)
        if other_channel:
            _refuse_unreachable(connection, messages, policy, by)
            given_up.give_up(connection, [m.id for m in messages], by.now.date())
        _end(connection, messages, by)
        ladder.give_back(connection, [m.id for m in messages])
    return [m.id for m in messages]


def ways_on(
    database: Database, policy: Policy, ids: Collection[str], by: Intervention
) -> Mapping[str, list[ChannelKind]]:
    """By held message the other channels that would take it now; none for what is not held."""
    with database.reading() as connection:
        messages = [m for m in outbox.read(connection, list(ids)) if m.state is State.HELD]
        found = other_channels(connection, messages, policy, now=by.now)
        return {message.id: channels for message, channels in found}


def _refuse_others(messages: Sequence[Message], policy: Policy) -> None:
    for message in messages:
        strategy = policy.strategy(message.strategy)
        if strategy is None or strategy.step(message.step) is None:
            raise CannotIntervene(
                f"message {message.id} is no step of a ladder: release it, or cancel it and write by hand"
            )
        if message.is_in_doubt:
            raise CannotIntervene(
                f"message {message.id} may have gone out: say first whether it did (`dispatcher messages resolve`)"
            )


def _refuse_guarded(connection: Connection, messages: Sequence[Message]) -> None:
    """A whole run that waits is let go or ended as such: its messages, planned anew, would look like any others."""
    for key, reasons in outbox.reasons_of(connection, [m.id for m in messages]).items():
        if any(reason.get("pack") == PACK for reason in reasons):
            raise CannotIntervene(f"message {key} waits for a guard of its whole run: release or cancel it")


def _refuse_unreachable(
    connection: Connection, messages: Sequence[Message], policy: Policy, by: Intervention
) -> None:
    for message, channels in other_channels(connection, messages, policy, now=by.now):
        if not channels:
            raise CannotIntervene(
                f"message {message.id}: by no other channel of its step is this person reached, or the rules keep "
                "it back there too; mend the address, release or cancel it"
            )


def _end(connection: Connection, messages: Sequence[Message], by: Intervention) -> None:
    reason = reported(
        "person", "planned-anew", Outcome.BLOCK, by.actor, by.why or "its step is planned anew"
    ).as_json()
    outbox.change(
        connection,
        [
            {
                "id": m.id,
                "state": State.CANCELLED,
                "lease_owner": None,
                "lease_until": None,
                "held_owner": "",
                "reasons": [reason],
                "updated_at": by.now,
            }
            for m in messages
        ],
    )
    delivery_log.append(
        connection,
        [
            entry_of(m, Event.CANCELLED, at=by.now, actor=by.actor, decision="block", reasons=(reason,))
            for m in messages
        ],
    )
