"""What the API shows of the tax ledger."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from invx.contexts.invoicing.read.views import ENTRY, INVOICE, LEGAL_ENTITY, Row, instant
from invx.kernel.ids import typeid

TAX_ENTRY, REGISTRATION = "tax", "reg"


def tax_entry_view(row: Row) -> dict[str, Any]:
    """One entry. Without a registration, or without a rate that it needs, it says so."""
    return {
        "id": typeid(TAX_ENTRY, row["tax_entry_id"]),
        "object": "tax_entry",
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "invoice": typeid(INVOICE, row["document_id"]),
        "sequence": row["sequence"],
        "cause": row["cause"],
        "settlement_entry": _id(ENTRY, row["settlement_entry"]),
        "reverses": _id(ENTRY, row["reverses"]),
        "tax_point": row["tax_point"].isoformat(),
        "period": row["period"],
        **_place(row),
        "basis": row["basis"],
        **_group(row),
        "scheme": row["scheme"],
        "derived": row["derived"],
        "supply": row["supply"],
        "partner": row["partner"],
        "origin_period": row["origin_period"],
        "closed_period": row["closed_period"],
        "treatment": row["treatment"],
        "base": str(row["base"]),
        "tax": str(row["tax"]),
        "accounted": _accounted(row),
        "provisional": row["provisional"],
        "recorded_at": instant(row["recorded_at"]),
    }


def tax_figure_view(legal_entity_id: UUID, row: Row) -> dict[str, Any]:
    """A sum of entries, with the address of just these."""
    figure = {"period": row["period"], **_place(row), **_group(row)}
    query = {
        "legal_entity": typeid(LEGAL_ENTITY, legal_entity_id),
        "registration": figure["registration"],
        "registered": None if row["registration_id"] else "false",
        **{name: figure[name] for name in ("period", "regime", "category", "rate", "currency")},
        "country": figure["country"],
        "jurisdiction": figure["jurisdiction"],
        "tax_currency": row["tax_currency"],
        "accounted": None if row["tax_currency"] else "false",
        "provisional": "true" if row["provisional"] else "false",
    }
    return {
        **figure,
        "base": str(row["base"]),
        "tax": str(row["tax"]),
        "accounted": _accounted_sum(row),
        "provisional": row["provisional"],
        "count": row["count"],
        "entries": entries_address(query),
    }


def reconciliation_view(
    legal_entity_id: UUID, period: str, currencies: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The ledger of a period beside the documents and settlements that it comes from."""
    found = [{"currency": name, **figures} for name, figures in sorted(currencies.items())]
    return {
        "object": "tax_reconciliation",
        "legal_entity": typeid(LEGAL_ENTITY, legal_entity_id),
        "period": period,
        "balanced": not any(Decimal(x) for each in found for x in each["differences"].values()),
        "currencies": found,
    }


def entries_address(query: Mapping[str, Any]) -> str:
    """The address of the entries that these conditions leave; None is no condition."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"/v1/tax/entries?{urlencode(given, safe='/,')}"


def _id(prefix: str, id: UUID | None) -> str | None:
    return typeid(prefix, id) if id is not None else None


def _place(row: Row) -> dict[str, Any]:
    return {
        "registration": _id(REGISTRATION, row["registration_id"]),
        "registered": row["registration_id"] is not None,
        "country": row["country"],
    }


def _group(row: Row) -> dict[str, Any]:
    return {
        "regime": row["regime"],
        "jurisdiction": row["jurisdiction"],
        "category": row["category"],
        "rate": str(row["rate"]),
        "currency": row["currency"],
    }


def _accounted(row: Row) -> dict[str, Any] | None:
    if (found := _accounted_sum(row)) is None:
        return None
    return {
        **found,
        "exchange_rate": f"{row['exchange_rate']:f}",
        "source": row["rate_source"],
        "rate_day": row["rate_day"].isoformat() if row["rate_day"] else None,
    }


def _accounted_sum(row: Row) -> dict[str, Any] | None:
    if row["tax_currency"] is None:
        return None
    return {
        "currency": row["tax_currency"],
        "base": str(row["accounted_base"]),
        "tax": str(row["accounted_tax"]),
    }
