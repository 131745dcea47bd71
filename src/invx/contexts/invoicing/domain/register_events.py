"""What is entered into the register of a legal entity."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from invx.kernel.messages import Event


class EntryKind(StrEnum):
    """What happened to the document."""

    ISSUED = "issued"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredTax:
    """One group of the tax breakdown."""

    regime: str
    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDocument:
    """What the register says of a document; nothing of it is about a person.

    `document_hash` is the hash of the event that issued or voided it, which proves the rest.
    """

    kind: EntryKind
    document_id: UUID
    type: str
    number: str
    series_id: UUID
    issue_date: date
    happened_at: datetime
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    due: Decimal
    taxes: tuple[RegisteredTax, ...]
    document_hash: str
    credits: UUID | None = None
    cancels: UUID | None = None
    replaces: UUID | None = None
    drawn: int | None = None  # the version of the series at which the number was drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntered(Event):
    """The next row of a register, chained to the one before it."""

    legal_entity_id: UUID
    position: int
    document: RegisteredDocument
    previous: str
    fingerprint: str
