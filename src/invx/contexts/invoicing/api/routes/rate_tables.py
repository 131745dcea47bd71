"""A tenant's own tax knowledge: its rate tables, and what it lays over country packs."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Edge, Invoicing, answered
from invx.contexts.invoicing.api.schemas.rate_tables import (
    TaxOverridesIn,
    TaxOverridesListOut,
    TaxOverridesOut,
    TaxRateIn,
    TaxRateTableIn,
    TaxRateTableListOut,
    TaxRateTableOut,
)
from invx.contexts.invoicing.app.override_tax_pack import (
    Overridden,
    OverrideTaxPack,
    override_tax_pack,
)
from invx.contexts.invoicing.app.remove_tax_overrides import (
    RemoveTaxOverrides,
    remove_tax_overrides,
)
from invx.contexts.invoicing.app.state_tax_rates import (
    StatedRates,
    StateTaxRates,
    state_tax_rates,
)
from invx.contexts.invoicing.domain.countries import COUNTRIES
from invx.contexts.invoicing.domain.tax.rate_table import (
    OverridesNotFound,
    RateTable,
    RateTableNotFound,
    Stated,
)
from invx.contexts.invoicing.read.rate_tables import (
    OVERRIDES,
    RATES,
    get_knowledge,
    get_stated,
    list_knowledge,
    rows_of,
    whole_view,
)
from invx.contexts.invoicing.read.views import Shown
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import NOT_MODIFIED, conditional, etag, expected_version, not_modified
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.infra.piecewise import to_builtins
from invx.kernel.context import Caller
from invx.kernel.errors import NotFound
from invx.rules.tax.model import DAY_LAST
from invx.rules.tax.rate_table import TableRate

router = APIRouter(prefix="/v1/tax", tags=["Tax rates"])

Reader = Annotated[Caller, requires("tax:read")]
Writer = Annotated[Caller, requires("tax:write")]
Version = Annotated[int | None, expected_version()]
OldVersion = Annotated[
    int | None,
    Query(ge=1, le=10**9, description="As it was stated then; documents name the version."),
]
InCountry = Annotated[
    str, Path(description="ISO 3166-1 alpha-2.", json_schema_extra={"pattern": "^[A-Z]{2}$"})
]
BY_COUNTRY = Listing(sorts={"country": str}, default_sort="country")
ByCountry = Annotated[ListQuery, list_query(BY_COUNTRY)]


@router.put(
    "/rate-tables/{country}",
    operation_id="tax_put_rate_table",
    response_model=TaxRateTableOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def put_rates(
    country: InCountry, body: TaxRateTableIn, caller: Writer, version: Version, edge: Invoicing
) -> Response:
    """State all rates that you keep for a country, the United States or Canada.

    They hold for drafts from now on. A draft whose taxes they change cannot be finalized before
    somebody has looked at it (`tax_changed`); finalized documents keep their taxes.
    """
    country = _known(country, RateTableNotFound)
    command = StateTaxRates(
        country=country,
        rates=tuple(_rate_of(country, each) for each in body.rates),
        origin_regions=tuple(f"{country}-{each}" for each in body.origin_regions),
        expected_version=version,
    )
    return await answered(edge, state_tax_rates, command, caller, show=_show_rates)


@router.get(
    "/rate-tables",
    operation_id="tax_list_rate_tables",
    response_model=TaxRateTableListOut,
    responses=problem_responses(422),
)
async def list_rates(caller: Reader, query: ByCountry, edge: Invoicing) -> Response:
    """List your rate tables, without their rates."""
    return await _page(edge, caller, query, RATES)


@router.get(
    "/rate-tables/{country}",
    operation_id="tax_get_rate_table",
    response_model=TaxRateTableOut,
    responses=NOT_MODIFIED | problem_responses(404),
    dependencies=[conditional()],
)
async def get_rates(
    country: InCountry,
    request: Request,
    caller: Reader,
    edge: Invoicing,
    version: OldVersion = None,
) -> Response:
    """Read the rates that you keep for a country."""
    country = _known(country, RateTableNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        if version is not None:
            shown = await get_stated(edge.store(conn, ctx), RATES, country, version)
        else:
            shown = await get_knowledge(conn, ctx, RATES, country)
    return _read(shown, request)


@router.put(
    "/overrides/{country}",
    operation_id="tax_put_overrides",
    response_model=TaxOverridesOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def put_overrides(
    country: InCountry, body: TaxOverridesIn, caller: Writer, version: Version, edge: Invoicing
) -> Response:
    """Lay your own rates, categories and words over the pack of a country.

    A rate or category of the same code, territory and first day replaces the shipped one. Where no
    pack is shipped, the text of a whole one says all.
    """
    command = OverrideTaxPack(
        country=_known(country, OverridesNotFound),
        text=body.pack,
        rows=body.rows(),
        expected_version=version,
    )
    return await answered(edge, override_tax_pack, command, caller, show=_show_overrides)


@router.get(
    "/overrides",
    operation_id="tax_list_overrides",
    response_model=TaxOverridesListOut,
    responses=problem_responses(422),
)
async def list_overrides(caller: Reader, query: ByCountry, edge: Invoicing) -> Response:
    """List the countries whose packs you override."""
    return await _page(edge, caller, query, OVERRIDES)


@router.get(
    "/overrides/{country}",
    operation_id="tax_get_overrides",
    response_model=TaxOverridesOut,
    responses=NOT_MODIFIED | problem_responses(404),
    dependencies=[conditional()],
)
async def get_overrides(
    country: InCountry,
    request: Request,
    caller: Reader,
    edge: Invoicing,
    version: OldVersion = None,
) -> Response:
    """Read what lies over the pack of a country."""
    country = _known(country, OverridesNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        if version is not None:
            shown = await get_stated(edge.store(conn, ctx), OVERRIDES, country, version)
        else:
            shown = await get_knowledge(conn, ctx, OVERRIDES, country)
    return _read(shown, request)


@router.delete(
    "/overrides/{country}",
    operation_id="tax_delete_overrides",
    status_code=204,
    response_class=Response,
    responses=problem_responses(404, 409, 412),
)
async def delete_overrides(
    country: InCountry, caller: Writer, version: Version, edge: Invoicing
) -> Response:
    """Let the pack of a country hold as it is shipped."""
    command = RemoveTaxOverrides(
        country=_known(country, OverridesNotFound), expected_version=version
    )
    return await answered(edge, remove_tax_overrides, command, caller, show=_show_nothing)


def _known(country: str, missing: type[NotFound]) -> str:
    """The country in a path; what is none has no taxes."""
    if country not in COUNTRIES:
        raise missing
    return country


def _rate_of(country: str, row: TaxRateIn) -> TableRate:
    return TableRate(
        country=country,
        region=row.region,
        code=row.code,
        name=row.name,
        rate=row.rate,
        valid_from=row.valid_from,
        valid_until=row.valid_until or DAY_LAST,
        source=row.source,
        kinds=tuple(row.kinds),
        cities=tuple(" ".join(each.split()) for each in row.cities),
        postal_codes=tuple(row.postal_codes),
        categories=tuple(row.categories),
    )


async def _page(edge: Edge, caller: Caller, query: ListQuery, kind: str) -> Response:
    after = str(query.after.key) if query.after else None
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_knowledge(
            conn, ctx, kind, after, query.limit, descending=query.descending
        )
    page, more = found[: query.limit], len(found) > query.limit
    following = query.cursor(page[-1][0], page[-1][1]) if more else None
    return json_response(
        page_body([encode(each) for _, _, each in page], has_more=more, next=following)
    )


def _read(shown: Shown, request: Request) -> Response:
    return not_modified(request, shown.version) or json_response(
        shown.body, headers={"etag": etag(shown.version)}
    )


def _show_rates(done: StatedRates, unit: UnitOfWork) -> Answer:
    del unit
    body = {"rates": done.rates, "origin_regions": done.origin_regions}
    return _shown(RATES, done.table, done.table.rates, to_builtins(body), None)


def _show_overrides(done: Overridden, unit: UnitOfWork) -> Answer:
    del unit
    return _shown(OVERRIDES, done.table, done.table.overrides, to_builtins(done.pack), done.text)


def _shown(
    kind: str, table: RateTable, stated: Stated | None, body: dict[str, Any], text: str | None
) -> Answer:
    version = stated.version if stated else 0
    row = {
        "country": table.country,
        "version": version,
        "rows": rows_of(body),
        "pack_text": text,
    }
    headers = {"content-type": "application/json", "etag": etag(version)}
    return Answer(200, encode(whole_view(kind, row, body)), headers)


def _show_nothing(table: RateTable, unit: UnitOfWork) -> Answer:
    del table, unit
    return Answer(204, b"", {})
