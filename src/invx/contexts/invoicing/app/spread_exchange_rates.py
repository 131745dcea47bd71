"""Find the documents that wait for exchange rates; each is then worked on by itself."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.apply_exchange_rates import APPLY
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.publish_exchange_rates import SPREAD
from invx.kernel.messages import Command

DOCUMENTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SpreadExchangeRates(Command):
    after: UUID | None = None


async def spread_exchange_rates(command: SpreadExchangeRates, uow: InvoicingUnitOfWork) -> None:
    """A job for each of some waiting documents, and one that goes on behind them.

    A document that cannot be worked on parks its own job; the others go on.
    """
    found = await uow.exchange_rates.waiting(command.after, DOCUMENTS_AT_ONCE)
    for document_id in found:
        uow.jobs.schedule(APPLY, str(document_id), due_at=uow.ctx.now)
    if len(found) == DOCUMENTS_AT_ONCE:
        last = str(found[-1])
        uow.jobs.schedule(SPREAD, last, due_at=uow.ctx.now, payload={"after": last})
