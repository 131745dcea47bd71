"""What an erasure did. It names nobody: subjects are pseudonyms."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that stays, the last day until which it must, and the law where it is known."""

    document_id: UUID
    number: str | None
    until: date
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCarriedOut(Event):
    """What of these subjects was erased now, and all that is kept still.

    `document_id` is the only document that was meant; all of the subjects' when None.
    """

    erasure_id: UUID
    subject_ids: tuple[UUID, ...]
    document_id: UUID | None = None
    erased: tuple[UUID, ...]
    kept: tuple[Kept, ...]
