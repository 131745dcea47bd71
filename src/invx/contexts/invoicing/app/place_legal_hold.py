"""Place a legal hold: nothing of what it is on is erased or purged while it stands."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.subjects import customer_subject
from invx.contexts.invoicing.domain.keeping.legal_hold import (
    STANDING_MAX,
    LegalHold,
    TooManyLegalHolds,
)
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope, LegalHoldPlaced
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLegalHold(Command):
    """Exactly one of the three is given."""

    document_id: UUID | None = None
    customer: str | None = None
    legal_entity_id: UUID | None = None
    reason: str


async def place_legal_hold(command: PlaceLegalHold, uow: InvoicingUnitOfWork) -> LegalHold:
    """The hold. It binds erasures that begin after this commit; those under way come first.

    Raises DocumentNotFound, DocumentPurged, LegalEntityNotFound, TooManyLegalHolds.
    """
    if await uow.legal_holds.count_standing() >= STANDING_MAX:
        raise TooManyLegalHolds
    scope, target_id, subject_id = await _target(command, uow)
    hold = LegalHold.place(
        uow.ids.new(),
        LegalHoldPlaced(
            scope=scope,
            target_id=target_id,
            subject_id=subject_id,
            customer=command.customer,
            reason=command.reason,
            by=uow.ctx.caller.actor,
            placed_at=uow.ctx.now,
        ),
    )
    uow.legal_holds.add(hold)
    return hold


async def _target(
    command: PlaceLegalHold, uow: InvoicingUnitOfWork
) -> tuple[HoldScope, UUID, UUID]:
    """The scope, what is held, and of whom the reason may speak."""
    if command.document_id is not None:
        imported = await uow.imported.find(command.document_id)
        if imported is not None:
            imported.ensure_not_purged()
        document = imported or await uow.documents.get(command.document_id)
        return HoldScope.DOCUMENT, document.id, document.subject_id
    if command.customer is not None:
        subject_id = customer_subject(uow.ctx.tenant_id, command.customer)
        return HoldScope.CUSTOMER, subject_id, subject_id
    wanted = command.legal_entity_id
    entity = await (uow.legal_entities.get(wanted) if wanted else uow.legal_entities.only())
    return HoldScope.LEGAL_ENTITY, entity.id, entity.id
