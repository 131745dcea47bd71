"""Finalize, void and release documents by the hundred; each stands for itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.apart import Apart, each_apart
from invx.contexts.invoicing.app.bulk_invoices import Outcome, issue_each
from invx.contexts.invoicing.app.finalize_document import (
    FinalizeDocument,
    Finalized,
    ready_to_finalize,
)
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.release_document import ReleaseDocument, release_document
from invx.contexts.invoicing.app.void_document import VoidDocument, void_document
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class FinalizeDocuments(Command):
    """Drafts; they get their numbers in this order."""

    document_ids: Sequence[UUID]
    issue_date: date | None = None


@dataclass(frozen=True, slots=True)
class VoidDocuments(Command):
    document_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class ReleaseDocuments(Command):
    document_ids: Sequence[UUID]
    how: str


async def finalize_documents(
    command: FinalizeDocuments, uow: InvoicingUnitOfWork
) -> Sequence[Outcome]:
    """What became of each draft, in order."""
    uow.behind_others()

    async def attempt(apart: Apart) -> Sequence[Outcome]:
        await uow.documents.find_all(command.document_ids)
        ready = await apart.each(
            enumerate(command.document_ids),
            lambda id: ready_to_finalize(
                FinalizeDocument(document_id=id, issue_date=command.issue_date), uow
            ),
            undo=uow.documents.drop,
        )
        done = await issue_each(ready, apart, uow)
        return apart.outcomes(len(command.document_ids), done)

    return await each_apart(attempt, uow)


async def void_documents(command: VoidDocuments, uow: InvoicingUnitOfWork) -> Sequence[Outcome]:
    """What became of each document, in order."""

    async def void(id: UUID) -> Finalized:
        return await void_document(VoidDocument(document_id=id), uow)

    return await _corrected(command.document_ids, void, uow)


async def release_documents(
    command: ReleaseDocuments, uow: InvoicingUnitOfWork
) -> Sequence[Outcome]:
    """What became of each document, in order."""

    async def release(id: UUID) -> Finalized:
        return await release_document(ReleaseDocument(document_id=id, how=command.how), uow)

    return await _corrected(command.document_ids, release, uow)


async def _corrected(
    ids: Sequence[UUID], correct: Callable[[UUID], Awaitable[Finalized]], uow: InvoicingUnitOfWork
) -> Sequence[Outcome]:
    uow.behind_others()

    async def attempt(apart: Apart) -> Sequence[Outcome]:
        await uow.documents.find_all(ids)
        await uow.settlements.find_all(settlement_id(id) for id in ids)
        # The document is the first to change: as long as it has not, nothing else has.
        done = await apart.each(enumerate(ids), correct, undo=uow.documents.is_untouched)
        return apart.outcomes(len(ids), done)

    return await each_apart(attempt, uow)
