"""Revenue that is earned after it is invoiced: by day over a period, or by milestones."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.recognition import (
    MilestoneReachedIn,
    RecognitionOut,
    RevenueOut,
    RevenueQuery,
)
from invx.contexts.invoicing.app.recognize_revenue import ReachMilestone, reach_milestone
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.domain.recognition.recognition import Recognition
from invx.contexts.invoicing.read.queries import get_legal_entity
from invx.contexts.invoicing.read.recognition import (
    get_recognition,
    revenue_by_month,
    shown_recognition,
)
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import InvalidQuery
from invx.infra.http.permissions import requires
from invx.infra.http.problems import parameter_problem, problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Accounting"])

Reader = Annotated[Caller, requires("accounting:read")]
Writer = Annotated[Caller, requires("accounting:write")]


@router.get(
    "/invoices/{invoice}/recognition",
    operation_id="revenue_get_recognition",
    response_model=RecognitionOut,
    responses=problem_responses(404),
)
async def get(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Read what of a document is deferred, recognised, and planned, line by line."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        return json_response(encode(await get_recognition(conn, ctx, document_id)))


@router.post(
    "/invoices/{invoice}/milestones",
    operation_id="revenue_reach_milestone",
    response_model=RecognitionOut,
    responses=problem_responses(404, 409, 422),
)
async def reach(
    invoice: InvoiceId, body: MilestoneReachedIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Say that a milestone is reached: its part of the line is recognised on that day."""
    command = ReachMilestone(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        line_id=body.line,
        name=body.milestone,
        on=body.on,
    )
    return await answered(edge, reach_milestone, command, caller, show=_shown, once=once)


@router.get(
    "/revenue/recognition",
    operation_id="revenue_sum_recognition",
    response_model=RevenueOut,
    responses=problem_responses(404, 422),
)
async def report(
    query: Annotated[RevenueQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Sum deferred and recognised revenue by month and account.

    `balance` is what is deferred at the end of each month.
    """
    if query.last < query.first:
        problem = parameter_problem("query", "from", "invalid_range", "`from` comes before `to`.")
        raise InvalidQuery(problems=[problem])
    async with edge.runner.reading(caller) as (conn, ctx):
        await get_legal_entity(conn, ctx, query.legal_entity)
        found = await revenue_by_month(conn, ctx, query.legal_entity, query.first, query.last)
    return json_response(encode(found))


def _shown(recognition: Recognition, unit: UnitOfWork) -> Answer:
    del unit
    body = encode(shown_recognition(recognition))
    return Answer(200, body, {"content-type": "application/json"}, recognition.id)
