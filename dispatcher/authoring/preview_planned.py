"""Shows the text of a message that a plan would send: decided anew for this person, rendered as delivery does."""

from collections.abc import Sequence

from dispatcher.agreements.domain.offered_before import past_among
from dispatcher.agreements.storage.sent_offers import settlements_sent
from dispatcher.authoring.imagined_messages import Wanted, message_of
from dispatcher.authoring.preview_template import NothingToShow
from dispatcher.database.engine import Connection, Database
from dispatcher.messages.domain.message import Message
from dispatcher.messages.domain.spoken import How
from dispatcher.people.storage.told import first_sent
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.domain.planner import PlannedMessage
from dispatcher.planning.plan_reminders import preview_plan
from dispatcher.writing.domain.message_inputs import Offered, message_inputs
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.prepare_messages import Preparing, render_for
from dispatcher.writing.render import Rendered, RenderFailure


def preview_planned(
    database: Database, press: Preparing, request: PlanRequest, *, step: str, debts: Sequence[str]
) -> tuple[PlannedMessage, Rendered | RenderFailure]:
    """What `request.debtor_id` would get at a step about any of these debts; raises NothingToShow with the reason.

    `debts` are full references. Follow-ups of arrangements have no text before their run.
    """
    _, decided = preview_plan(database, press.policy, request)
    planned = next(
        (one for one in decided if isinstance(one, PlannedMessage) and _is_it(one, step, debts)), None
    )
    if planned is None:
        raise NothingToShow("nothing of this would go now: something has changed since the plan was made")
    compiled = press.find_template(planned.intent.step.template)
    if compiled is None:
        raise NothingToShow(f"template {planned.intent.step.template!r} has no version in force")
    with database.reading() as connection:
        message, inputs = _made(connection, press, planned, request)
    return planned, render_for(message, inputs, compiled, press, planned.intent.person, request.now)


def _is_it(planned: PlannedMessage, step: str, debts: Sequence[str]) -> bool:
    spoken = {each.debt.full_reference for each in planned.intent.spoken}
    return planned.intent.step.name == step and not spoken.isdisjoint(debts)


def _made(
    connection: Connection, press: Preparing, planned: PlannedMessage, request: PlanRequest
) -> tuple[Message, RenderInputs]:
    """The message as the run would store it, and what its text is made from (`message_files.inputs` says the same)."""
    intent, point, channel = planned.intent, planned.point, planned.channel
    policy, person = press.policy, planned.intent.person
    sender = policy.senders.get(person.creditor)
    if sender is None:
        raise NothingToShow(f"creditor {person.creditor!r} has no sender")
    wanted = Wanted(
        template=intent.step.template,
        kinds=frozenset({intent.step.kind}),
        as_of=request.as_of,
        now=request.now,
        channel=channel,
    )
    message = message_of(intent, channel, point, planned.decision.packs, wanted)
    asks = intent.step.kind == "collection"
    before = settlements_sent(connection, [person.id]).get(person.id, ()) if asks else ()
    inputs = message_inputs(
        message,
        person,
        intent.asked,
        sender,
        hows={each.debt.id: each.how for each in intent.spoken},
        disputed=tuple(each.debt for each in intent.spoken if each.how is How.DISPUTED),
        first_sent=first_sent(connection, {each.debt.id for each in intent.spoken}),
        optout_url=policy.optout_url(person.person, channel.value, point.id if point else 0),
        offered=Offered(terms=policy.offers, past=past_among(before, request.as_of)),
    )
    return message, inputs
