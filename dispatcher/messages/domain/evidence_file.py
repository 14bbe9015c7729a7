"""A file that shows what was done: a post office's receipt, a signed letter, a picture of one."""

import hashlib
from dataclasses import dataclass

MOST_BYTES = 5 * 1024 * 1024
_BEGINS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_LONGEST_NAME = 100


class EvidenceError(ValueError):
    """The file cannot be kept as evidence; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceFile:
    """What is kept, under the SHA-256 (hex) of its bytes, and the name it came with."""

    name: str
    media_type: str
    body: bytes
    sha256: str

    @classmethod
    def of(cls, data: bytes, name: str) -> "EvidenceFile":
        """Raises EvidenceError for an empty or large file, and for what is neither PDF, picture nor plain text."""
        plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()
        if not data:
            raise EvidenceError(f"{plain or 'the file'} is empty")
        if len(data) > MOST_BYTES:
            raise EvidenceError(f"{plain} has more than {MOST_BYTES // 1_048_576} MB: hand in a smaller scan")
        kind = next((kind for begin, kind in _BEGINS.items() if data.startswith(begin)), "") or _as_text(data)
        if not kind:
            raise EvidenceError(f"{plain} is neither a PDF nor a PNG, a JPEG or plain text (UTF-8)")
        digest = hashlib.sha256(data).hexdigest()
        return cls(name=plain[:_LONGEST_NAME] or "file", media_type=kind, body=data, sha256=digest)


def _as_text(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else "text/plain; charset=utf-8"
