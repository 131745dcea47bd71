"""What imports hold between their upload and the last of their documents."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.domain.importing.item import ImportItem


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """The document that has a number of a source already."""

    document_id: UUID
    digest: str


class Importing(Protocol):
    """Uploaded files, and the documents in them that are not imported yet."""

    def keep_file(self, import_id: UUID, content: bytes) -> None:
        """With this transaction."""
        ...

    async def keep_items(self, import_id: UUID, items: Sequence[tuple[UUID, ImportItem]]) -> None:
        """The documents to be, by their ids; the file is not needed any more and goes."""
        ...

    async def items(self, document_ids: Collection[UUID]) -> dict[UUID, ImportItem]:
        """Those of these that are not imported yet."""
        ...

    async def drop_items(self, document_ids: Collection[UUID]) -> None:
        """They are imported."""
        ...

    async def drop_import(self, import_id: UUID) -> None:
        """Nothing more of it is to be imported."""
        ...

    async def numbers(
        self, legal_entity_id: UUID, source: str, numbers: Iterable[str]
    ) -> dict[str, KnownNumber]:
        """Those of these numbers that a document has which was not taken back."""
        ...

    async def documents_of(self, import_id: UUID) -> list[UUID]:
        """What it brought, in order."""
        ...

    async def is_in_use(self, import_id: UUID) -> bool:
        """Whether anything has moved on one of its documents since."""
        ...

    async def forget(
        self, subject_ids: Collection[UUID], *, but_of: Collection[UUID] = ()
    ) -> Sequence[UUID]:
        """Erase what waits to be imported about these, and files that nobody has looked into.

        What belongs to the legal entities `but_of` stays; answers those where something did.
        """
        ...
