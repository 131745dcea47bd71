"""What happens to a legal hold: it is placed, and released one day."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


class HoldScope(StrEnum):
    """What a legal hold is on: one document, all of a customer, or all of a legal entity."""

    DOCUMENT = "document"
    CUSTOMER = "customer"
    LEGAL_ENTITY = "legal_entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldPlaced(Event):
    """Nothing of what `target_id` names is erased or purged from now on.

    The target is the document, the subject behind the customer, or the legal entity. The reason
    may speak of whomever the hold is about: it is that subject's.
    """

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    scope: HoldScope
    target_id: UUID
    subject_id: UUID
    customer: str | None = None  # the caller's own id, by which the ledger is keyed
    reason: Personal[str] = None
    by: str
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldReleased(Event):
    """The hold stands no more; what the law lets go may go again."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    reason: Personal[str] = None
    by: str
    released_at: datetime
