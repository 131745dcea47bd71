"""Register a legal entity: who sells, with a series of numbers for each type of document."""

from dataclasses import dataclass

from invx.contexts.invoicing.app.close_by_schedule import begin_closing
from invx.contexts.invoicing.app.known_channels import ensure_channels
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.legal_entity import LegalEntity, ensure_chart
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import default_series
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLegalEntity(Command):
    details: LegalEntityDetails


async def register_legal_entity(
    command: RegisterLegalEntity, uow: InvoicingUnitOfWork
) -> LegalEntity:
    """A legal entity with a series for each type of document.

    Raises LegalEntityInvalid, ChannelUnknown.
    """
    ensure_channels(command.details, uow)
    ensure_chart(command.details, uow.charts)
    entity = LegalEntity.register(uow.ids.new(), command.details)
    uow.legal_entities.add(entity)
    begin_closing(entity, uow)
    for definition in default_series():
        series = Series.open(uow.ids.new(), legal_entity_id=entity.id, definition=definition)
        uow.series.add(series)
        uow.series.make_default(series)
    return entity
