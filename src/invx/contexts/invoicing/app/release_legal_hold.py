"""Release a legal hold; erasures that it stopped go on by themselves."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.erase import JOB
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.keeping.legal_hold import LegalHold
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ReleaseLegalHold(Command):
    hold_id: UUID
    reason: str


async def release_legal_hold(command: ReleaseLegalHold, uow: InvoicingUnitOfWork) -> LegalHold:
    """The hold, released. Raises LegalHoldNotFound, LegalHoldIsReleased.

    Writers are shut out first: an erasure under way has said by then that this hold stopped it, so
    none is left waiting for a release that has been.
    """
    await uow.personal_data.shut_out_writers()
    hold = await uow.legal_holds.get(command.hold_id)
    hold.release(command.reason, by=uow.ctx.caller.actor, now=uow.ctx.now)
    for erasure_id in await uow.legal_holds.stopped_by(hold.id):
        uow.jobs.schedule(JOB, str(erasure_id), due_at=uow.ctx.now)
    return hold
