"""What the routes of invoicing hold, and how a command becomes an answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.einvoice.opening import HybridOpening
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.contexts.invoicing.adapters.rendering import RenderingPool
from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.chart import Charts
from invx.contexts.invoicing.read.accounting_exports import EXPORT
from invx.contexts.invoicing.read.queries import get_document
from invx.contexts.invoicing.read.views import IMPORT, INVOICE, LEGAL_ENTITY, SERIES, TRANSMISSION
from invx.infra.codec import Codec
from invx.infra.event_store import EventStore
from invx.infra.http.fields import in_path
from invx.infra.http.idempotency_key import IdempotencyRequest, idempotency_key
from invx.infra.http.problems import refusal
from invx.infra.http.streaming import Slots
from invx.infra.http.versions import HEADER, LIVE
from invx.infra.idempotency import Answer, IdempotentRequest
from invx.infra.postgres import Connection
from invx.infra.quotas import Quota
from invx.infra.runner import Runner
from invx.infra.storage.places import FileLimits, Places
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import DomainError
from invx.rules.tax.packs import Packs

C = TypeVar("C")
R = TypeVar("R")

_VERSION = HEADER.lower()
_REFUSED = 400
_CURRENT = max(LIVE)
_EXPORTS_AT_ONCE = 3  # of a process: each holds one of its ten connections while it is sent
_UNDATED = "2026-11-01"  # the shape of answers that were stored before they said theirs


@dataclass(frozen=True, slots=True)
class Edge:
    """The runner, the pool that renders, the rules of e-invoices, who opens PDFs, country packs.

    And the charts, where files lie, and how many may be uploaded.
    """

    runner: Runner[UnitOfWork]
    rendering: RenderingPool
    codec: Codec
    validator: Validator
    opening: HybridOpening
    packs: Packs
    charts: Charts
    places: Places
    file_limits: FileLimits
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    exports: Slots = field(default_factory=lambda: Slots(_EXPORTS_AT_ONCE))

    async def file_limits_of(self, caller: Caller) -> FileLimits:
        """How many files the tenant may upload, by its class or as all do. Raises UnknownTenant."""
        if not self.quotas:
            return self.file_limits
        tenant, _ = await self.runner.context(caller)
        quota = self.quotas.get(tenant.quota_class)
        return (quota and quota.files) or self.file_limits

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


InvoiceId = in_path(INVOICE, "The invoice.")
LegalEntityId = in_path(LEGAL_ENTITY, "The legal entity.")
SeriesId = in_path(SERIES, "The series.")
ImportId = in_path(IMPORT, "The import.")
OperationId = in_path("op", "The operation.")
ExportId = in_path(EXPORT, "The accounting export.")
LegalHoldId = in_path("lho", "The legal hold.")
ErasureId = in_path("ers", "The erasure.")
TransmissionId = in_path(TRANSMISSION, "The transmission.")

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
