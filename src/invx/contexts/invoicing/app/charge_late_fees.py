"""Claim late payment by itself, by the rule of the legal entity; a due job of business time."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.invoicing.app.charge_soon import charge_on, charging_of
from invx.contexts.invoicing.app.claim_late_payment import ClaimLatePayment, claim_late_payment
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.interest.charging import ChargingState, next_charge
from invx.contexts.invoicing.domain.interest.late_claims import (
    LateClaims,
    NothingToClaim,
    late_claims_id,
)
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.errors import DomainError
from invx.kernel.messages import Command

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChargeLateFees(Command):
    """`last` when nobody tries again if this fails."""

    document_id: UUID
    last: bool = False


async def charge_late_fees(command: ChargeLateFees, uow: InvoicingUnitOfWork) -> None:
    """Claim all whole days that are over, and come back when the next claim is due.

    Harmless twice: each day is claimed once. It ends when nothing is open, or the document is
    disputed or its fees are waived; whoever changes that begins anew. What refuses a claim is kept
    where people see it, and the claim is tried again on the next day.
    """
    document = await uow.documents.find(command.document_id)
    if document is None or document.purged:
        return
    entity = await uow.legal_entities.get(document.legal_entity_id)
    settlement = await uow.settlements.get(settlement_id(document.id))
    found = await charging_of(document, settlement, entity, uow)
    rule, first_due, next_on = found.rule, found.first_due, found.next_on
    if found.state is not ChargingState.SCHEDULED or not (rule and first_due and next_on):
        return
    today = entity.today(uow.ctx.now)
    if next_on <= today:
        through = today - _DAY
        wanted = ClaimLatePayment(document_id=document.id, at=through, finalize=rule.finalize)
        made = await _claim(wanted, command.last, uow)
        next_on = next_charge(first_due, rule, through) if made else today + _DAY
    uow.behind_others()
    charge_on(next_on, document.id, entity, uow)


async def _claim(wanted: ClaimLatePayment, last: bool, uow: InvoicingUnitOfWork) -> bool:
    """Whether it was made, or there was nothing to claim; else what refused it is kept."""
    try:
        await claim_late_payment(wanted, uow)
    except NothingToClaim:
        uow.start_over()
    except DomainError as refusal:
        if not (refusal.lasting or last):
            raise
        uow.start_over()
        await _note_refusal(wanted.document_id, refusal.code, uow)
        return False
    return True


async def _note_refusal(document_id: UUID, code: str, uow: InvoicingUnitOfWork) -> None:
    claims = await uow.late_claims.find(late_claims_id(document_id))
    if claims is None:
        claims = LateClaims(late_claims_id(document_id))
        uow.late_claims.add(claims)
    claims.refuse(document_id, code)
