"""Exchange rates: taken down from what is published, listed, and looked up."""

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.rate_files.opening import between, read_rates
from invx.contexts.invoicing.adapters.rate_files.reading import RateFile
from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, Once, answered
from invx.contexts.invoicing.api.rate_lists import RATES, rate_slice
from invx.contexts.invoicing.api.schemas.exchange_rates import (
    ExchangeRateListOut,
    ExchangeRateLookupOut,
    ExchangeRatesIn,
    ExchangeRatesTakenOut,
    LookupQuery,
    SourceCode,
)
from invx.contexts.invoicing.api.schemas.values import Day
from invx.contexts.invoicing.app.look_up_exchange_rate import (
    LookUpExchangeRate,
    look_up_exchange_rate,
)
from invx.contexts.invoicing.app.publish_exchange_rates import (
    PublishExchangeRates,
    RatesTaken,
    publish_exchange_rates,
)
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.domain.exchange.rate_sheet import ExchangeRatesInvalid
from invx.contexts.invoicing.read.exchange_rates import list_exchange_rates, place_of, rate_view
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import parameter_problem, problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.limits import EXCHANGE_RATES_PER_REQUEST_MAX

router = APIRouter(prefix="/v1/exchange-rates", tags=["Exchange rates"])

Reader = Annotated[Caller, requires("rates:read")]
Writer = Annotated[Caller, requires("rates:write")]
First = Annotated[Day | None, Query(alias="from", description="Only rates from this day on.")]
Last = Annotated[Day | None, Query(alias="to", description="Only rates up to this day.")]
_CSV_EXAMPLE = "base,quote,on,rate\nEUR,USD,2026-11-27,1.0865\n"
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
            "application/xml": {"schema": {"type": "string"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post(
    "",
    operation_id="exchange_rates_state",
    response_model=ExchangeRatesTakenOut,
    responses=problem_responses(409, 422),
)
async def state(body: ExchangeRatesIn, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Take down single rates of a source."""
    command = PublishExchangeRates(
        source=body.source,
        kind=body.kind,
        rates=tuple([each.published() for each in body.rates]),
    )
    return await answered(edge, publish_exchange_rates, command, caller, show=_shown(), once=once)


@router.post(
    "/import",
    operation_id="exchange_rates_import",
    response_model=ExchangeRatesTakenOut,
    responses=problem_responses(409, 422),
    openapi_extra=_FILE,
)
async def import_(
    *,
    request: Request,
    source: SourceCode,
    caller: Writer,
    once: Once,
    edge: Invoicing,
    first: First = None,
    last: Last = None,
) -> Response:
    """Take down the rates of a file; the same file again is harmless.

    Of the ECB XML, CSV or the zip of it; of the German ministry of finance (`bmf`) the table of
    monthly averages as CSV; of HMRC XML or CSV; of any source CSV or JSON with `base`, `quote`,
    `rate`, and `on` or `month`. At most 10,000 rates at once: narrow a longer file.
    """
    file = await asyncio.to_thread(_read, await request.body(), source, first, last)
    command = PublishExchangeRates(source=source, kind=file.kind, rates=file.rates)
    show = _shown(file.ignored)
    return await answered(edge, publish_exchange_rates, command, caller, show=show, once=once)


@router.get(
    "",
    operation_id="exchange_rates_list",
    response_model=ExchangeRateListOut,
    responses=problem_responses(422),
)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(RATES)], edge: Invoicing
) -> Response:
    """List what is published, the newest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        page, more = await list_exchange_rates(conn, ctx, rate_slice(query))
    following = query.cursor(*place_of(page[-1])) if more else None
    items = [encode(rate_view(row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/lookup",
    operation_id="exchange_rates_look_up",
    response_model=ExchangeRateLookupOut,
    responses=problem_responses(404, 422),
)
async def look_up(
    query: Annotated[LookupQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Read the rate that a document or a payment of this day would take.

    Daily rates are the last published on or before the day, monthly ones those of its month.
    """
    entity = query.legal_entity
    command = LookUpExchangeRate(
        purpose=query.purpose,
        base=query.base,
        quote=query.quote,
        on=query.on,
        legal_entity_id=id_of(LEGAL_ENTITY, entity, LegalEntityNotFound) if entity else None,
        country=query.country,
    )
    found = await edge.runner.look(look_up_exchange_rate, command, caller)
    question, rate = found.question, found.rate
    body = {
        "object": "exchange_rate_lookup",
        "purpose": str(found.purpose),
        "legal_entity": entity,
        "source": question.source,
        "from": question.base,
        "to": question.quote,
        "on": question.on.isoformat(),
        "rate": f"{rate.rate:f}",
        "rate_day": rate.day.isoformat(),
    }
    return json_response(encode(body))


def _read(data: bytes, source: str, first: date | None, last: date | None) -> RateFile:
    """The rates of a file. Raises RateFileUnreadable, ExchangeRatesInvalid."""
    file = between(read_rates(data, source), first, last)
    count = len(file.rates)
    if not 0 < count <= EXCHANGE_RATES_PER_REQUEST_MAX:
        detail = f"There are {count} rates; 1 to {EXCHANGE_RATES_PER_REQUEST_MAX} at once."
        problem = parameter_problem("query", "from", "rates_out_of_bounds", detail)
        raise ExchangeRatesInvalid(detail, problems=[problem])
    return file


def _shown(ignored: tuple[str, ...] = ()) -> Any:
    def show(done: RatesTaken, unit: UnitOfWork) -> Answer:
        del unit
        days = sorted(each.first_day for each in done.command.rates)
        body = {
            "object": "exchange_rates_taken",
            "source": done.command.source,
            "kind": str(done.command.kind),
            "published": done.counted.published,
            "corrected": done.counted.corrected,
            "unchanged": done.counted.unchanged,
            "first_day": days[0].isoformat(),
            "last_day": days[-1].isoformat(),
            "ignored": ignored,
        }
        return Answer(200, encode(body), {"content-type": "application/json"})

    return show
