"""`dispatcher stop`, `resume`, `reconcile`, `queue` and what a person does with one message."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json
from dispatcher.delivery.domain.stop import Stop

if TYPE_CHECKING:  # only a type here; the table's module is loaded by the verbs that open the database
    from dispatcher.delivery.reconcile_accounts import AccountReport
    from dispatcher.delivery.storage.stops import StopRow

Creditor = Annotated[str | None, typer.Option("--creditor", help="Everything of this creditor.")]
ChannelName = Annotated[str | None, typer.Option("--channel", help="Everything on email, sms or letter.")]
TemplateName = Annotated[str | None, typer.Option("--template", help="Everything made from this template.")]
Pack = Annotated[str | None, typer.Option("--pack", help="Everything that this rule pack applies to.")]
All = Annotated[bool, typer.Option("--all", help="Everything.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it stands in the log.")]
Ids = Annotated[list[str], typer.Argument(help="Ids of messages.")]

queue = typer.Typer()
_dead = typer.Typer()
queue.add_typer(_dead, name="dead", help="Batches that a worker could not process.", no_args_is_help=True)


def stop(
    why: Why,
    creditor: Creditor = None,
    channel: ChannelName = None,
    template: TemplateName = None,
    pack: Pack = None,
    everything: All = False,
) -> None:
    """Stop sending, at the next claim everywhere, until resumed. What has begun is finished.

    Example: dispatcher stop --channel sms --why "wrong sender name"
    """
    from dispatcher.cli.waiting import print_waiting
    from dispatcher.delivery.stop_delivery import refuse_unknown, stop_delivery
    from dispatcher.delivery.what_waits import what_waits

    wanted = _stop(creditor, channel, template, pack, everything)
    with opened() as dispatcher:
        refuse_unknown(
            dispatcher.database, wanted, senders=dispatcher.sender_names(), packs=dispatcher.pack_names()
        )
        fresh = stop_delivery(dispatcher.database, wanted, why=why, by=actor(), now=dispatcher.now())
        waiting = what_waits(dispatcher.database, now=dispatcher.now(), real_now=dispatcher.real_now())
    print(f"stopped: {wanted}" if fresh else f"{wanted} was stopped already")
    print_waiting(waiting)


def resume(
    creditor: Creditor = None,
    channel: ChannelName = None,
    template: TemplateName = None,
    pack: Pack = None,
    everything: All = False,
    why: Annotated[str, typer.Option("--why", help="The reason; it stands in the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """End a stop, or with --all every stop. Without options: list what is stopped.

    Example: dispatcher resume --channel sms --why "name corrected"
    """
    from dispatcher.cli.waiting import print_waiting
    from dispatcher.delivery.stop_delivery import resume_all, resume_delivery, stops_in_force
    from dispatcher.delivery.what_waits import what_waits

    with opened() as dispatcher:
        if not (creditor or channel or template or pack or everything):
            _list_stops(stops_in_force(dispatcher.database), as_json)
            return
        wanted = _stop(creditor, channel, template, pack, everything)
        if everything:
            ended = resume_all(dispatcher.database, why=why, by=actor(), now=dispatcher.now())
        else:
            ended = resume_delivery(dispatcher.database, wanted, why=why, by=actor(), now=dispatcher.now())
        waiting = what_waits(dispatcher.database, now=dispatcher.now(), real_now=dispatcher.real_now())
    if as_json:
        print_json({"resumed": _scope(wanted), "ended": [_scope(row.stop) for row in ended]})
        return
    for row in ended:
        print(f"resumed: {row.stop}")
    print("what is due goes with the next `dispatcher dispatch`, or by itself where a scheduler runs")
    print_waiting(waiting)


def _scope(stop: Stop) -> dict[str, str]:
    return {"scope": stop.scope, "name": stop.name}


def _list_stops(rows: "Sequence[StopRow]", as_json: bool) -> None:
    if as_json:
        print_json([_scope(r.stop) | {"at": r.stopped_at, "by": r.stopped_by, "why": r.why} for r in rows])
        return
    if not rows:
        print("nothing is stopped")
    for row in rows:
        print(f"{row.stop}: since {row.stopped_at:%Y-%m-%d %H:%M}Z by {row.stopped_by}: {row.why}")


def reconcile(
    accounts: Annotated[
        bool,
        typer.Option(
            "--accounts", help="Also hold our record against the providers' accounts, as every night."
        ),
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Find out what became of messages with an unknown end; exit 1 when a person must look.

    Example: dispatcher reconcile --accounts
    """
    from dispatcher.worker.upkeep import reconcile as reconcile_all
    from dispatcher.worker.upkeep import reconcile_accounts, still_unknown

    with opened(now) as dispatcher:
        found = reconcile_all(dispatcher, actor=actor())
        reports = reconcile_accounts(dispatcher, actor=actor()) if accounts else []
        left = still_unknown(dispatcher) if accounts else list(found.left)
    report: dict[str, Any] = {
        "accepted": found.accepted,
        "not_sent": found.not_sent,
        "rejected": found.rejected,
        "left": left,
    }
    if accounts:
        report["accounts"] = [_account_json(one) for one in reports]
    if as_json:
        print_json(report)
    else:
        print(
            f"{found.accepted} accepted, {found.not_sent} not sent (queued again), {found.rejected} rejected"
        )
        _print_accounts(reports)
        for key in left:
            print(
                f"unknown: {key}  look at the provider, then `dispatcher messages resolve {key} --sent|--not-sent`"
            )
    if left or any(one.needs_a_person for one in reports):
        raise typer.Exit(1)


