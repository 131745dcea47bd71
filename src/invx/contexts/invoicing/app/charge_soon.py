"""Whether late payment of a document is claimed by itself, and when the next claim is due."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.work_out_interest import debt_of, standing_claims
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.interest.charging import Charging, ChargingState, next_charge
from invx.contexts.invoicing.domain.interest.late_claims import (
    LateClaims,
    claimed_of,
    is_late_claim,
    late_claims_id,
)
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.status import Status
from invx.rules.calendar.zones import start_of_day

CHARGE = "charge_late_fees"
BEGIN = "begin_charging"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingOf:
    """How it stands with a document. `next_on` is the day of the next claim, which may be over."""

    document_id: UUID
    state: ChargingState
    rule: Charging | None
    claims: LateClaims | None
    first_due: date | None = None
    next_on: date | None = None


async def charging_of(
    document: Document, settlement: Settlement, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> ChargingOf:
    """Whether late payment of this document is claimed by itself, and when next."""
    claims = await uow.late_claims.find(late_claims_id(document.id))
    state, rule = _state(document, settlement, entity, claims), entity.charging
    first_due = min((due for due, _ in debt_of(document, settlement).parts), default=None)
    next_on = None
    if state in (ChargingState.SCHEDULED, ChargingState.WAITING) and rule and first_due:
        _, claimed, _ = claimed_of(await standing_claims(document.id, uow))
        next_on = next_charge(first_due, rule, claimed)
    return ChargingOf(
        document_id=document.id,
        state=state,
        rule=rule,
        claims=claims,
        first_due=first_due,
        next_on=next_on,
    )


def _state(
    document: Document, settlement: Settlement, entity: LegalEntity, claims: LateClaims | None
) -> ChargingState:
    bears = document.content.type is DocumentType.INVOICE and not is_late_claim(document.content)
    if entity.charging is None or not bears:
        return ChargingState.OFF
    standing = settlement.standing
    if document.status is not Status.FINALIZED or standing.voided or not standing.open:
        return ChargingState.SETTLED
    if claims is not None and claims.waiver is not None:
        return ChargingState.WAIVED
    if standing.disputed:
        return ChargingState.DISPUTED
    return ChargingState.SCHEDULED if standing.overdue else ChargingState.WAITING


async def charge_soon(settlement: Settlement, uow: InvoicingUnitOfWork) -> None:
    """Have the next claim made when it is due, where the legal entity claims by itself.

    A second time it is the same day again, so nothing is put off.
    """
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    if entity.charging is None or not settlement.standing.overdue:
        return
    document = await uow.documents.find(settlement.claim.document_id)
    if document is None:  # of another system, which claims for itself
        return
    found = await charging_of(document, settlement, entity, uow)
    if found.state is ChargingState.SCHEDULED and found.next_on is not None:
        charge_on(found.next_on, document.id, entity, uow)


def charge_on(day: date, document_id: UUID, entity: LegalEntity, uow: InvoicingUnitOfWork) -> None:
    """A claim for this document at the start of a day in the zone of its legal entity."""
    moment = start_of_day(day, entity.details.time_zone)
    uow.jobs.schedule(CHARGE, str(document_id), due_at=moment)
