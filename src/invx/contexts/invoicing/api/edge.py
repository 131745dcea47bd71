"""What the routes of invoicing hold, and how a command becomes an answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Path, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.einvoice.opening import HybridOpening
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.contexts.invoicing.adapters.rendering import RenderingPool
from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.chart import Charts
from invx.contexts.invoicing.read.accounting_exports import EXPORT
from invx.contexts.invoicing.read.queries import get_document
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, SERIES, TRANSMISSION
from invx.infra.codec import Codec
from invx.infra.event_store import EventStore
from invx.infra.http.fields import typeid_pattern
from invx.infra.http.idempotency_key import IdempotencyRequest, idempotency_key
from invx.infra.http.problems import refusal
from invx.infra.http.versions import HEADER, LIVE
from invx.infra.idempotency import Answer, IdempotentRequest
from invx.infra.postgres import Connection
from invx.infra.runner import Runner
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import DomainError
from invx.kernel.ids import parse_typeid
from invx.rules.tax.packs import Packs

C = TypeVar("C")
R = TypeVar("R")

_VERSION = HEADER.lower()
_REFUSED = 400
_CURRENT = max(LIVE)
_UNDATED = "2026-11-01"  # the shape of answers that were stored before they said theirs


@dataclass(frozen=True, slots=True)
class Edge:
    """The runner, the pool that renders, the rules of e-invoices, who opens PDFs, country packs."""

    runner: Runner[UnitOfWork]
    rendering: RenderingPool
    codec: Codec
    validator: Validator
    opening: HybridOpening
    packs: Packs
    charts: Charts

    def close(self) -> None:
        """End what works beside the event loop."""
        self.rendering.close()
        self.validator.close()
        self.opening.close()

    def store(self, conn: Connection, ctx: RequestContext) -> EventStore:
        """The streams of the tenant, for reading its past."""
        return EventStore(conn, self.runner.database.schema, self.codec, ctx.tenant_id)

    async def resource(self, caller: Caller, document_id: UUID) -> dict[str, Any]:
        """The resource of a document, as GET shows it. Raises DocumentNotFound."""
        async with self.runner.reading(caller) as (conn, ctx):
            shown = await get_document(conn, ctx, document_id)
        found: dict[str, Any] = msgspec.json.decode(shown.body)
        return found


async def edge_of(request: Request) -> Edge:
    """Put there by the host when it builds the application."""
    edge: Edge = request.app.state.invoicing
    return edge


def _in_path(prefix: str, what: str) -> Any:
    """An id in a path. What has another form is not found, so the pattern only documents it."""
    pattern = f"^{typeid_pattern(prefix)}$"
    return Annotated[str, Path(description=what, json_schema_extra={"pattern": pattern})]


InvoiceId = _in_path(INVOICE, "The invoice.")
LegalEntityId = _in_path(LEGAL_ENTITY, "The legal entity.")
SeriesId = _in_path(SERIES, "The series.")
OperationId = _in_path("op", "The operation.")
ExportId = _in_path(EXPORT, "The accounting export.")
TransmissionId = _in_path(TRANSMISSION, "The transmission.")

Invoicing = Annotated[Edge, Depends(edge_of)]
Once = Annotated[IdempotencyRequest | None, idempotency_key()]


async def answered(
    edge: Edge,
    handler: Callable[[C, Any], Awaitable[R]],
    command: C,
    caller: Caller,
    *,
    show: Callable[[R, UnitOfWork], Answer],
    once: IdempotencyRequest | None = None,
) -> Response:
    """Run the command; its answer is made inside the transaction, and sent after it."""
    request = None
    if once is not None:
        request = IdempotentRequest(once.key_hash.hex(), once.fingerprint.hex(), _refused)
        show = _dated(show)
    answer = await edge.runner.answer(handler, command, caller, render=show, request=request)
    headers = answer.headers
    if once is not None and answer.status < _REFUSED and _VERSION not in headers:
        headers = {**headers, _VERSION: _UNDATED}
    return Response(answer.body, answer.status, headers)


def _dated(show: Callable[[R, UnitOfWork], Answer]) -> Callable[[R, UnitOfWork], Answer]:
    """An answer that is stored says in which version of the API it is: it may outlive that one."""

    def shown(result: R, unit: UnitOfWork) -> Answer:
        answer = show(result, unit)
        return replace(answer, headers={**answer.headers, _VERSION: _CURRENT})

    return shown


def _refused(error: DomainError) -> Answer:
    response = refusal(error)
    headers = {name: text for name, text in response.headers.items() if name != "content-length"}
    return Answer(response.status_code, bytes(response.body), headers)


def id_of(prefix: str, text: str, missing: type[DomainError]) -> UUID:
    """The id in a path. What cannot be an id names nothing, so it is simply not found."""
    try:
        return parse_typeid(prefix, text)
    except DomainError:
        raise missing from None
