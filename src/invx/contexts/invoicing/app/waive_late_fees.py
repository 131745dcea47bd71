"""Waive the late fees of a document, or end that; and say how it stands."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.app.charge_soon import ChargingOf, charge_soon, charging_of
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.interest.late_claim_events import (
    LateFeesWaived,
    LateFeesWaiverEnded,
)
from invx.contexts.invoicing.domain.interest.late_claims import (
    InterestOnInterest,
    LateClaims,
    NotWaived,
    is_late_claim,
    late_claims_id,
)
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveLateFees(Command):
    document_id: UUID
    waived: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ShowCharging(Command):
    document_id: UUID


async def waive_late_fees(command: WaiveLateFees, uow: InvoicingUnitOfWork) -> ChargingOf:
    """From now on nothing is claimed by itself, or it is again. What was claimed stands.

    Raises DocumentNotFound, DocumentNotFinalized, InterestOnInterest, AlreadyWaived, NotWaived.
    """
    document = await uow.documents.get(command.document_id)
    document.ensure_finalized()
    if is_late_claim(document.content):
        raise InterestOnInterest
    claims = await uow.late_claims.find(late_claims_id(document.id))
    said: dict[str, Any] = {
        "document_id": document.id,
        "subject_id": document.subject_id,
        "reason": command.reason,
        "by": uow.ctx.caller.actor,
    }
    if command.waived:
        if claims is None:
            claims = LateClaims(late_claims_id(document.id))
            uow.late_claims.add(claims)
        claims.waive(LateFeesWaived(**said))
    else:
        if claims is None:
            raise NotWaived
        claims.end_waiver(LateFeesWaiverEnded(**said))
        await charge_soon(await uow.settlements.get(settlement_id(document.id)), uow)
    return await show_charging(ShowCharging(document.id), uow)


async def show_charging(command: ShowCharging, uow: InvoicingUnitOfWork) -> ChargingOf:
    """How it stands; nothing is written. Raises DocumentNotFound, SettlementNotFound."""
    document = await uow.documents.get(command.document_id)
    settlement = await uow.settlements.get(settlement_id(document.id))
    entity = await uow.legal_entities.get(document.legal_entity_id)
    return await charging_of(document, settlement, entity, uow)
