"""Take an entry back that turned out not to be so, such as a direct debit that was returned."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.apply_exchange_rates import await_rates
from invx.contexts.invoicing.app.charge_soon import charge_soon
from invx.contexts.invoicing.app.mark_overdue import watch_dues
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.post_entry import day_of
from invx.contexts.invoicing.domain.cash import reverse_rounding
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseEntry(Command):
    document_id: UUID
    entry_id: UUID
    source: str
    on: date | None = None


async def reverse_entry(command: ReverseEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """The settlement without the entry. Raises EntryNotFound, EntryReversed, PeriodClosed."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    day = await day_of(settlement, command.source, command.on, uow)
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    posting = Posting(source=command.source, on=day, closed=entity.closed)
    reversal = settlement.reverse(command.entry_id, posting)
    taken_back = next(e for e in settlement.entries if e.entry_id == reversal.reverses)
    reverse_rounding(settlement, taken_back, posting)
    watch_dues(settlement, uow)
    await charge_soon(settlement, uow)
    await_rates(uow, settlement)
    return settlement
