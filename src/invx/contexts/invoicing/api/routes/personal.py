"""Erasure of personal data."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.personal import ErasureIn, ErasureOut
from invx.contexts.invoicing.app.erase_customer import EraseCustomer, Erasure, erase_customer
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/erasures", tags=["Personal data"])

Eraser = Annotated[Caller, requires("personal:erase")]


@router.post("", response_model=ErasureOut, responses=problem_responses(422))
async def erase(body: ErasureIn, caller: Eraser, once: Once, edge: Invoicing) -> Response:
    """Erase a customer's personal data. The answer names the documents that the law keeps."""
    command = EraseCustomer(body.customer)
    return await answered(edge, erase_customer, command, caller, show=_show, once=once)


def _show(done: Erasure, unit: UnitOfWork) -> Answer:
    del unit
    body = {
        "object": "erasure",
        "customer": done.customer,
        "erased": [typeid(INVOICE, id) for id in done.erased],
        "kept": [
            {
                "invoice": typeid(INVOICE, each.document_id),
                "number": each.number,
                "until": each.until.isoformat(),
                "reason": "retention of issued documents",
            }
            for each in done.kept
        ],
    }
    return Answer(200, encode(body), {"content-type": "application/json"})
