"""Have an entry that was given up sent to its tax engine again."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.tell_engine import JOB
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ResumeEngineEntry(Command):
    entry_id: UUID


async def resume_engine_entry(command: ResumeEngineEntry, uow: InvoicingUnitOfWork) -> EngineEntry:
    """The entry, pending again. Raises EngineEntryNotFound, EngineEntryNotFailed."""
    entry = await uow.engine_entries.get(command.entry_id)
    entry.resume(uow.ctx.now)
    uow.jobs.schedule(JOB, str(entry.id), due_at=uow.ctx.now)
    return entry
