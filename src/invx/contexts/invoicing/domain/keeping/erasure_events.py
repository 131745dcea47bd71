"""What an erasure did. It names nobody: subjects are pseudonyms."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that stays, and why: the law to a last day, a legal hold, or both.

    `until` is None where the law lets go and a hold does not, or the document was never issued.
    """

    document_id: UUID
    number: str | None
    until: date | None
    source: str | None
    hold_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCarriedOut(Event):
    """What of these subjects was erased now, and all that is kept still.

    `document_id` is the only document that was meant; all of the subjects' when None. `holds` are
    the legal holds that stopped anything: when one of them is released it goes on.
    """

    erasure_id: UUID
    subject_ids: tuple[UUID, ...]
    document_id: UUID | None = None
    erased: tuple[UUID, ...]
    kept: tuple[Kept, ...]
    holds: tuple[UUID, ...] = ()