def _account_json(report: "AccountReport") -> dict[str, Any]:
    return {
        "provider": report.provider,
        "learned": dict(report.learned),
        "told": report.told,
        "strange": list(report.strange),
        "gaps": [{"what": gap.what, "why": gap.why, "fault": gap.is_fault} for gap in report.gaps],
    }


def _print_accounts(reports: "Sequence[AccountReport]") -> None:
    for report in reports:
        print(report)
        for gap in report.gaps:
            print(f"{report.provider}: {'not learned' if gap.is_fault else 'not offered'}: {gap}")
        for key in report.strange:
            print(f"{report.provider}: not ours: {key}  look at the provider who sent it")


def hold(ids: Ids, why: Why = "") -> None:
    """Keep waiting messages until a person releases them.

    Example: dispatcher messages hold 019394a1-… --why "asked the client"
    """
    from dispatcher.delivery.intervene import Intervention, hold_messages

    with opened() as dispatcher:
        by = Intervention(actor=actor(), now=dispatcher.now(), why=why)
        print(f"{len(hold_messages(dispatcher.database, ids, by))} held")


def release(ids: Ids, why: Why = "") -> None:
    """Let held messages go on; the gate is asked again before they are sent.

    Example: dispatcher messages release 019394a1-…
    """
    from dispatcher.delivery.intervene import Intervention, release_messages

    with opened() as dispatcher:
        by = Intervention(actor=actor(), now=dispatcher.now(), why=why)
        print(f"{len(release_messages(dispatcher.database, ids, by))} released")


def replan(
    ids: Ids,
    why: Why,
    other_channel: Annotated[
        bool, typer.Option("--other-channel", help="Leave out the channel that they are held on.")
    ] = False,
) -> None:
    """End held messages and let the next run decide their steps anew, from what is then on file.

    For an address, a language or a template that was mended, or for another channel.

    Example: dispatcher messages replan 019394a1-… --other-channel --why "her name does not fit an SMS"
    """
    from dispatcher.delivery.intervene import Intervention
    from dispatcher.delivery.plan_anew import plan_anew

    with opened() as dispatcher:
        by = Intervention(actor=actor(), now=dispatcher.now(), why=why)
        done = plan_anew(dispatcher.database, dispatcher.policy, ids, by, other_channel=other_channel)
    print(f"{len(done)} ended; the next `dispatcher run` decides their steps anew")


def cancel(ids: Ids, why: Why = "") -> None:
    """End waiting messages for good; their step is not planned again.

    Example: dispatcher messages cancel 019394a1-… --why "client withdrew the debt"
    """
    from dispatcher.delivery.intervene import Intervention, cancel_messages

    with opened() as dispatcher:
        by = Intervention(actor=actor(), now=dispatcher.now(), why=why)
        print(f"{len(cancel_messages(dispatcher.database, ids, by))} cancelled")


def resolve(
    ids: Annotated[list[str], typer.Argument(help="Ids of messages whose end is unknown.")],
    why: Why,
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="What you found out.", show_default=False)],
    now: Now = None,
) -> None:
    """Say what became of messages whose end is unknown.

    Example: dispatcher messages resolve 019394a1-… --not-sent --why "not in Twilio's log"
    """
    from dispatcher.delivery.resolve_message import resolve_message

    with opened(now) as dispatcher:
        for message_id in ids:
            state = resolve_message(
                dispatcher.database, message_id, sent=sent, why=why, actor=actor(), now=dispatcher.now()
            )
            print(f"{message_id} is {state} now")


def acknowledge(ids: Ids, why: Why) -> None:
    """Take note of failed or expired messages: they are told no longer, and a run does not end with 1 for them.

    Example: dispatcher messages acknowledge 019394a1-… --why "wrote by hand to the new address"
    """
    from dispatcher.delivery.acknowledge_messages import acknowledge_messages
    from dispatcher.delivery.intervene import Intervention

    with opened() as dispatcher:
        by = Intervention(actor=actor(), now=dispatcher.now(), why=why)
        print(f"{len(acknowledge_messages(dispatcher.database, ids, by))} acknowledged")


@_dead.command("list")
def list_dead(as_json: AsJson = False) -> None:
    """Batches that failed on a worker: their messages come back by themselves when their lease ends.

    Example: dispatcher queue dead list
    """
    from dispatcher.worker.dead import dead_batches

    with opened() as dispatcher:
        found = dead_batches(dispatcher.settings.broker_url)
    if as_json:
        print_json([batch.as_json() for batch in found])
        return
    for batch in found:
        print(f"{batch.id}  {batch.queue:<6} {len(batch.ids)} messages  {batch.error}")
    print(f"{len(found)} dead batches")


@_dead.command("revive")
def revive_dead(
    batches: Annotated[
        list[str] | None, typer.Argument(help="Ids of batches; all when none is named.")
    ] = None,
) -> None:
    """Put dead batches back on their queue. What has been delivered meanwhile is not delivered again.

    Example: dispatcher queue dead revive
    """
    from dispatcher.worker.dead import revive

    with opened() as dispatcher:
        print(f"{revive(dispatcher.settings.broker_url, batches or ())} batches revived")


def _stop(
    creditor: str | None, channel: str | None, template: str | None, pack: str | None, everything: bool
) -> Stop:
    named = {"creditor": creditor, "channel": channel, "template": template, "pack": pack}
    chosen = [(scope, name) for scope, name in named.items() if name]
    if len(chosen) + everything != 1:
        raise typer.BadParameter("choose one of --creditor, --channel, --template, --pack, --all")
    return Stop(scope="all") if everything else Stop(scope=chosen[0][0], name=chosen[0][1])
