"""The past of a document, and how its figures came about."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing
from invx.contexts.invoicing.api.schemas.documents_out import InvoiceOut
from invx.contexts.invoicing.api.schemas.reports import ExplanationOut, HistoryOut
from invx.contexts.invoicing.app.explain_document import ExplainDocument, explain_document
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.history import document_as_of, document_history
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.filters import parse_moment
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}", tags=["History"])

Reader = Annotated[Caller, requires("invoices:read")]


@router.get("/history", response_model=HistoryOut, responses=problem_responses(404))
async def history(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """List all that happened to a document and its settlement, when and by whom."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        entries = await document_history(edge.store(conn, ctx), document_id)
    return json_response(encode({"object": "list", "data": entries, "has_more": False}))


@router.get("/state", response_model=InvoiceOut, responses=problem_responses(404, 422))
async def state(
    invoice: InvoiceId,
    caller: Reader,
    edge: Invoicing,
    at: Annotated[
        str,
        Query(
            description="A moment with its offset, RFC 3339.",
            json_schema_extra={"format": "date-time"},
            examples=["2026-11-01T09:30:00Z"],
        ),
    ],
) -> Response:
    """Read the document as it was at a moment."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    moment = parse_moment("at", at)
    async with edge.runner.reading(caller) as (conn, ctx):
        shown = await document_as_of(edge.store(conn, ctx), document_id, moment)
    return json_response(shown.body)


@router.get("/explain", response_model=ExplanationOut, responses=problem_responses(404))
async def explain(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Explain every figure of a document: its rule, its formula, what it follows from."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    steps = await edge.runner.look(explain_document, ExplainDocument(document_id), caller)
    body = {
        "object": "explanation",
        "invoice": invoice,
        "steps": [
            {
                "pointer": step.pointer,
                "rule": step.rule,
                "formula": step.formula,
                "result": format(step.result, "f"),
                "inputs": list(step.inputs),
            }
            for step in steps
        ],
    }
    return json_response(encode(body))
