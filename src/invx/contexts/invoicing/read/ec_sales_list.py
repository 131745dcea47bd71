"""The EC sales list (Articles 262 to 271 of the VAT Directive): sums per VAT id of a buyer.

The ledger holds no id. It is joined from `tax_partners`, which an erasure empties; what has no id
any more, or never had one, is listed by document, so nothing is dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias
from uuid import UUID

from invx.contexts.invoicing.read.tax_periods import months_in
from invx.contexts.invoicing.read.tax_returns import (
    AMOUNTS,
    OF_RETURN,
    Registered,
    find_registration,
    of_return,
)
from invx.contexts.invoicing.read.views import INVOICE, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.rules.tax.packs import Packs

ZERO = Decimal(0)
GOODS, SERVICES, TRIANGULAR = "L", "S", "D"  # as the German list writes them
_NORTHERN_IRELAND = "XI"
_LISTED = """
SELECT p.vat_id, CASE WHEN p.vat_id IS NULL THEN t.document_id END AS alone, t.partner, t.supply,
    coalesce(t.origin_period, t.period) AS origin_period, t.provisional,
    coalesce(t.tax_currency, t.currency) AS currency,
    array_agg(DISTINCT t.treatment) AS treatments, min(t.document_id::text) AS sample,
    {amounts}
FROM invoicing.tax_entries t
LEFT JOIN invoicing.tax_partners p ON p.tenant_id = t.tenant_id AND p.document_id = t.document_id
WHERE {of_return} AND t.regime = 'vat' AND (t.scheme = 'intra_community'
    OR t.scheme = 'reverse_charge' AND t.supply IN ('services', 'triangular')
        AND left(t.jurisdiction, 2) = ANY($6))
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""
_Key: TypeAlias = tuple[str | None, UUID | None, str]


@dataclass(slots=True)
class Listed:
    """What one buyer was supplied with of one kind, by the period of the supply."""

    vat_id: str | None
    partner: str | None
    code: str
    alone: UUID | None  # the document, when its buyer has no id (any more)
    sample: UUID
    treatments: set[str] = field(default_factory=set)
    sums: dict[str, Decimal] = field(default_factory=dict)  # by origin; of the period itself: ""
    count: int = 0

    @property
    def base(self) -> Decimal:
        """Exact; `stated` is what the list says."""
        return sum(self.sums.values(), ZERO)

    @property
    def stated(self) -> int:
        """In whole units of the currency, halves away from zero."""
        return int(self.base.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class EcSalesList:
    """The list of a registration and period; `unassigned` waits for a rate of exchange."""

    registered: Registered
    period: str
    rows: tuple[Listed, ...]
    unassigned: tuple[Row, ...]


async def ec_sales_list(
    conn: Connection, ctx: RequestContext, registration_id: UUID, period: str, packs: Packs
) -> EcSalesList:
    """The list of a month, quarter or year. Raises RegistrationNotFound."""
    registered = await find_registration(conn, ctx, registration_id)
    others = [country for country, pack in packs.by_country.items() if pack.eu]
    others = [*filter(lambda country: country != registered.country, others), _NORTHERN_IRELAND]
    statement = _LISTED.format(amounts=AMOUNTS, of_return=OF_RETURN)
    rows = await conn.fetch(statement, *of_return(ctx, registered, period), others)
    usable = [row for row in rows if _is_usable(row, registered)]
    rest = tuple(row for row in rows if not _is_usable(row, registered))
    return EcSalesList(registered, period, tuple(_listed(usable, period)), rest)


def _is_usable(row: Row, registered: Registered) -> bool:
    return not row["provisional"] and row["currency"] == registered.currency


def _listed(rows: Iterable[Row], period: str) -> Iterable[Listed]:
    first, _ = months_in(period)
    found: dict[_Key, Listed] = {}
    for row in rows:
        code = code_of(row["supply"])
        key = row["vat_id"], row["alone"], code
        listed = found.get(key)
        if listed is None:
            sample = UUID(row["sample"])
            listed = Listed(row["vat_id"], row["partner"], code, row["alone"], sample)
            found[key] = listed
        # What is paid before its supply counts to the period of the payment (Article 65).
        origin = row["origin_period"] if row["origin_period"] < first else ""
        listed.sums[origin] = listed.sums.get(origin, ZERO) + row["base"]
        listed.treatments |= set(row["treatments"])
        listed.count += row["count"]
    return found.values()


def code_of(supply: str | None) -> str:
    """The letter of a supply: goods, services, or the middle party's sale of a triangular one."""
    if supply == "triangular":
        return TRIANGULAR
    return SERVICES if supply == "services" else GOODS


def ec_sales_list_view(found: EcSalesList) -> dict[str, Any]:
    """The list as the API shows it."""
    registered, period = found.registered, found.period
    return registered.head(
        "ec_sales_list",
        period=period,
        rows=[_row_view(row, registered, period) for row in found.rows],
        unassigned=[_unassigned_view(row, registered, period) for row in found.unassigned],
        total=str(sum((row.base for row in found.rows), ZERO)),
        total_stated=str(sum(row.stated for row in found.rows)),
    )


def _row_view(row: Listed, registered: Registered, period: str) -> dict[str, Any]:
    def address(**more: Any) -> str:
        buyer = {"invoice" if row.alone else "same_buyer_as": typeid(INVOICE, row.sample)}
        treatments = ",".join(sorted(row.treatments))
        return registered.address(
            period,
            treatment=treatments,
            provisional="false",
            reporting_currency=registered.currency,
            **buyer,
            **more,
        )

    return {
        "vat_id": row.vat_id,
        "partner": row.partner,
        "code": row.code,
        "invoice": typeid(INVOICE, row.alone) if row.alone else None,
        "stated": str(row.stated),
        "base": str(row.base),
        "of_period": str(row.sums.get("", ZERO)),
        "corrections": [
            {"origin_period": origin, "base": str(base), "entries": address(origin_period=origin)}
            for origin, base in sorted(row.sums.items())
            if origin
        ],
        "count": row.count,
        "entries": address(),
    }


def _unassigned_view(row: Row, registered: Registered, period: str) -> dict[str, Any]:
    return {
        "reason": "provisional" if row["provisional"] else "currency",
        "code": code_of(row["supply"]),
        "currency": row["currency"],
        "base": str(row["base"]),
        "count": row["count"],
        "entries": registered.address(
            period,
            treatment=",".join(sorted(row["treatments"])),
            provisional="true" if row["provisional"] else "false",
            reporting_currency=row["currency"],
            **{
                "invoice" if row["alone"] else "same_buyer_as": typeid(INVOICE, UUID(row["sample"]))
            },
            origin_period=row["origin_period"],
        ),
    }
