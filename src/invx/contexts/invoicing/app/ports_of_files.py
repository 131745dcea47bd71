"""The ports to files: what makes them, what keeps them, and what was first issued."""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.app.asked import Archived, AttachedFile
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.ports import Fact
from invx.kernel.storage import Stored


class Storing(Protocol):
    """The storage, outside of transactions: what it does are facts."""

    def kept(self, fact: Fact) -> Fact:
        """The fact that the bytes which `fact` answers are safe in the storage, as Stored.

        They are put before the transaction that names them: a row never names what is not there.
        """
        ...

    def given(self, content: bytes, sha256: str) -> Fact:
        """The fact that these bytes, whose hash this is, are safe in the storage, as Stored."""
        ...

    def content(self, archived: Archived) -> Fact:
        """The fact whose answer is the bytes. Raises FileMissing, FileDamaged."""
        ...

    async def unnamed(self, files: Sequence[Stored]) -> Sequence[Stored]:
        """Those of these files that no row names any more."""
        ...

    def forgotten(self, files: Sequence[Stored], attempt: int) -> Fact:
        """The fact that these are deleted; the answer is those that somebody put a moment ago."""
        ...


class Archive(Protocol):
    """What was first issued, kept byte for byte (D1)."""

    async def find(self, document_id: UUID, kind: str) -> Archived | None:
        """What is archived, or None; the bytes are a fact (`Storing.content`)."""
        ...

    async def holds(self, document_id: UUID, kind: str) -> bool:
        """Whether something is archived already."""
        ...

    async def held(self, document_ids: Iterable[UUID], kind: str) -> set[UUID]:
        """The documents of which something is archived already."""
        ...

    def keep(self, document_id: UUID, kind: str, *, media_type: str, stored: Stored) -> None:
        """Archive with this transaction."""
        ...


class Attached(Protocol):
    """Uploaded files in their tables, and the documents that name them."""

    async def find(self, file_ids: Sequence[UUID]) -> dict[UUID, AttachedFile]:
        """Those that exist; they stay until this transaction ends."""
        ...

    async def total(self) -> tuple[int, int]:
        """How many there are, and of how many bytes; nobody adds one until this one ends."""
        ...

    async def in_use(self, file_ids: Sequence[UUID]) -> set[UUID]:
        """Those that a document names."""
        ...

    async def release(self, document_id: UUID, *, but: Sequence[UUID] = ()) -> None:
        """A document names no other files any more."""
        ...

    def keep(self, file_id: UUID, stored: Stored) -> None:
        """Where the bytes of a new file lie."""
        ...

    async def drop(self, file_ids: Sequence[UUID]) -> Sequence[Stored]:
        """Name the bytes of these files no more; the answer is where they lay."""
        ...


class Rendering(Protocol):
    """Documents as files. Making one is slow, so it is a fact: obtained outside the transaction."""

    def pdf(self, document: Document) -> Fact:
        """The fact whose answer is the PDF of a finalized document, as bytes."""
        ...

    def hybrid(self, document: Document, xml: bytes, profile: str) -> Fact:
        """The same with its e-invoice inside (Factur-X); `xml` is a CII file of that profile."""
        ...
