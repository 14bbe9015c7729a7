"""The kill switch: what is stopped, stop, resume; and how the channels stand."""

from starlette.responses import Response

from channels.kind import ChannelKind
from dispatcher.authoring.storage import template_versions
from dispatcher.delivery.channel_trouble import paused_channels
from dispatcher.delivery.domain.stop import SCOPES, Stop
from dispatcher.delivery.stop_delivery import StopError, resume_delivery, stop_delivery
from dispatcher.delivery.storage import stops
from dispatcher.people.storage import person_lists
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit

_SAY_WHY = "Say why: whoever finds it stopped, or going again, must know."


def show_stops(visit: Visit) -> Response:
    """What is stopped now and what was, and the state of each channel."""
    house = visit.program
    with house.database.reading() as connection:
        in_force = stops.in_force(connection)
        ended = stops.ended(connection, limit=30)
        paused = paused_channels(connection, house.real_now())
        names = {
            "creditor": person_lists.creditor_keys(connection),
            "channel": list(ChannelKind),
            "template": template_versions.names(connection),
            "pack": sorted(pack.name.lower() for pack in house.policy.rulebook),
        }
    channels = [
        {
            "name": kind.value,
            "provider": house.settings.channel(kind).provider,
            "rehearsal": house.settings.is_rehearsal(kind),
            "stop": next(
                (
                    row
                    for row in in_force
                    if row.stop.scope == "all" or row.stop == Stop(scope="channel", name=kind.value)
                ),
                None,
            ),
            "pause": paused.get(kind.value),
        }
        for kind in ChannelKind
    ]
    return page(visit, "stops", in_force=in_force, ended=ended, channels=channels, names=names)


def stop(visit: Visit) -> Response:
    """Stop something at the next claim everywhere."""
    if not visit.text("why"):
        return again(visit, show_stops, _SAY_WHY, at="/stops")
    scope, _, name = visit.text("what").partition(":")
    try:
        wanted = Stop(scope=scope if scope in SCOPES else visit.text("what"), name=name)
        added = stop_delivery(
            visit.program.database, wanted, why=visit.text("why"), by=visit.actor, now=visit.now
        )
    except (StopError, ValueError) as error:
        return again(visit, show_stops, sentence_of(error), at="/stops")
    return go_to(visit, "/stops", f"Stopped: {wanted}." if added else f"{wanted} was stopped already.")


def resume(visit: Visit) -> Response:
    """End a stop."""
    if not visit.text("why"):
        return again(visit, show_stops, _SAY_WHY, at="/stops")
    scope, _, name = visit.text("what").partition(":")
    try:
        wanted = Stop(scope=scope, name=name)
        resume_delivery(visit.program.database, wanted, why=visit.text("why"), by=visit.actor, now=visit.now)
    except (StopError, ValueError) as error:
        return again(visit, show_stops, sentence_of(error), at="/stops")
    return go_to(visit, "/stops", f"Resumed: {wanted}. What is due and still allowed goes out now.")


PAGES = (
    Page("GET", "/stops", show_stops),
    Page("POST", "/stops", stop),
    Page("POST", "/stops/resume", resume),
)
