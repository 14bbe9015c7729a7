"""Sends printed letters through Lob's API; the message's id is the idempotency key."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from urllib3.filepost import encode_multipart_formdata

from channels.http import Answer, NoAnswerError, NotWrittenError, Transport, not_let_in
from channels.kind import ChannelKind
from channels.letter.lob_address import address_parts, fault_in
from channels.letter.lob_outcomes import refusal
from channels.letter.lob_settings import LOB
from channels.message import OutboundMessage, PostalAddress
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from channels.privacy import without
from channels.settings import ChannelSettings

API = "https://api.lob.com"
VERSION = "/v1"
KEY_LIVES = timedelta(hours=23)  # Lob forgets a key after 24 hours
_EXTRA_SERVICES = frozenset({"certified", "certified_return_receipt", "registered"})
# Lob's words for the parts of an address against ours, to tell what its verification corrected.
_PARTS: Final[Mapping[str, str]] = {
    "address_line1": "address_line_1",
    "address_line2": "address_line_2",
    "address_city": "city",
    "address_state": "region",
    "address_zip": "postal_code",
}


class LobChannel:
    """Letters by Lob. A lost answer is asked again under the same key, or looked up by our id."""

    kind = ChannelKind.LETTER
    provider = LOB.name
    repeat_is_safe = True
    can_look_up = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._transport = Transport(
            settings.base_url or API,
            connect_timeout=settings.connect_timeout,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
        )
        # A BASE_URL may name the host alone or, as Lob's own description does, the API's root.
        self._root = "" if urlsplit(settings.base_url).path.strip("/") else VERSION
        login = base64.b64encode(f"{settings.api_key}:".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}", "Accept": "application/json"}

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:
        """Hand over one PDF. Once the key may have died, what Lob already has is looked up first."""
        to, sender = message.postal_address, message.return_address
        if to is None or sender is None:
            return _without_address(message)
        if unfit := _unfit(to, sender):
            return unfit
        if _key_has_died(message, now):
            earlier = self._find(message.message_id, to)
            if not isinstance(earlier, TryLater) or earlier.provider_failed:
                return earlier
        return self._post(message, to, sender, now)

    def _post(
        self, message: OutboundMessage, to: PostalAddress, sender: PostalAddress, now: datetime
    ) -> Outcome:
        body, content_type = encode_multipart_formdata(_fields(message, to, sender))
        headers = {**self._headers, "Content-Type": content_type, "Idempotency-Key": message.message_id}
        try:
            answer = self._ask("POST", "/letters", headers, body)
        except NotWrittenError as error:
            return TryLater(reason=str(error))
        except NoAnswerError as error:
            return Unknown(why=str(error))
        if not 200 <= answer.status < 300:
            return refusal(answer, to.name, *to.lines, self._settings.api_key, now=now)
        return _accepted(answer.said, to)

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Ask Lob; a host that knows no /v1 and is not Lob (a mock of its description) is asked without."""
        answer = self._transport.request(method, self._root + path, headers, body)
        if answer.status == 404 and self._root and self._settings.base_url and "error" not in answer.said:
            self._root = ""
            return self._transport.request(method, path, headers, body)
        return answer

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """The letter that carries our id; TryLater when Lob has none."""
        found = self._find(message_id, None)
        return None if isinstance(found, TryLater) and found.provider_failed else found

    def _find(self, message_id: str, to: PostalAddress | None) -> Outcome:
        """Accepted when Lob has the letter; TryLater, with `provider_failed` when it could not be asked."""
        query = urlencode({"metadata[message_id]": message_id, "limit": 10})
        try:
            answer = self._ask("GET", f"/letters?{query}", self._headers)
        except (NotWrittenError, NoAnswerError) as error:
            return TryLater(reason=f"Lob could not be asked: {error}")
        listed = answer.said.get("data") if answer.status == 200 else None
        if not isinstance(listed, list):
            return TryLater(reason="Lob could not be asked", code=str(answer.status))
        for letter in listed:
            metadata = letter.get("metadata") if isinstance(letter, dict) else None
            if isinstance(metadata, dict) and metadata.get("message_id") == message_id:
                return _accepted(letter, to)
        return TryLater(reason="Lob has no letter with this id", provider_failed=False)

    def check(self) -> str | None:
        """What is missing from the settings, or None."""
        return LOB.fault(self._settings)

    def log_in(self) -> str | None:
        """Asks for the newest letter."""
        try:
            answer = self._ask("GET", "/letters?limit=1", self._headers)
        except (NotWrittenError, NoAnswerError) as error:
            return str(error)
        return not_let_in(answer, "Lob")

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()


def _without_address(message: OutboundMessage) -> Rejected:
    if message.postal_address is None:
        return Rejected(reason="the letter has no postal address", scope=Scope.MESSAGE)
    return Rejected(reason="Lob needs the sender's return address (config/senders.yaml)", scope=Scope.CHANNEL)


def _unfit(to: PostalAddress, sender: PostalAddress) -> Rejected | None:
    """What Lob's form cannot hold is told without asking; it closes no address, which may be good elsewhere."""
    if fault := fault_in(sender):
        words = f"the sender's return address (config/senders.yaml) does not fit Lob's form: {fault}"
        return Rejected(reason=words, scope=Scope.CHANNEL)
    if fault := fault_in(to):
        return Rejected(reason=f"the address does not fit Lob's form: {fault}", scope=Scope.MESSAGE)
    return None


def _key_has_died(message: OutboundMessage, now: datetime) -> bool:
    first = message.first_attempted_at
    return first is not None and now - first > KEY_LIVES


def _fields(
    message: OutboundMessage, to: PostalAddress, sender: PostalAddress
) -> list[tuple[str, str | tuple[str, bytes, str]]]:
    extra = message.postage_class in _EXTRA_SERVICES
    slow = message.postage_class == "usps_standard"
    return [
        *_address("to", to),
        *_address("from", sender),
        ("file", ("letter.pdf", message.body, "application/pdf")),
        ("color", "false"),
        ("double_sided", "false"),
        ("use_type", "operational"),
        ("mail_type", "usps_standard" if slow else "usps_first_class"),
        *([("extra_service", message.postage_class)] if extra else []),
        # Our page has its own address window; Lob's address goes on a leaf of its own and covers nothing.
        ("address_placement", "insert_blank_page"),
        ("metadata[message_id]", message.message_id),
    ]


def _address(field: str, address: PostalAddress) -> list[tuple[str, str]]:
    return [(f"{field}[{name}]", value) for name, value in address_parts(address).items()]


def _accepted(letter: Mapping[str, object], to: PostalAddress | None) -> Outcome:
    if not letter.get("id"):
        return Unknown(why="Lob's acceptance names no letter")
    return Accepted(provider_id=without(str(letter["id"])), note=_verification(letter.get("to"), to))


def _verification(verified: object, to: PostalAddress | None) -> str:
    """What Lob's address verification changed, by part; the values themselves are personal and stay out."""
    if not isinstance(verified, dict) or to is None:
        return ""
    changed = [ours for theirs, ours in _PARTS.items() if _differs(verified.get(theirs), getattr(to, ours))]
    moved = "; the recipient has moved" if verified.get("recipient_moved") else ""
    return f"address verified; corrected: {', '.join(changed) or 'nothing'}{moved}"


def _differs(theirs: object, ours: str) -> bool:
    return " ".join(str(theirs or "").casefold().split()) != " ".join(ours.casefold().split())
