"""The kinds of operations on documents, and how a chunk of each is done."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.archive_files import ArchiveFiles, archive_files
from invx.contexts.invoicing.app.begin_purge import PURGE, PURGE_TRIAL
from invx.contexts.invoicing.app.bulk_invoices import Outcome
from invx.contexts.invoicing.app.finalize_documents import FinalizeDocuments, finalize_documents
from invx.contexts.invoicing.app.import_documents import ImportDocuments, import_documents
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.purge_documents import PurgeDocuments, purge_documents
from invx.contexts.invoicing.app.release_documents import ReleaseDocuments, release_documents
from invx.contexts.invoicing.app.reverse_import import WithdrawDocuments, withdraw_documents
from invx.contexts.invoicing.app.void_documents import VoidDocuments, void_documents
from invx.infra.operations import Work
from invx.kernel.errors import DomainError
from invx.kernel.operations import Operation

# A chunk holds its series and its rows while it is written: well below a second.
_DOCUMENTS = 250
_FILES = 8  # documents whose files are made together, and held in memory
_PURGED = 50  # while other writers of the tenant wait
_RELEASED = "marked as sent"

Refusals = Sequence[DomainError | None]


async def _finalize(
    operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork
) -> Refusals:
    day = operation.settings["issue_date"]
    command = FinalizeDocuments(ids, date.fromisoformat(day) if day else None)
    return _refusals(await finalize_documents(command, uow))


async def _void(operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork) -> Refusals:
    del operation
    return _refusals(await void_documents(VoidDocuments(ids), uow))


async def _release(operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork) -> Refusals:
    del operation
    return _refusals(await release_documents(ReleaseDocuments(ids, _RELEASED), uow))


async def _archive(operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork) -> Refusals:
    return await archive_files(ArchiveFiles(ids, operation.settings["files"]), uow)


def _refusals(outcomes: Sequence[Outcome]) -> Refusals:
    return [each if isinstance(each, DomainError) else None for each in outcomes]


async def _import(operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork) -> Refusals:
    return await import_documents(ImportDocuments(UUID(operation.settings["import"]), ids), uow)


async def _take_back(
    operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork
) -> Refusals:
    del operation
    return await withdraw_documents(WithdrawDocuments(ids), uow)


async def _try_purge(
    operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork
) -> Refusals:
    del operation
    return await purge_documents(PurgeDocuments(ids, trial=True), uow)


async def _purge(operation: Operation, ids: Sequence[UUID], uow: InvoicingUnitOfWork) -> Refusals:
    del operation
    return await purge_documents(PurgeDocuments(ids), uow)


WORKS = {
    "finalize": Work(_DOCUMENTS, _finalize),
    "void": Work(_DOCUMENTS, _void),
    "release": Work(_DOCUMENTS, _release),
    "archive": Work(_FILES, _archive),
    "import": Work(_DOCUMENTS, _import),
    PURGE_TRIAL: Work(_DOCUMENTS, _try_purge),
    PURGE: Work(_PURGED, _purge),
    "reverse_import": Work(_DOCUMENTS, _take_back),
}
