"""Note that the destination has an export; from then on its bookings cannot be taken back."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class HandOverAccountingExport(Command):
    export_id: UUID


async def hand_over_accounting_export(
    command: HandOverAccountingExport, uow: InvoicingUnitOfWork
) -> AccountingExport:
    """Handed over, by the caller. Raises AccountingExportNotFound, AccountingExportWasCancelled."""
    export = await uow.accounting_exports.get(command.export_id)
    export.hand_over(uow.ctx.now, uow.ctx.caller.actor)
    return export
