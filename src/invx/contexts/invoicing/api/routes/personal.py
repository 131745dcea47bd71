"""Erasure of personal data."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.personal import ErasureIn, ErasureOut
from invx.contexts.invoicing.app.erase_customer import EraseCustomer, erase_customer
from invx.contexts.invoicing.app.erase_document import EraseDocument, Erasure, erase_document
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.errors import violated
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/erasures", tags=["Personal data"])

Eraser = Annotated[Caller, requires("personal:erase")]


@router.post("", response_model=ErasureOut, responses=problem_responses(404, 422))
async def erase(body: ErasureIn, caller: Eraser, once: Once, edge: Invoicing) -> Response:
    """Erase personal data: a customer's everywhere, or a buyer's in one document.

    The answer names the documents that the law keeps.
    """
    if body.customer is not None:
        command = EraseCustomer(body.customer)
        show = _shown(customer=body.customer)
        return await answered(edge, erase_customer, command, caller, show=show, once=once)
    document_id = body.invoice or violated("the body names one of the two")
    show = _shown(invoice=typeid(INVOICE, document_id))
    by_document = EraseDocument(document_id)
    return await answered(edge, erase_document, by_document, caller, show=show, once=once)


def _shown(
    *, customer: str | None = None, invoice: str | None = None
) -> Callable[[Erasure, UnitOfWork], Answer]:
    """How an erasure is answered; whose it was is said as it was asked."""

    def show(done: Erasure, unit: UnitOfWork) -> Answer:
        del unit
        body = {
            "object": "erasure",
            "customer": customer,
            "invoice": invoice,
            "erased": [typeid(INVOICE, id) for id in done.erased],
            "kept": [
                {
                    "invoice": typeid(INVOICE, each.document_id),
                    "number": each.number,
                    "until": each.until.isoformat(),
                    "reason": "retention of issued documents",
                    "source": each.source,
                }
                for each in done.kept
            ],
        }
        return Answer(200, encode(body), {"content-type": "application/json"})

    return show
