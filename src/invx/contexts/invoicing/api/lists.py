"""What the list of documents can be asked, and what the questions mean in its rows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from invx.contexts.invoicing.read.access_paths import Slice, is_by_making
from invx.contexts.invoicing.read.conditions import DocumentFilter
from invx.contexts.invoicing.read.rows import sort_key
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY
from invx.infra.http.filters import (
    Amount,
    Choice,
    Condition,
    Day,
    Flag,
    Id,
    Keyed,
    Moment,
    Text,
)
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery
from invx.infra.http.problems import parameter_problem
from invx.kernel.errors import DomainError
from invx.kernel.money import exponent

DOCUMENTS = Listing(
    filters={
        "type": Choice(("invoice", "credit_note", "proforma")),
        "status": Choice(("draft", "finalized", "cancelled", "replaced")),
        "settlement_status": Choice(("open", "partial", "settled", "overpaid", "written_off")),
        "delivery_status": Choice(("none", "queued", "sent", "delivered", "failed", "viewed")),
        "clearance_status": Choice(("not_required", "pending", "cleared", "rejected")),
        "customer": Text(),
        "external_id": Text(),
        "number": Text(),
        "currency": Text(3),
        "legal_entity": Id(LEGAL_ENTITY),
        "credits": Id(INVOICE),
        "created": Moment(),
        "issue_date": Day(),
        "due_date": Day(),
        "gross": Amount(),
        "overdue": Flag(),
        "origin": Choice(("issued", "imported")),
        "q": Text(),
        "metadata": Keyed(),
    },
    sorts={
        "created": str,
        "issue_date": date,
        "due_date": date,
        "number": str,
        "gross": int,
        "buyer": str,
    },
    expand=("content",),
)
_SELECTED = {
    name: kind for name, kind in DOCUMENTS.filters.items() if name not in ("q", "metadata")
}
SELECTED = Listing(filters=_SELECTED)  # what operations and archives are asked to take
PLAIN_NEWEST_FIRST = Listing(sorts={"created": str})
PLAIN = Listing(sorts={"created": str}, default_sort="created")

_AMONG = {
    "type": "d.type",
    "status": "d.status",
    "settlement_status": "s.status",
    "delivery_status": "d.delivery_status",
    "clearance_status": "d.clearance_status",
    "legal_entity": "d.legal_entity_id",
    "credits": "d.credits",
}
_EQUAL = {
    "customer": "d.customer",
    "external_id": "d.external_id",
    "number": "d.number",
    "currency": "d.currency",
}
_RANGES = {
    "created": "d.created_at",
    "issue_date": "d.issue_date",
    "due_date": "d.due_date",
    "gross": "d.gross_units",
}
_BIGINT_MAX = 2**63 - 1  # of the column; no document comes near it
_OPERATORS = {"eq": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


def document_filter(query: ListQuery) -> DocumentFilter:
    """The filter in terms of rows. Raises InvalidQuery when `gross` comes without `currency`."""
    equal: list[tuple[str, Any]] = []
    among: list[tuple[str, Any]] = []
    ranges: list[tuple[str, str, Any]] = []
    given = {each.field: each for each in query.conditions}
    for each in query.conditions:
        if each.field in _AMONG:
            among.append((_AMONG[each.field], each.value))
        elif each.field in _EQUAL:
            equal.append((_EQUAL[each.field], each.value))
        elif each.field in _RANGES:
            value = _units(each, given) if each.field == "gross" else each.value
            ranges.append((_RANGES[each.field], _OPERATORS[each.operator], value))
    origins: tuple[str, ...] = given["origin"].value if "origin" in given else ()
    metadata = {str(each.key): each.value for each in query.conditions if each.field == "metadata"}
    return DocumentFilter(
        equal=equal,
        among=among,
        ranges=ranges,
        overdue=given["overdue"].value if "overdue" in given else None,
        imported=origins[0] == "imported" if len(origins) == 1 else None,
        text=sort_key(given["q"].value) if "q" in given else None,
        metadata=json.dumps(metadata) if metadata else None,
    )


def _units(condition: Condition, given: Mapping[str, Condition]) -> int:
    currency = given.get("currency")
    try:
        digits = exponent(currency.value if currency else "")
    except DomainError:
        wrong = parameter_problem("query", "currency", "needed", "Amounts need their currency.")
        raise InvalidQuery(problems=[wrong]) from None
    units = Decimal(condition.value).scaleb(digits)
    # Between two units nothing is equal, and what lies above one lies above the other.
    whole = int(units.to_integral_value(ROUND_FLOOR))
    if units != whole and condition.operator == "eq":
        return -_BIGINT_MAX
    if units != whole and condition.operator in {"gte", "lt"}:
        whole += 1
    return max(-_BIGINT_MAX, min(whole, _BIGINT_MAX))


def document_slice(query: ListQuery) -> Slice:
    """The part of the list that is asked for. Raises InvalidQuery for an `after` of another."""
    part = Slice(
        sort=query.sort,
        descending=query.descending,
        limit=query.limit,
        whole="content" in query.expand,
    )
    if query.after is None:
        return part
    key: Any = query.after.key
    if is_by_making(document_filter(query), part):
        key = _moment(key)
    return replace(part, after=(key, query.after.id))


def _moment(key: Any) -> datetime:
    """The time of making that a cursor holds."""
    try:
        moment = datetime.fromisoformat(str(key))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        said = "This is not a cursor; use `next` of the page before."
        wrong = parameter_problem("query", "after", "invalid_cursor", said)
        raise InvalidQuery(problems=[wrong])
    return moment
