"""Erasure of personal data."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import ErasureId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.personal import ErasureIn, ErasureOut
from invx.contexts.invoicing.app.erase import Erase
from invx.contexts.invoicing.app.erase import erase as carry_out
from invx.contexts.invoicing.domain.keeping.erasure import ErasureNotFound, ErasureRecord
from invx.contexts.invoicing.read.erasures import ERASURE, erasure_view, get_erasure
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/erasures", tags=["Personal data"])

Eraser = Annotated[Caller, requires("personal:erase")]


@router.post("", response_model=ErasureOut, responses=problem_responses(404, 410, 422))
async def erase(body: ErasureIn, caller: Eraser, once: Once, edge: Invoicing) -> Response:
    """Erase personal data: a customer's everywhere, or a buyer's in one document.

    The answer names the documents that the law keeps; they go by themselves when their time comes.
    """
    command = Erase(customer=body.customer, document_id=body.invoice)
    show = _shown(body.customer)
    return await answered(edge, carry_out, command, caller, show=show, once=once)


@router.get("/{erasure}", response_model=ErasureOut, responses=problem_responses(404))
async def get(erasure: ErasureId, caller: Eraser, edge: Invoicing) -> Response:
    """Read what an erasure has done so far. It does not say whose data it was."""
    erasure_id = id_of(ERASURE, erasure, ErasureNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        return json_response(await get_erasure(conn, ctx, erasure_id))


def _shown(customer: str | None) -> Callable[[ErasureRecord, UnitOfWork], Answer]:
    """How an erasure is answered; whose it was is said as it was asked."""

    def show(record: ErasureRecord, unit: UnitOfWork) -> Answer:
        del unit
        body = {**erasure_view(record), "customer": customer}
        return Answer(200, encode(body), {"content-type": "application/json"})

    return show
