"""Receives what a request sends: a form, the bytes as they came, and a file where the page takes one."""

from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.requests import Request

from dispatcher.web.site.body_limit import LARGEST_WEBHOOK
from dispatcher.web.site.visit import Form

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")  # RFC 8058 asks for both


@dataclass(frozen=True, slots=True)
class Received:
    """The parts of a body; a file lies on the disk, so its bytes are not in `body` too."""

    form: Form = field(default_factory=dict)
    body: bytes = b""
    file: UploadFile | None = None


async def receive(request: Request, *, takes_file: bool) -> Received:
    """Read the body of a POST; of anything else nothing."""
    if request.method != "POST":
        return Received()
    body = b"" if takes_file else await request.body()
    if not request.headers.get("content-type", "").lower().startswith(_FORMS):
        return Received(body=body)
    form = await request.form(max_files=int(takes_file), max_fields=2_000, max_part_size=LARGEST_WEBHOOK)
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = (*fields.get(name, ()), value)
    file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
    return Received(fields, body, file)
