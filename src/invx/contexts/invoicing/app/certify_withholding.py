"""Enter the buyer's certificate of tax that was kept back and paid for us."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.apply_exchange_rates import await_rates
from invx.contexts.invoicing.app.mark_overdue import watch_dues
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.post_entry import day_of
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.contexts.invoicing.domain.withheld import Certificate
from invx.contexts.invoicing.domain.withholding import certify
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyWithholding(Command):
    """Without a day it is today in the legal entity's zone; `final`: no other one follows."""

    document_id: UUID
    source: str
    amount: Decimal
    on: date | None = None
    final: bool = False
    note: str | None = None


async def certify_withholding(command: CertifyWithholding, uow: InvoicingUnitOfWork) -> Settlement:
    """The settlement with the certificate, and with what was kept back other than expected.

    Raises SettlementNotFound, DateInFuture, EntryInvalid, NothingToWithhold, SettlementClosed.
    """
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    known = settlement.withholding.certificates.get(command.source)
    on = command.on or (known.on if known else None)
    day = await day_of(settlement, command.source, on, uow)
    certificate = Certificate(
        source=command.source, on=day, amount=command.amount, final=command.final
    )
    certify(
        settlement,
        certificate,
        expected=await _expected(command.document_id, uow),
        note=command.note,
        closed=(await uow.legal_entities.get(settlement.claim.legal_entity_id)).closed,
    )
    watch_dues(settlement, uow)
    await_rates(uow, settlement)
    return settlement


async def _expected(document_id: UUID, uow: InvoicingUnitOfWork) -> Decimal:
    """What the document expects to be kept back, less what its credit notes give back of it."""
    document = await uow.documents.get(document_id)
    notes = await uow.documents.find_all(document.credits)
    given_back = [note.totals.withheld for note in notes.values()]
    return document.totals.withheld - sum(given_back, Decimal(0))
