"""Asks Lob's account: every letter of the last weeks, with what the post scanned on its way."""

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from channels.account import Gap, Passed, Question, Strange, Told, Wish
from channels.asking import JsonApi, NotToldError, Patience, Rest
from channels.event import DeliveryEvent
from channels.http import Transport
from channels.kind import ChannelKind
from channels.letter.lob import API, VERSION
from channels.letter.lob_events import event_of
from channels.letter.lob_settings import LOB
from channels.settings import ChannelSettings

PAGE = 100  # the most that a list gives at once
MOST_PAGES = 10_000
Letter = Mapping[str, object]


class LobAccount:
    """The account behind one API key. It keeps no list of addresses and takes no wishes."""

    kind = ChannelKind.LETTER
    provider = LOB.name
    reach = timedelta(days=45)  # returned mail takes weeks

    def __init__(self, settings: ChannelSettings, *, rest: Rest = time.sleep) -> None:
        self._transport = Transport(
            settings.base_url or API,
            connect_timeout=settings.connect_timeout,
            timeout=settings.timeout,
            concurrency=1,
        )
        self._root = "" if urlsplit(settings.base_url).path.strip("/") else VERSION
        login = base64.b64encode(f"{settings.api_key}:".encode()).decode()
        self._api = JsonApi(self._transport, {"Authorization": f"Basic {login}"}, Patience("Lob", rest))

    def lists(self) -> Told:
        """Nothing: Lob keeps none."""
        return Told()

    def history(self, question: Question) -> Told:
        """What the post has said of each letter."""
        told = Told()
        try:
            for letter in self._letters(question.since):
                _read(letter, question, told)
        except NotToldError as error:
            told.gaps.append(Gap("the list of letters", str(error)))
        return told

    def _letters(self, since: datetime) -> Iterator[Letter]:
        query = {
            "limit": str(PAGE),
            "date_created[gte]": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for _ in range(MOST_PAGES):
            said = self._api.ask("GET", f"{self._root}/letters?{urlencode(query)}")
            if not isinstance(said, dict) or not isinstance(said.get("data"), list):
                raise NotToldError("its answer is no list of letters", 200)
            yield from (letter for letter in said["data"] if isinstance(letter, dict))
            after = parse_qs(urlsplit(str(said.get("next_url") or "")).query).get("after")
            if not after:
                return
            query["after"] = after[0]

    def pass_on(self, wishes: Sequence[Wish]) -> Passed:
        """Nothing is told: a letter goes where we send it."""
        return Passed()

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()


def _read(letter: Letter, question: Question, told: Told) -> None:
    key = str(letter.get("id") or "")
    ours = _message_id(letter)
    if key in question.open or (ours and key not in question.ended):
        told.events += list(_events(letter))
    if key not in question.open and key not in question.ended and not ours:
        told.strange.append(Strange(key, ""))


def _message_id(letter: Letter) -> str:
    metadata = letter.get("metadata")
    return str(metadata.get("message_id") or "") if isinstance(metadata, dict) else ""


def _events(letter: Letter) -> Iterator[DeliveryEvent]:
    """The scans in the words of the webhook, so that both mean the same."""
    scans = letter.get("tracking_events")
    for scan in scans if isinstance(scans, list) else ():
        if isinstance(scan, dict) and scan.get("id"):
            name = str(scan.get("name") or "").casefold().replace(" ", "_")
            certified = "certified." if scan.get("type") == "certified" else ""
            yield event_of(
                {
                    "id": scan["id"],
                    "event_type": {"id": f"letter.{certified}{name}"},
                    "date_created": scan.get("time") or scan.get("date_created"),
                    "reference_id": letter["id"],
                    "body": {"id": letter["id"], "metadata": letter.get("metadata")},
                    "log": "letters",
                },
                datetime.fromtimestamp(0, UTC),
            )
