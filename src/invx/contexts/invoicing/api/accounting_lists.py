"""What the journal and the open items can be asked, and what the questions mean in their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from invx.contexts.invoicing.api.tax_lists import OPERATORS, Month, after_of
from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.read.open_items import OpenItemSlice
from invx.contexts.invoicing.read.tax_queries import TaxSlice
from invx.contexts.invoicing.read.views import ENTRY, INVOICE, LEGAL_ENTITY
from invx.contexts.invoicing.read.withholding import WithholdingSlice
from invx.infra.http.filters import EQUAL, Choice, Day, Flag, Id, Text
from invx.infra.http.pagination import Listing, ListQuery


@dataclass(frozen=True, slots=True)
class OneDay:
    """A date, not a range of dates."""

    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return Day().schema

    def parse(self, text: str) -> date:
        return Day().parse(text)


BOOKINGS = Listing(
    filters={
        "legal_entity": Id(LEGAL_ENTITY),
        "period": Month(),
        "invoice": Id(INVOICE),
        "settlement_entry": Id(ENTRY),
        "kind": Choice(tuple(BookingKind)),
        "account": Text(20),
        "currency": Text(3),
        "cost_center": Text(36),
        "cost_object": Text(36),
        "pending": Flag(),
        "booked_on": Day(),
    },
    sorts={"booked_on": str},  # and the place among the document's bookings
    default_sort="booked_on",
)
OPEN_ITEMS = Listing(
    filters={"legal_entity": Id(LEGAL_ENTITY), "customer": Text(100), "on": OneDay()},
    sorts={"buyer": str},
    default_sort="buyer",
)
WITHHOLDING = Listing(
    filters={
        "legal_entity": Id(LEGAL_ENTITY),
        "customer": Text(100),
        "from": OneDay(),
        "to": OneDay(),
    },
    sorts={"buyer": str},
    default_sort="buyer",
)
_AMONG = {
    "legal_entity": "legal_entity_id",
    "invoice": "document_id",
    "settlement_entry": "settlement_entry",
    "kind": "kind",
}


def booking_slice(query: ListQuery) -> TaxSlice:
    """The bookings that are asked for, in terms of rows."""
    equal: list[tuple[str, Any]] = []
    among: list[tuple[str, Any]] = []
    either: list[tuple[tuple[str, str], Any]] = []
    ranges: list[tuple[str, str, Any]] = []
    for each in query.conditions:
        if each.field in _AMONG:
            among.append((_AMONG[each.field], each.value))
        elif each.field == "account":
            either.append((("debit", "credit"), each.value))
        elif each.field == "booked_on":
            ranges.append((each.field, OPERATORS[each.operator], each.value))
        else:
            equal.append((each.field, each.value))
    return TaxSlice(
        equal=equal,
        among=among,
        either=either,
        ranges=ranges,
        descending=query.descending,
        after=after_of(query),
        limit=query.limit,
    )


def open_item_slice(query: ListQuery) -> OpenItemSlice:
    """The open items that are asked for."""
    said = {each.field: each.value for each in query.conditions}
    return OpenItemSlice(
        on=said.get("on"),
        legal_entities=said.get("legal_entity"),
        customer=said.get("customer"),
        after=str(query.after.key) if query.after else None,
        descending=query.descending,
        limit=query.limit,
    )


def withholding_slice(query: ListQuery) -> WithholdingSlice:
    """The withholding that is asked for."""
    said = {each.field: each.value for each in query.conditions}
    return WithholdingSlice(
        first=said.get("from", date.min),
        last=said.get("to", date.max),
        legal_entities=said.get("legal_entity"),
        customer=said.get("customer"),
        after=str(query.after.key) if query.after else None,
        descending=query.descending,
        limit=query.limit,
    )
