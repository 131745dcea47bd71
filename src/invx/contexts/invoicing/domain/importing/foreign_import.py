"""An import: a file of another system, how it is read, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.importing.errors import ImportNotCommitted, ImportNotOpen
from invx.contexts.invoicing.domain.importing.imported_events import (
    ImportCommitted,
    ImportOpened,
    ImportReversed,
    MappingStated,
)
from invx.contexts.invoicing.domain.importing.mapping import ImportMapping, ensure_fits
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event


class ImportStatus(StrEnum):
    """Where an import is."""

    OPEN = "open"
    COMMITTED = "committed"
    REVERSED = "reversed"


class ForeignImport(Aggregate):
    """Its mapping may change until it is committed, once; then it can only be reversed, once."""

    opened: ImportOpened
    mapping: ImportMapping

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.status = ImportStatus.OPEN
        self.committed: ImportCommitted | None = None
        self.reversed: ImportReversed | None = None

    @classmethod
    def open(cls, id: UUID, opened: ImportOpened) -> Self:
        """A file was uploaded."""
        found = cls(id)
        found.record(opened)
        return found

    @property
    def legal_entity_id(self) -> UUID:
        """Whose documents these are."""
        return self.opened.legal_entity_id

    @property
    def columns(self) -> Sequence[str]:
        """Of the file."""
        return self.opened.columns

    def ensure_open(self) -> None:
        """Raises ImportNotOpen."""
        if self.status is not ImportStatus.OPEN:
            raise ImportNotOpen

    def state_mapping(self, mapping: ImportMapping) -> None:
        """Read the file like this. Raises ImportNotOpen, MappingInvalid."""
        self.ensure_open()
        ensure_fits(mapping, self.columns)
        if mapping != self.mapping:
            self.record(MappingStated(mapping=mapping))

    def note_committed(self, committed: ImportCommitted) -> None:
        """Its documents are being imported. Raises ImportNotOpen."""
        self.ensure_open()
        self.record(committed)

    def ensure_reversible(self) -> UUID:
        """The operation that brought its documents. Raises ImportNotCommitted."""
        if self.status is not ImportStatus.COMMITTED or self.committed is None:
            raise ImportNotCommitted
        return self.committed.operation_id

    def reverse(self, documents: int, reason: str | None, now: datetime, by: str) -> None:
        """All of its documents were taken back. Raises ImportNotCommitted."""
        self.ensure_reversible()
        self.record(
            ImportReversed(
                legal_entity_id=self.legal_entity_id,
                documents=documents,
                reason=reason,
                reversed_at=now,
                by=by,
            )
        )

    def apply(self, event: Event) -> None:
        match event:
            case ImportOpened():
                self.opened, self.mapping = event, event.mapping
            case MappingStated():
                self.mapping = event.mapping
            case ImportCommitted():
                self.status, self.committed = ImportStatus.COMMITTED, event
            case ImportReversed():
                self.status, self.reversed = ImportStatus.REVERSED, event
            case _:
                violated(f"an import does not know {type(event).__name__}")
