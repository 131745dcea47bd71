"""What happens to an uploaded file. Its bytes lie in the storage, under their hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAdded(Event):
    """These bytes were uploaded under a name, which may tell of somebody: it can be erased."""

    subjects: ClassVar[dict[str, str]] = {"*": "file_id"}

    file_id: UUID
    name: Personal[str]
    media_type: str
    sha256: str
    size: int
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDeleted(Event):
    """Nothing names it any more; its name and its bytes go with it."""
