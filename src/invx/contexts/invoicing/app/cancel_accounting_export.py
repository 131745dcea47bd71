"""Give the bookings of an export back, so that another one takes them."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class CancelAccountingExport(Command):
    export_id: UUID
    reason: str | None = None


async def cancel_accounting_export(
    command: CancelAccountingExport, uow: InvoicingUnitOfWork
) -> AccountingExport:
    """Cancelled. What it held and what was made of it stay as a record.

    Raises AccountingExportNotFound, AccountingExportWasHandedOver, AccountingExportWasCancelled.
    """
    export = await uow.accounting_exports.get(command.export_id)
    export.cancel(command.reason, uow.ctx.now, uow.ctx.caller.actor)
    await uow.exporting.release(export.id)
    return export
