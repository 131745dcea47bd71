"""Open a series of numbers."""

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
