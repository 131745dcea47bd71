"""Finalize drafts by the hundred; each stands for itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.bulk_invoices import Outcome, issue_each
from invx.contexts.invoicing.app.each_apart import Apart, each_apart
from invx.contexts.invoicing.app.finalize_document import FinalizeDocument, ready_to_finalize
from invx.contexts.invoicing.app.foresee_numbers import foresee_numbers
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.approval.approval import approval_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class FinalizeDocuments(Command):
    """Drafts; they get their numbers in this order."""

    document_ids: Sequence[UUID]
    issue_date: date | None = None


async def finalize_documents(
    command: FinalizeDocuments, uow: InvoicingUnitOfWork
) -> Sequence[Outcome]:
    """What became of each draft, in order."""
    uow.behind_others()
    numbers = await uow.documents.numbers_of(command.document_ids)
    await foresee_numbers(
        [replace(each, on=command.issue_date or each.on) for each in numbers], uow
    )

    async def attempt(apart: Apart) -> Sequence[Outcome]:
        found = await uow.documents.find_all(command.document_ids)
        await uow.approvals.find_all(
            approval_id(each.id) for each in found.values() if each.approval.holds
        )
        ready = await apart.each(
            enumerate(command.document_ids),
            lambda document_id: ready_to_finalize(
                FinalizeDocument(document_id=document_id, issue_date=command.issue_date), uow
            ),
            undo=uow.documents.drop,
        )
        done = await issue_each(ready, apart, uow)
        return apart.outcomes(len(command.document_ids), done)

    return await each_apart(attempt, uow)
