"""Open a series of numbers, and leave numbers out on purpose."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.draft_document import selling_entity
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSeries(Command):
    definition: SeriesDefinition
    legal_entity_id: UUID | None = None
    default: bool = True  # its types draw from it from now on


async def open_series(command: OpenSeries, uow: InvoicingUnitOfWork) -> Series:
    """A new series. Raises SeriesInvalid."""
    entity = await selling_entity(command.legal_entity_id, uow)
    series = Series.open(uow.ids.new(), legal_entity_id=entity.id, definition=command.definition)
    uow.series.add(series)
    if command.default:
        uow.series.make_default(series)
    return series


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
