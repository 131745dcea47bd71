"""Agree with the buyer that what is open is paid by a plan, or say that the plan has failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.mark_overdue import watch_dues
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.payment_plan import agree_plan, end_plan
from invx.contexts.invoicing.domain.schedule import due_part, with_rest
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreePaymentPlan(Command):
    """Parts by due date; the last one may leave its amount out and takes the rest."""

    document_id: UUID
    parts: Sequence[tuple[date, Decimal | None]]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPaymentPlan(Command):
    document_id: UUID
    reason: str | None = None


async def agree_payment_plan(command: AgreePaymentPlan, uow: InvoicingUnitOfWork) -> Settlement:
    """The settlement by its new plan. Raises SettlementNotFound, PaymentPlanInvalid."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    zone, today = entity.details.time_zone, entity.today(uow.ctx.now)
    amounts = with_rest([amount for _, amount in command.parts], settlement.open)
    days = [day for day, _ in command.parts]
    parts = [due_part(*each, zone) for each in zip(days, amounts, strict=True)]
    agree_plan(settlement, parts, today=today, reason=command.reason)
    watch_dues(settlement, uow)
    return settlement


async def end_payment_plan(command: EndPaymentPlan, uow: InvoicingUnitOfWork) -> Settlement:
    """The settlement by the document's own terms. Raises SettlementNotFound, NoPaymentPlan."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    end_plan(settlement, command.reason)
    watch_dues(settlement, uow)
    return settlement
