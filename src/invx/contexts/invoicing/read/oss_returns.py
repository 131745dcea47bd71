"""The return of a one-stop shop (Articles 364, 369f and 369s of the VAT Directive).

Sums per member state of consumption, kind of supply and rate; what corrects an earlier quarter
stands apart, per state and quarter (Article 369g(4)).
"""

from typing import Any, TypeAlias
from uuid import UUID

from invx.contexts.invoicing.domain.countries import vat_prefix
from invx.contexts.invoicing.read.tax_periods import months_in, quarter_of
from invx.contexts.invoicing.read.tax_returns import (
    AMOUNTS,
    OF_RETURN,
    Registered,
    Sum,
    find_registration,
    of_return,
)
from invx.contexts.invoicing.read.views import Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

_BY = """left(t.jurisdiction, 2), t.supply, t.rate, coalesce(t.origin_period, t.period),
    t.provisional, coalesce(t.tax_currency, t.currency), t.treatment, t.scheme"""
_SUMS = f"""
SELECT left(t.jurisdiction, 2) AS country, t.supply, t.rate,
    coalesce(t.origin_period, t.period) AS origin_period, t.provisional,
    coalesce(t.tax_currency, t.currency) AS currency, t.treatment, t.scheme, {AMOUNTS}
FROM invoicing.tax_entries t WHERE {OF_RETURN} GROUP BY {_BY} ORDER BY {_BY}
"""
_CURRENCY = "EUR"  # Article 366
_SHOPS = ("oss", "ioss")
_Group: TypeAlias = tuple[str, str | None, str]


async def oss_return(
    conn: Connection, ctx: RequestContext, registration_id: UUID, quarter: str
) -> dict[str, Any]:
    """The return of a quarter. Raises RegistrationNotFound."""
    registered = await find_registration(conn, ctx, registration_id)
    rows = await conn.fetch(_SUMS, *of_return(ctx, registered, quarter))
    first, _ = months_in(quarter)
    supplies: dict[_Group, Sum] = {}
    corrections: dict[tuple[str, str], Sum] = {}
    unassigned: list[Row] = []
    total = Sum()
    for row in rows:
        total.add(row)
        origin = row["origin_period"]
        if row["provisional"] or row["currency"] != _CURRENCY or row["scheme"] not in _SHOPS:
            unassigned.append(row)
        elif origin < first:
            corrections.setdefault((row["country"], quarter_of(origin)), Sum()).add(row)
        else:
            key = row["country"], row["supply"], str(row["rate"])
            supplies.setdefault(key, Sum()).add(row)
    return registered.head(
        "oss_return",
        quarter=quarter,
        supplies=[_supply_view(*each, registered, quarter) for each in supplies.items()],
        corrections=[
            _correction_view(*each, registered, quarter) for each in sorted(corrections.items())
        ],
        unassigned=[_unassigned_view(row, registered, quarter) for row in unassigned],
        totals=total.view(),
        entries=registered.address(quarter),
    ) | {"return_period": "quarter", "currency": _CURRENCY}


def _supply_view(key: _Group, found: Sum, registered: Registered, quarter: str) -> dict[str, Any]:
    country, supply, rate = key
    return {
        "country": vat_prefix(country),
        "supply": supply,
        "rate": rate,
        **found.view(),
        "entries": _address(
            found.treatments, registered, quarter, **{"origin_period[gte]": quarter}
        ),
    }


def _correction_view(
    key: tuple[str, str], found: Sum, registered: Registered, quarter: str
) -> dict[str, Any]:
    country, origin = key
    return {
        "country": vat_prefix(country),
        "quarter": origin,
        **found.view(),
        "entries": _address(found.treatments, registered, quarter, origin_period=origin),
    }


def _address(treatments: set[str], registered: Registered, quarter: str, **origin: str) -> str:
    return registered.address(
        quarter,
        treatment=",".join(sorted(treatments)),
        provisional="false",
        reporting_currency=_CURRENCY,
        **origin,
    )


def _unassigned_view(row: Row, registered: Registered, quarter: str) -> dict[str, Any]:
    usable = row["currency"] == _CURRENCY
    reason = "provisional" if row["provisional"] else "no_scheme" if usable else "currency"
    return {
        "reason": reason,
        "country": row["country"],
        "currency": row["currency"],
        "base": str(row["base"]),
        "tax": str(row["tax"]),
        "count": row["count"],
        "entries": registered.address(
            quarter,
            treatment=row["treatment"],
            provisional="true" if row["provisional"] else "false",
            reporting_currency=row["currency"],
            origin_period=row["origin_period"],
        ),
    }
