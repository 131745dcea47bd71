"""What the handlers of invoicing hold, and the ports to what invoicing does not control."""

from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.kernel.ports import Fact, Repository, UnitOfWork


class SeriesRepository(Repository[Series], Protocol):
    """Series; they are only ever taken locked, so that numbers are drawn one after another."""

    async def default_locked(self, legal_entity_id: UUID, type: DocumentType) -> Series:
        """The series that a type draws from, locked. Raises SeriesNotFound."""
        ...

    def make_default(self, series: Series) -> None:
        """From now on the series' types draw from it."""
        ...


class LegalEntities(Repository[LegalEntity], Protocol):
    """Legal entities."""

    async def only(self) -> LegalEntity:
        """The tenant's legal entity when it has exactly one. Raises LegalEntityRequired."""
        ...


class Archive(Protocol):
    """What was first issued, kept byte for byte (D1)."""

    async def holds(self, document_id: UUID, kind: str) -> bool:
        """Whether something is archived already."""
        ...

    def keep(self, document_id: UUID, kind: str, *, media_type: str, content: bytes) -> None:
        """Archive with this transaction."""
        ...


class Rendering(Protocol):
    """Documents as files. Making one is slow, so it is a fact: obtained outside the transaction."""

    def pdf(self, document: Document) -> Fact:
        """The fact whose answer is the PDF of a finalized document, as bytes."""
        ...


class PersonalData(Protocol):
    """Whose data stands where, and its erasure (D4)."""

    async def streams_of(self, subject_id: UUID) -> list[UUID]:
        """The streams whose events hold values of this subject."""
        ...

    async def erase(self, subject_id: UUID, stream_ids: list[UUID]) -> None:
        """Delete the subject's values in these streams and in everything made from them."""
        ...


class InvoicingUnitOfWork(UnitOfWork, Protocol):
    """The unit of work of invoicing."""

    @property
    def documents(self) -> Repository[Document]: ...
    @property
    def settlements(self) -> Repository[Settlement]: ...
    @property
    def series(self) -> SeriesRepository: ...
    @property
    def legal_entities(self) -> LegalEntities: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def rendering(self) -> Rendering: ...
    @property
    def personal_data(self) -> PersonalData: ...
