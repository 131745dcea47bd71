"""Find what is overdue already when a legal entity begins to claim late payment by itself."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.charge_soon import BEGIN, CHARGE
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.messages import Command

DOCUMENTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BeginCharging(Command):
    """`after`: the last document that was found before."""

    legal_entity_id: UUID
    after: UUID | None = None


async def begin_charging(command: BeginCharging, uow: InvoicingUnitOfWork) -> None:
    """A job for each of some overdue documents, and one that goes on behind them.

    Each job finds out by itself when its claim is due, so a second walk changes nothing.
    """
    uow.behind_others()
    wanted, after = command.legal_entity_id, command.after
    found = await uow.late_claims.overdue_of(wanted, after, DOCUMENTS_AT_ONCE)
    for document_id in found:
        uow.jobs.schedule(CHARGE, str(document_id), due_at=uow.ctx.now)
    if len(found) == DOCUMENTS_AT_ONCE:
        rest = {"entity": str(wanted), "after": str(found[-1])}
        uow.jobs.schedule(BEGIN, str(found[-1]), due_at=uow.ctx.now, payload=rest)
