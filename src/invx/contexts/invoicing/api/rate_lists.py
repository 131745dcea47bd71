"""What the list of exchange rates can be asked, and what the questions mean in its rows."""

import re
from datetime import date

from invx.contexts.invoicing.read.exchange_rates import RateSlice
from invx.infra.http.filters import Day, Text
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery
from invx.infra.http.problems import parameter_problem

RATES = Listing(
    filters={
        "source": Text(30),
        "base": Text(3),
        "quote": Text(3),
        "first_day": Day(),
    },
    sorts={"first_day": str},  # and what is left of the key: see `place_of`
    default_sort="-first_day",
)
_OPERATORS = {"eq": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
_PLACE = re.compile(r"(\d{4}-\d\d-\d\d) ([a-z0-9_]{1,30}) ([A-Z]{3}) ([A-Z]{3})", re.ASCII)


def rate_slice(query: ListQuery) -> RateSlice:
    """The rates that are asked for, in terms of rows."""
    equal, ranges = [], []
    for each in query.conditions:
        if each.field == "first_day":
            ranges.append((each.field, _OPERATORS[each.operator], each.value))
        else:
            equal.append((each.field, each.value))
    return RateSlice(
        equal=equal,
        ranges=ranges,
        descending=query.descending,
        after=_after(query),
        limit=query.limit,
    )


def _after(query: ListQuery) -> tuple[date, str, str, str] | None:
    if query.after is None:
        return None
    place = _PLACE.fullmatch(str(query.after.key))
    try:
        if place is not None:
            return date.fromisoformat(place[1]), place[2], place[3], place[4]
    except ValueError:
        place = None
    problem = parameter_problem("query", "after", "invalid_cursor", "Not of this list.")
    raise InvalidQuery(problems=[problem])
