"""Change the details of a legal entity from now on."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.charge_soon import BEGIN
from invx.contexts.invoicing.app.close_by_schedule import begin_closing
from invx.contexts.invoicing.app.known_channels import ensure_channels
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.legal_entity import LegalEntity, ensure_chart
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendLegalEntity(Command):
    legal_entity_id: UUID
    details: LegalEntityDetails
    expected_version: int | None = None


async def amend_legal_entity(command: AmendLegalEntity, uow: InvoicingUnitOfWork) -> LegalEntity:
    """New details from now on; finalized documents keep the old ones.

    Raises LegalEntityInvalid, ChannelUnknown.
    """
    entity = await uow.legal_entities.get(command.legal_entity_id)
    expect(entity, command.expected_version)
    ensure_channels(command.details, uow)
    ensure_chart(command.details, uow.charts)
    before = entity.details
    entity.amend(command.details)
    if entity.details.period_closing != before.period_closing:
        begin_closing(entity, uow)
    if entity.charging is not None and entity.details.late_fees != before.late_fees:
        uow.jobs.schedule(BEGIN, str(entity.id), due_at=uow.ctx.now)
    return entity
