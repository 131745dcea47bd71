"""Payment plans: what is open of a document is paid in parts that were agreed later."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.payment_plans import PaymentPlanIn, PlanEndedIn
from invx.contexts.invoicing.api.schemas.settlements import SettlementOut
from invx.contexts.invoicing.api.showing import show_settlement
from invx.contexts.invoicing.app.agree_payment_plan import (
    AgreePaymentPlan,
    EndPaymentPlan,
    agree_payment_plan,
    end_payment_plan,
)
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}/payment-plan", tags=["Settlement"])

Writer = Annotated[Caller, requires("settlements:write")]
_REFUSALS = problem_responses(404, 409, 422)


@router.post("", response_model=SettlementOut, responses=_REFUSALS)
async def agree(
    invoice: InvoiceId,
    body: PaymentPlanIn,
    caller: Writer,
    once: Once,
    edge: Invoicing,
) -> Response:
    """Agree that what is open is paid in parts.

    The document stays as it is. Until the plan ends, `overdue` and reminders go by its dates; what
    is paid covers the part that is due first. A new plan takes the place of the one before.
    """
    command = AgreePaymentPlan(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        parts=[(each.due_date, each.amount) for each in body.instalments],
        reason=body.reason,
    )
    return await answered(
        edge, agree_payment_plan, command, caller, show=show_settlement, once=once
    )


@router.post("/end", response_model=SettlementOut, responses=_REFUSALS)
async def end(
    invoice: InvoiceId,
    body: PlanEndedIn,
    caller: Writer,
    once: Once,
    edge: Invoicing,
) -> Response:
    """End the plan: what is open is due as the document says.

    Such as after a part that was missed.
    """
    command = EndPaymentPlan(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        reason=body.reason,
    )
    return await answered(edge, end_payment_plan, command, caller, show=show_settlement, once=once)
