"""Let a series of a restored database give numbers again, behind all that left the house (D2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.number_permit import Loss, OutsideCount, losses
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSeries(Command):
    """`outside` is what outside witnesses know, by period; `reason` stands in the gap report."""

    series_id: UUID
    outside: Mapping[str, OutsideCount]
    reason: str
    set_back: bool = False  # the database was set back without showing it, as by a disk snapshot


async def reconcile_series(command: ReconcileSeries, uow: InvoicingUnitOfWork) -> Sequence[Loss]:
    """What is lost. The numbers are left out with the reason; the series is released.

    A series that gives numbers here already is left as it is. Raises NotFound.
    """
    series = await uow.series.get_locked(command.series_id)
    if uow.series.permit(series).here and not command.set_back:
        return []
    entity = await uow.legal_entities.get(series.legal_entity_id)
    found = losses(series, command.outside, entity.today(uow.ctx.now))
    series.hold(command.reason)
    for loss in found:
        what = "document lost" if loss.certain else "perhaps given"
        reason = f"{command.reason}: {what}"
        series.leave_out(loss.period, loss.last, reason=reason, by=uow.ctx.caller.actor)
    series.release(command.reason)
    await uow.series.accept(series)
    return found
