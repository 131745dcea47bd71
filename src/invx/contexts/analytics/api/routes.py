"""The analytics API."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.analytics.api.edge import Analytics
from invx.contexts.analytics.api.schemas import RevenueOut, RevenueQuery
from invx.contexts.analytics.read.queries import revenue_by_month
from invx.contexts.analytics.read.views import MonthRevenueView
from invx.infra.http.answers import encode, json_response
from invx.infra.http.permissions import requires
from invx.infra.http.problems import parameter_problem, problem_responses
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, Invalid
from invx.kernel.ids import parse_typeid
from invx.kernel.money import exponent, quantize

MONTHS_MAX = 120


class InvalidRevenueQuery(Invalid):
    """The months, the currency or the legal entity cannot be used."""


router = APIRouter(prefix="/v1/analytics", tags=["Analytics"])

Reader = Annotated[Caller, requires("analytics:read")]
# Where a day begins first, at UTC+14, a month does too: what was issued there is asked for as well.
_FURTHEST_AHEAD = timedelta(hours=14)


@router.get("/revenue", response_model=RevenueOut, responses=problem_responses(422))
async def revenue(
    query: Annotated[RevenueQuery, Query()], caller: Reader, edge: Analytics
) -> Response:
    """Sum net, tax and gross of finalized documents by month of issue and currency."""
    tenant, context = await edge.runner.context(caller)
    asked = _asked(query, (context.now + _FURTHEST_AHEAD).date())

    async def read() -> bytes:
        async with edge.runner.reading(caller) as (conn, ctx):
            rows = await revenue_by_month(conn, ctx, **asked)
        return encode(
            {
                "object": "revenue",
                "from": _month(asked["first"]),
                "to": _month(asked["last"]),
                "data": [_shown(row) for row in rows],
            }
        )

    question = " ".join(("revenue", *map(str, asked.values())))
    return json_response(await edge.reads.get(tenant.tenant_id, question, read))


def _asked(query: RevenueQuery, today: date) -> dict[str, Any]:
    """The arguments of the query. Raises InvalidRevenueQuery, naming the parameter."""
    last = date.fromisoformat(f"{query.last}-01") if query.last else today.replace(day=1)
    first = date.fromisoformat(f"{query.first}-01") if query.first else _earlier(last, 11)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if not 0 < months <= MONTHS_MAX:
        detail = f"Ask for 1 to {MONTHS_MAX} months; `from` comes before `to`."
        problem = parameter_problem("query", "from", "invalid_range", detail)
        raise InvalidRevenueQuery(problems=[problem])
    try:
        if query.currency is not None:
            exponent(query.currency)
    except DomainError as error:
        raise _refused("currency", error) from error
    try:
        entity = parse_typeid("le", query.legal_entity) if query.legal_entity else None
    except DomainError as error:
        raise _refused("legal_entity", error) from error
    return {"first": first, "last": last, "currency": query.currency, "legal_entity_id": entity}


def _refused(name: str, error: DomainError) -> InvalidRevenueQuery:
    problem = parameter_problem("query", name, error.code, error.detail)
    return InvalidRevenueQuery(problems=[problem])


def _earlier(month: date, months: int) -> date:
    count = month.year * 12 + month.month - 1 - months
    return date(max(count // 12, 1), count % 12 + 1, 1)


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _shown(row: MonthRevenueView) -> dict[str, Any]:
    amounts = {
        name: format(quantize(getattr(row, name), row.currency), "f")
        for name in ("net", "tax", "gross")
    }
    return {
        "month": _month(row.month),
        "currency": row.currency,
        **amounts,
        "documents": row.documents,
    }
