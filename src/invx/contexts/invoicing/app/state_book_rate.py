"""State the rate to the book currency that the bookings of a document wait for."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.exchange.rates_applying import complete_books
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.messages import Command

STATED = "stated"  # the source of a rate that somebody gave for one document


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBookRate(Command):
    document_id: UUID
    rate: Decimal


async def state_book_rate(command: StateBookRate, uow: InvoicingUnitOfWork) -> Settlement:
    """The settlement whose bookings can be booked now. Raises SettlementNotFound, NothingPending.

    The same rate once more changes nothing.
    """
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    journal = settlement.journal
    if journal is None or journal.book.exchange_rate != command.rate:
        books = settlement.books
        if books is not None and books.value.rate is None:  # one rate for value and journal
            stated = ExchangeRate(rate=command.rate, source=STATED, day=books.value.day)
            entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
            complete_books(settlement, stated, {}, entity.closed)
        else:
            settlement.state_book_rate(command.rate)
    return settlement
