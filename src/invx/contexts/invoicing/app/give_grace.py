"""Give a draft a grace period, hold it, or end it: afterwards it is finalized by itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.grace import Grace, GraceNotFound, grace_id
from invx.kernel.messages import Command

JOB = "end_grace"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveGrace(Command):
    document_id: UUID
    finalize_at: datetime | None  # None ends it: the draft waits for a person again


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldGrace(Command):
    document_id: UUID
    held: bool


async def give_grace(command: GiveGrace, uow: InvoicingUnitOfWork) -> Grace:
    """Until then the draft may be changed. Raises NotFound, DocumentNotDraft, FinalizeAtPassed."""
    document = await uow.documents.get(command.document_id)
    document.ensure_draft()
    if command.finalize_at is None:
        grace = await _of(command.document_id, uow)
        grace.end()
        return grace
    return await wait_until(command.document_id, command.finalize_at, uow)


async def wait_until(document_id: UUID, moment: datetime, uow: InvoicingUnitOfWork) -> Grace:
    """A draft's grace period, given anew. Raises FinalizeAtPassed."""
    grace = await uow.graces.find(grace_id(document_id))
    if grace is None:
        grace = Grace.of(document_id)
        uow.graces.add(grace)
    grace.give(document_id, moment, uow.ctx.now)
    _schedule(grace, uow)
    return grace


async def hold_grace(command: HoldGrace, uow: InvoicingUnitOfWork) -> Grace:
    """Stop the clock, or let it count again. Raises GraceNotFound, GraceOver, DocumentNotDraft."""
    document = await uow.documents.get(command.document_id)
    document.ensure_draft()
    grace = await _of(command.document_id, uow)
    if command.held:
        grace.hold()
    else:
        grace.resume()
        _schedule(grace, uow)
    return grace


async def _of(document_id: UUID, uow: InvoicingUnitOfWork) -> Grace:
    grace = await uow.graces.find(grace_id(document_id))
    if grace is None:
        raise GraceNotFound
    return grace


def _schedule(grace: Grace, uow: InvoicingUnitOfWork) -> None:
    """A job for the moment; one that is in the past already is done at once."""
    if grace.due is not None:
        due_at = max(grace.due, uow.ctx.now)
        uow.jobs.schedule(JOB, str(grace.document_id), due_at=due_at)
