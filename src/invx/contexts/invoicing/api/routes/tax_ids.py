"""Checks of tax ids."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, answered
from invx.contexts.invoicing.api.schemas.tax_ids import TaxIdCheckIn, TaxIdCheckOut
from invx.contexts.invoicing.app.check_tax_id import CheckTaxId, check_tax_id
from invx.contexts.invoicing.domain.tax.tax_ids import CheckedTaxId, RegisterAnswer
from invx.contexts.invoicing.read.views import instant
from invx.infra.http.answers import encode
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/tax-ids", tags=["Tax ids"])

Asker = Annotated[Caller, requires("invoices:write")]


@router.post("/check", response_model=TaxIdCheckOut, responses=problem_responses(422))
async def check(body: TaxIdCheckIn, caller: Asker, edge: Invoicing) -> Response:
    """Check a tax id now. What a register answered is kept as evidence.

    A register that does not answer is no error of yours: the answer says `unavailable`.
    """
    command = CheckTaxId(**body.model_dump())
    return await answered(edge, check_tax_id, command, caller, show=_shown)


def _shown(checked: CheckedTaxId, unit: UnitOfWork) -> Answer:
    del unit
    form = checked.form
    body = {
        "object": "tax_id_check",
        "tax_id": form.tax_id,
        "country": form.country,
        "validity": str(checked.validity),
        "form": "wrong" if form.fault else "right" if form.checked else "unknown",
        "fault": form.fault,
        "answer": _answer(checked.answer) if checked.answer else None,
    }
    return Answer(200, encode(body), {"content-type": "application/json"})


def _answer(answer: RegisterAnswer) -> dict[str, Any]:
    return {
        "source": answer.register,
        "asked_at": instant(answer.asked_at),
        "consultation": answer.consultation,
        "name": answer.name,
        "address": answer.address,
        "reason": answer.reason,
    }
