"""What is claimed for the late payment of a document."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePaymentClaimed(Event):
    """The document `claim_id` asks for all interest up to `through` that was not asked for before.

    `once` names what is owed once and is in it: `lump_sum`, `fee`. `interest` may be below zero
    where earlier claims asked for too much.
    """

    document_id: UUID
    claim_id: UUID
    through: date
    interest: Decimal
    once: tuple[tuple[str, Decimal], ...] = ()
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeesWaived(Event):
    """No more is claimed by itself for the late payment of the document."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    document_id: UUID
    subject_id: UUID
    reason: Personal[str] = None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeesWaiverEnded(Event):
    """Claims are made by themselves again, for the days in between, too."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    document_id: UUID
    subject_id: UUID
    reason: Personal[str] = None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeesRefused(Event):
    """A claim that was due could not be made; `code` says why. It is tried again each day."""

    document_id: UUID
    code: str
