"""Keep the file of an export as it was first made: from then on it is these bytes."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import AccountingFileKept
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ArchiveAccountingFile(Command):
    export_id: UUID


async def archive_accounting_file(command: ArchiveAccountingFile, uow: InvoicingUnitOfWork) -> None:
    """Make and archive the file once; a second call changes nothing.

    A file that was lost is made again of the same bookings and must come out the same. Raises
    AccountingExportNotFound, NotInDatev.
    """
    export = await uow.accounting_exports.get(command.export_id)
    if await uow.exporting.holds(export.id):
        return
    [made] = await uow.facts.need(uow.exporting.file(export))
    kept = AccountingFileKept(
        name=made.name,
        media_type=made.media_type,
        sha256=hashlib.sha256(made.content).hexdigest(),
        size=len(made.content),
    )
    export.keep_file(kept)
    uow.exporting.keep(export.id, kept.sha256, made.content)
