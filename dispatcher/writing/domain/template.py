"""A template's versions: what managers write, who approved it, from when it holds."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dispatcher.values.canonical import canonical_json


class VersionState(StrEnum):
    """A version's life; `published` versions with a later date wait for it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"


class ReviewRefused(ValueError):  # noqa: N818  it reads as the sentence it is
    """A step of the review that this person, or this version, may not take; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateVersion:
    """One version of one template: its whole folder.

    `files` maps a path inside the template's folder (`template.yaml`, `en/email.md`, `es/sms.txt` …) to text.
    `author` names everyone who edited it, parted by commas: none of them may approve or publish it.
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
    def authors(self) -> tuple[str, ...]:
        """Everyone who edited it."""
        return tuple(name.strip() for name in self.author.split(",") if name.strip())

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the canonical JSON of each file's path and the SHA-256 (hex) of its text."""
        files = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in self.files.items()}
        return hashlib.sha256(canonical_json(files).encode()).hexdigest()


class Versioned(Protocol):
    """What has versions that one person writes and another approves."""

    @property
    def name(self) -> str:
        """Of what it is a version."""

    @property
    def version(self) -> int:
        """Its number."""

    @property
    def state(self) -> VersionState:
        """Where it stands."""

    @property
    def authors(self) -> tuple[str, ...]:
        """Everyone who edited it."""


_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 60


def may_be_named(name: str) -> None:
    """Check the name of a new template or text, which is a file's too; raises ReviewRefused."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ReviewRefused("A name is made of small letters, digits and single hyphens: second-reminder.")


def may_edit(version: Versioned) -> None:
    """Only drafts change; raises ReviewRefused."""
    if version.state is not VersionState.DRAFT:
        raise ReviewRefused(
            f"{version.name} version {version.version} is {version.state}: its text is fixed; save a new version"
        )


def may_submit(version: Versioned) -> None:
    """A draft may be submitted; raises ReviewRefused."""
    if version.state is not VersionState.DRAFT:
        raise ReviewRefused(f"{version.name} version {version.version} is {version.state} already")


def may_approve(version: Versioned, actor: str) -> None:
    """A submitted version may be approved by somebody who did not write it; raises ReviewRefused."""
    if version.state is not VersionState.SUBMITTED:
        raise ReviewRefused(
            f"{version.name} version {version.version} is {version.state}: only a submitted one can be approved"
        )
    _four_eyes(version, actor, "approve")


def may_publish(version: Versioned, actor: str) -> None:
    """An approved version may be published by somebody who did not write it; raises ReviewRefused."""
    if version.state is not VersionState.APPROVED:
        raise ReviewRefused(
            f"{version.name} version {version.version} is {version.state}: only an approved one can be published"
        )
    _four_eyes(version, actor, "publish")


def may_retire(version: Versioned) -> None:
    """A published version may be retired; raises ReviewRefused."""
    if version.state is not VersionState.PUBLISHED:
        raise ReviewRefused(
            f"{version.name} version {version.version} is {version.state}: only a published one can be retired"
        )


def with_author(version: Versioned, actor: str) -> str:
    """The authors after `actor` edited it too."""
    return ", ".join(dict.fromkeys((*version.authors, actor)))


def _four_eyes(version: Versioned, actor: str, verb: str) -> None:
    if actor.strip().casefold() in map(str.casefold, version.authors):
        raise ReviewRefused(
            f"{actor} wrote version {version.version} of {version.name}: another person must {verb} it"
        )
