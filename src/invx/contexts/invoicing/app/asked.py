"""What handlers of many documents ask their unit of work for."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.domain.content import DocumentType

# A series by its id, or the default one of a legal entity's documents of a type.
SeriesChoice = UUID | tuple[UUID, DocumentType]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What was answered to an item of a batch, under its key; `fingerprint` says to which."""

    fingerprint: str
    body: bytes
