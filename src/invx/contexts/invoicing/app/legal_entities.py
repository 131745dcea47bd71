"""Register and amend legal entities."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
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
    """A legal entity with a series for each type of document. Raises LegalEntityInvalid."""
    entity = LegalEntity.register(uow.ids.new(), command.details)
    uow.legal_entities.add(entity)
    for definition in default_series():
        series = Series.open(uow.ids.new(), legal_entity_id=entity.id, definition=definition)
        uow.series.add(series)
        uow.series.make_default(series)
    return entity


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendLegalEntity(Command):
    legal_entity_id: UUID
    details: LegalEntityDetails
    expected_version: int | None = None


async def amend_legal_entity(command: AmendLegalEntity, uow: InvoicingUnitOfWork) -> LegalEntity:
    """New details from now on; finalized documents keep the old ones. Raises LegalEntityInvalid."""
    entity = await uow.legal_entities.get(command.legal_entity_id)
    expect(entity, command.expected_version)
    entity.amend(command.details)
    return entity
