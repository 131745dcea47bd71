"""What is claimed for the late payment of a document."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.kernel.messages import Event


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
