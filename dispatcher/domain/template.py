"""A template's versions: what managers write, who approved it, from when it holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class VersionState(StrEnum):
    """A version's life; `published` versions with a later date wait for it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateVersion:
    """One version of one template: its whole folder.

    `files` maps a path inside the template's folder (`template.yaml`, `en/email.md`, `es/sms.txt` …) to text.
    """

    name: str
    version: int
    files: Mapping[str, str] = field(default_factory=dict)
    state: VersionState = VersionState.DRAFT
    author: str = ""
    approver: str = ""
    comment: str = ""
    created_at: datetime | None = None
    published_from: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the files in order of their paths."""
        digest = hashlib.sha256()
        for path, text in sorted(self.files.items()):
            for part in (path.encode(), text.encode()):
                digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()
