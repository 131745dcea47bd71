"""A file that was uploaded: never changed, deleted only while no document names it."""

from datetime import datetime
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.files.file_events import FileAdded, FileDeleted
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, Invalid, NotFound, violated
from invx.kernel.messages import Event


class FileNotFound(NotFound):
    """There is no such file."""


class FileInUse(Conflict):
    """A document names this file as an attachment: take it out of the draft first."""


class FileTypeRefused(Invalid):
    """The bytes are of no type that an e-invoice may carry (BT-125)."""


class FileTooLarge(Invalid):
    """The file is larger than an upload may be."""


class FileQuotaExceeded(Conflict):
    """The tenant has as many files, or as many bytes of them, as it may have."""

    lasting = False


class File(Aggregate):
    """An uploaded file: its name, what it is, and the hash of its bytes."""

    name: str | None
    media_type: str
    sha256: str
    size: int
    added_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.deleted = False

    @classmethod
    def add(
        cls, id: UUID, *, name: str, media_type: str, sha256: str, size: int, now: datetime
    ) -> Self:
        """A new file."""
        file = cls(id)
        file.record(
            FileAdded(
                file_id=id,
                name=name,
                media_type=media_type,
                sha256=sha256,
                size=size,
                added_at=now,
            )
        )
        return file

    def ensure_exists(self) -> None:
        """Raises FileNotFound for one that was deleted."""
        if self.deleted:
            raise FileNotFound

    def delete(self) -> None:
        """It is gone. Raises FileNotFound."""
        self.ensure_exists()
        self.record(FileDeleted())

    def apply(self, event: Event) -> None:
        match event:
            case FileAdded():
                self.name, self.media_type = event.name, event.media_type
                self.sha256, self.size, self.added_at = event.sha256, event.size, event.added_at
            case FileDeleted():
                self.deleted = True
            case _:
                violated(f"a file knows no {type(event).__name__}")
