"""What invoicing tells the others."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFinalizedV1(Contract):
    """A document became legally binding. Amounts in `currency`; a credit note's are positive."""

    wire: ClassVar[str] = "invoicing.document.finalized.v1"

    document_id: UUID
    legal_entity_id: UUID
    type: str  # invoice | credit_note | proforma
    number: str
    issue_date: date
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    due: Decimal
    due_date: date | None
    customer: str | None
    credits: UUID | None  # the document that a credit note corrects
    test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVoidedV1(Contract):
    """A finalized document never took effect.

    It was voided before it left the house, or an authority rejected it and it was issued anew.
    """

    wire: ClassVar[str] = "invoicing.document.voided.v1"

    document_id: UUID
    legal_entity_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementChangedV1(Contract):
    """What is open of a document changed, with the entry that changed it."""

    wire: ClassVar[str] = "invoicing.settlement.changed.v1"

    document_id: UUID
    legal_entity_id: UUID
    customer: str | None
    currency: str
    entry: str  # payment | credit | write_off | withholding | discount | refund | rounding
    amount: Decimal
    on: date
    open: Decimal
    surplus: Decimal
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOverdueV1(Contract):
    """Something is open after its due date; told once for each instalment that was missed."""

    wire: ClassVar[str] = "invoicing.payment.overdue.v1"

    document_id: UUID
    legal_entity_id: UUID
    customer: str | None
    currency: str
    due_date: date | None  # that was missed last
    amount: Decimal  # overdue in all
    open: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChangedV1(Contract):
    """How far a document is on its way to the buyer, and with the authority that clears it."""

    wire: ClassVar[str] = "invoicing.delivery.changed.v1"

    document_id: UUID
    legal_entity_id: UUID
    delivery: str  # none | queued | sent | delivered | failed | viewed
    clearance: str  # not_required | pending | cleared | rejected
    authority_id: str | None  # under which it was cleared
