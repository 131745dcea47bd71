"""What a context holds beside events and seals that an audit looks at and an archive contains."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FileOfTenant:
    """An archived file, under a name that is unique in its context."""

    name: str
    media_type: str
    sha256: str
    content: bytes


# Given a connection and a tenant: how many things there are, and the first that is wrong.
Examination = Callable[[Any, UUID], Awaitable[tuple[int, str | None]]]
Files = Callable[[Any, UUID], AsyncIterator[FileOfTenant]]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Of one context. `members` holds queries in order (their $1 is the tenant) by name."""

    examinations: Mapping[str, Examination] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    files: Files | None = None
