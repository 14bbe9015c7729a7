"""What the program decides by, to read: strategies, senders, settings and schedules."""

from typing import Any

from pydantic import BaseModel, SecretStr
from starlette.responses import Response

from channels.kind import ChannelKind
from dispatcher.runs.domain.schedule import next_fire
from dispatcher.runs.storage import day_counts
from dispatcher.web.site.page import page, site_of
from dispatcher.web.site.schedule_words import cron
from dispatcher.web.site.visit import Page, Visit


def list_strategies(visit: Visit) -> Response:
    """The ladders in force; the first that matches a debt takes it."""
    return page(visit, "strategies", strategies=visit.program.policy.strategies)


def list_senders(visit: Visit) -> Response:
    """Who writes, as debtors see them."""
    return page(visit, "senders", senders=visit.program.policy.senders.values())


def show_settings(visit: Visit) -> Response:
    """The settings in force without their secrets, the channels and the schedules."""
    house, schedules = visit.program, site_of(visit.request).schedules
    with house.database.reading() as connection:
        fires = day_counts.last_fires(connection, [one.name for one in schedules])
    return page(
        visit,
        "settings",
        settings=_flat(house.settings),
        channels=[(kind.value, house.settings.is_rehearsal(kind)) for kind in ChannelKind],
        schedules=[(one, cron(one.cron), next_fire(one, after=house.real_now())) for one in schedules],
        fires=fires,
    )


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """(setting, value) with dots between the parts; a secret says only whether it is set."""
    if isinstance(value, BaseModel):
        return [
            row
            for part in type(value).model_fields
            for row in _flat(getattr(value, part), f"{name}.{part}" if name else part)
        ]
    if isinstance(value, SecretStr):
        return [(name, "set" if value.get_secret_value() else "not set")]
    text = str(value) if value not in (None, "", ()) else "not set"
    return [(name, _without_password(text))]


def _without_password(text: str) -> str:
    """An address without the password in it."""
    from urllib.parse import urlsplit

    if "://" not in text or "@" not in text:
        return text
    parts = urlsplit(text)
    return text.replace(f":{parts.password}@", ":***@") if parts.password else text


PAGES = (
    Page("GET", "/strategies", list_strategies),
    Page("GET", "/senders", list_senders),
    Page("GET", "/settings", show_settings),
)
