"""Late payment: what it comes to, and the claim for it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.documents_out import InvoiceOut
from invx.contexts.invoicing.api.schemas.interest import (
    InterestOut,
    InterestQuery,
    LateFeeChargingOut,
    LateFeeClaimIn,
    WaiverIn,
)
from invx.contexts.invoicing.api.showing import show_created
from invx.contexts.invoicing.app.charge_soon import ChargingOf
from invx.contexts.invoicing.app.claim_late_payment import ClaimLatePayment, claim_late_payment
from invx.contexts.invoicing.app.waive_late_fees import (
    ShowCharging,
    WaiveLateFees,
    show_charging,
    waive_late_fees,
)
from invx.contexts.invoicing.app.work_out_interest import WorkOutInterest, work_out_interest
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.domain.interest.rule import LateFeeRule
from invx.contexts.invoicing.read.interest import charging_view, interest_view
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}", tags=["Late payment"])

Reader = Annotated[Caller, requires("settlements:read")]
Claimer = Annotated[Caller, requires("invoices:finalize")]
Waiver = Annotated[Caller, requires("settlements:write")]


@router.get("/interest", response_model=InterestOut, responses=problem_responses(404, 409, 422))
async def read(
    invoice: InvoiceId, query: Annotated[InterestQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Work out the interest on an invoice to a day, segment by segment. Nothing is written."""
    command = WorkOutInterest(document_id=id_of(INVOICE, invoice, DocumentNotFound), at=query.at)
    found = await edge.runner.look(work_out_interest, command, caller)
    return json_response(encode(interest_view(found)))


@router.post(
    "/late-fees",
    status_code=201,
    response_model=InvoiceOut,
    responses=problem_responses(404, 409, 422),
)
async def claim(
    invoice: InvoiceId,
    caller: Claimer,
    once: Once,
    edge: Invoicing,
    body: LateFeeClaimIn | None = None,
) -> Response:
    """Claim interest and fees to a day by an invoice of its own. Each day is claimed once."""
    wanted = body or LateFeeClaimIn.model_validate({})
    rule = wanted.rule
    command = ClaimLatePayment(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        at=wanted.at,
        rule=None if rule is None else msgspec.convert(rule.model_dump(), LateFeeRule),
        finalize=wanted.finalize,
        series_id=wanted.series,
    )
    return await answered(edge, claim_late_payment, command, caller, show=show_created, once=once)


@router.get("/late-fees", response_model=LateFeeChargingOut, responses=problem_responses(404))
async def charging(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Read whether late payment is claimed by itself, when next, or why not."""
    command = ShowCharging(id_of(INVOICE, invoice, DocumentNotFound))
    found = await edge.runner.look(show_charging, command, caller)
    return json_response(encode(charging_view(found)))


@router.post(
    "/late-fees/waiver",
    response_model=LateFeeChargingOut,
    responses=problem_responses(404, 409, 422),
)
async def waive(
    invoice: InvoiceId, body: WaiverIn, caller: Waiver, once: Once, edge: Invoicing
) -> Response:
    """Waive late fees: nothing more is claimed by itself. `waived: false` ends that.

    What was claimed stands; void or cancel it as any invoice. Claims by hand remain possible.
    """
    command = WaiveLateFees(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        waived=body.waived,
        reason=body.reason,
    )
    return await answered(edge, waive_late_fees, command, caller, show=_show, once=once)


def _show(found: ChargingOf, unit: UnitOfWork) -> Answer:
    del unit
    headers = {"content-type": "application/json"}
    return Answer(200, encode(charging_view(found)), headers, found.document_id)
