"""What handlers are given by their unit of work, or ask it for, as plain values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.debtor_numbers import Unnumbered
from invx.contexts.invoicing.domain.content import DocumentType
from invx.kernel.storage import Stored

# A series by its id, or the default one of a legal entity's documents of a type.
SeriesChoice = UUID | tuple[UUID, DocumentType]


@dataclass(frozen=True, slots=True)
class WantedNumber:
    """That a document will draw a number: from a series, or the one for its seller and type.

    `legal_entity_id` is None for the only one; `on` is None for today.
    """

    legal_entity_id: UUID | None
    type: DocumentType
    series_id: UUID | None
    on: date | None


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What was answered to an item of a batch, under its key; `fingerprint` says to which."""

    fingerprint: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Archived:
    """An archived file; `held` is its bytes where they came with its row."""

    media_type: str
    stored: Stored
    held: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """An uploaded file."""

    name: str | None
    media_type: str
    archived: Archived


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bookings of a legal entity up to a day that a destination does not have."""

    legal_entity_id: UUID
    destination: str
    until: date


@dataclass(frozen=True, slots=True)
class Buyers:
    """Those of the wanted bookings who have no debtor number, and the numbers that are in use.

    `last_given` is the highest number of the range that was given out; `stated` are those that
    callers chose.
    """

    waiting: Sequence[Unnumbered]
    stated: Collection[str]
    last_given: int | None


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file as its receiver wants it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReceipt:
    """The engine's own number of what it was told, or why it has not taken it.

    `lasting` says that telling it again is of no use.
    """

    reference: str | None = None
    fault: str | None = None
    lasting: bool = False
