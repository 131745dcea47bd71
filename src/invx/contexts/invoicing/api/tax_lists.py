"""What the tax ledger can be asked, and what the questions mean in its rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_treatment import Supplied
from invx.contexts.invoicing.read.tax_periods import PERIOD, months_in
from invx.contexts.invoicing.read.tax_queries import TaxSlice
from invx.contexts.invoicing.read.tax_views import REGISTRATION
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row
from invx.infra.http.fields import typeid_pattern
from invx.infra.http.filters import EQUAL, Amount, Choice, Condition, Day, Flag, Id, Text
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery
from invx.infra.http.problems import parameter_problem

MONTH = r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])"
MONTHS_MAX = 120
_TREATMENT = r"[^,\x00-\x1f\x7f]{1,300}"
_TREATMENTS_MAX = 200
_PLACE = r"(\d{4}-\d\d) (\d{4}-\d\d-\d\d) (\d{1,9})"


@dataclass(frozen=True, slots=True)
class Month:
    """A reporting period: a month. Ranges go by the day, which an index has in order."""

    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "pattern": f"^{MONTH}$", "examples": ["2026-11"]}

    def parse(self, text: str) -> str:
        if not re.fullmatch(MONTH, text, re.ASCII):
            raise ValueError("Expected a month such as 2026-11.")
        return text


@dataclass(frozen=True, slots=True)
class Months:
    """A reporting period: a month, a quarter or a year; parsed, its first and last month."""

    operators: ClassVar[tuple[str, ...]] = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "pattern": f"^{PERIOD}$", "examples": ["2026-11", "2026-Q4"]}

    def parse(self, text: str) -> tuple[str, str]:
        if not re.fullmatch(PERIOD, text, re.ASCII):
            raise ValueError("Expected a month, quarter or year such as 2026-11, 2026-Q4, 2026.")
        return months_in(text)


class Origins(Months):
    """The period of the supply; `gte` takes all that is not earlier, such as advances have it."""

    operators = (EQUAL, "gte")


@dataclass(frozen=True, slots=True)
class Treatments:
    """One or more treatments as entries have them, separated by commas: a tuple."""

    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        listed = f"^{_TREATMENT}(,{_TREATMENT})*$"
        return {"type": "string", "pattern": listed, "examples": ["vat/domestic/-/S/19/DE"]}

    def parse(self, text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(text.split(",")))
        if len(found) > _TREATMENTS_MAX or not all(
            re.fullmatch(_TREATMENT, each) for each in found
        ):
            raise ValueError(f"Expected up to {_TREATMENTS_MAX} treatments of entries.")
        return found


class One(Id):
    """One TypeID of a kind, as a UUID."""

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "pattern": f"^{typeid_pattern(self.prefix)}$"}

    def parse(self, text: str) -> Any:
        if "," in text:
            raise ValueError("Expected one id.")
        return Id.parse(self, text)[0]


ENTRIES = Listing(
    filters={
        "legal_entity": Id(LEGAL_ENTITY),
        "period": Months(),
        "origin_period": Origins(),
        "registration": Id(REGISTRATION),
        "registered": Flag(),
        "cause": Choice(tuple(TaxCause)),
        "category": Text(20),
        "rate": Amount(),
        "regime": Text(20),
        "scheme": Text(20),
        "supply": Choice(tuple(Supplied)),
        "treatment": Treatments(),
        "country": Text(2),
        "jurisdiction": Text(20),
        "currency": Text(3),
        "tax_currency": Text(3),
        "reporting_currency": Text(3),
        "accounted": Flag(),
        "provisional": Flag(),
        "invoice": Id(INVOICE),
        "same_buyer_as": One(INVOICE),
        "tax_point": Day(),
    },
    sorts={"tax_point": str},  # and the place among the document's entries: see `place_of`
    default_sort="tax_point",
)
_AMONG = {
    "legal_entity": "legal_entity_id",
    "registration": "registration_id",
    "cause": "cause",
    "invoice": "document_id",
    "supply": "supply",
    "treatment": "treatment",
}
_COMPARED = ("rate", "tax_point")
# Entries of before their period of origin was kept are of the period that they are in.
_SPANS = {"period": "period", "origin_period": "coalesce(origin_period, period)"}
_EXPRESSIONS = {"reporting_currency": "coalesce(tax_currency, currency)"}
_MISSING = {"registered": "registration_id", "accounted": "tax_currency"}
OPERATORS = {"eq": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


def tax_slice(query: ListQuery) -> TaxSlice:
    """The entries that are asked for, in terms of rows."""
    equal: list[tuple[str, Any]] = []
    among: list[tuple[str, Any]] = []
    ranges: list[tuple[str, str, Any]] = []
    given: list[tuple[str, bool]] = []
    buyer_of = None
    for each in query.conditions:
        if each.field == "same_buyer_as":
            buyer_of = each.value
        elif each.field in _SPANS:
            ranges += [(_SPANS[each.field], *bound) for bound in _bounds(each)]
        elif each.field in _AMONG:
            among.append((_AMONG[each.field], each.value))
        elif each.field in _COMPARED:
            ranges.append((each.field, OPERATORS[each.operator], each.value))
        elif each.field in _MISSING:
            given.append((_MISSING[each.field], each.value))
        else:
            equal.append((_EXPRESSIONS.get(each.field, each.field), each.value))
    return TaxSlice(
        equal=equal,
        among=among,
        ranges=ranges,
        given=given,
        buyer_of=buyer_of,
        by_period=any(name == "period" and operator != "=" for name, operator, _ in ranges),
        descending=query.descending,
        after=after_of(query),
        limit=query.limit,
    )


def _bounds(condition: Condition) -> tuple[tuple[str, str], ...]:
    """The months that a period stands for, as comparisons."""
    first, last = condition.value
    if condition.operator == "gte":
        return ((">=", first),)
    return (("=", first),) if first == last else ((">=", first), ("<=", last))


def place_of(row: Row, day: str = "tax_point") -> tuple[str, UUID]:
    """Where a page ends: as the position of a cursor holds it."""
    return f"{row['period']} {row[day]} {row['sequence']}", row["document_id"]


def after_of(query: ListQuery) -> tuple[str, date, UUID, int] | None:
    if query.after is None:
        return None
    place = re.fullmatch(_PLACE, str(query.after.key), re.ASCII)
    try:
        period, day, sequence = place.groups() if place else ("", "", "")
        return period, date.fromisoformat(day), query.after.id, int(sequence)
    except ValueError:
        problem = parameter_problem("query", "after", "invalid_cursor", "Not of this list.")
        raise InvalidQuery(problems=[problem]) from None


def months_of(first: str, last: str) -> tuple[str, str]:
    """The months of a summary. Raises InvalidQuery when there are none, or too many."""
    count = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1
    if not 0 < count <= MONTHS_MAX:
        detail = f"Ask for 1 to {MONTHS_MAX} months; `from` comes before `to`."
        problem = parameter_problem("query", "from", "invalid_range", detail)
        raise InvalidQuery(problems=[problem])
    return first, last
