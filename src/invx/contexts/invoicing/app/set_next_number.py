"""Leave numbers out on purpose, as when moving here from another system (N03)."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.series import Series
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNextNumber(Command):
    series_id: UUID
    next: int
    period: str | None = None
    reason: str


async def set_next_number(command: SetNextNumber, uow: InvoicingUnitOfWork) -> Series:
    """Continue at a higher number (N03). Raises NextNumberNotHigher, PeriodInvalid."""
    series = await uow.series.get_locked(command.series_id)
    entity = await uow.legal_entities.get(series.legal_entity_id)
    series.set_next(
        command.next,
        today=entity.today(uow.ctx.now),
        period=command.period,
        reason=command.reason,
        by=uow.ctx.caller.actor,
    )
    return series
