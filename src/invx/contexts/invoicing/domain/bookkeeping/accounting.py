"""How a legal entity keeps its books: the chart, its own rows over it, cost centres."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from invx.contexts.invoicing.domain.bookkeeping.chart import AccountRow, Charts, doubled
from invx.contexts.invoicing.domain.countries import COUNTRIES
from invx.kernel.errors import Problem

OVERRIDES_MAX = 500
_ACCOUNT = re.compile(r"[0-9]{3,9}")
_TAX_KEY = re.compile(r"[0-9]{1,4}")
_COST = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/ \-]{0,35}")  # DATEV: KOST1 and KOST2, 36 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """That there are books, and how: documents are booked from when this is set.

    Without a `chart` only the entity's own rows hold. The dimensions name what of a line's
    `dimensions` is its cost centre and its cost object.
    """

    chart: str | None = None
    overrides: tuple[AccountRow, ...] = ()
    cost_center_dimension: str | None = None
    cost_object_dimension: str | None = None


def accounting_problems(accounting: Accounting) -> Iterator[Problem]:
    """What is wrong with the settings, whatever charts there are."""
    at = "/accounting/overrides"
    if len(accounting.overrides) > OVERRIDES_MAX:
        yield Problem(at, "too_many", f"At most {OVERRIDES_MAX}.")
    for index, row in enumerate(accounting.overrides):
        if row.account is None or not is_account(row.account):
            detail = "An account has 3 to 9 digits."
            yield Problem(f"{at}/{index}/account", "account_malformed", detail)
        if row.tax_key is not None and not is_tax_key(row.tax_key):
            detail = "A tax key has 1 to 4 digits."
            yield Problem(f"{at}/{index}/tax_key", "tax_key_malformed", detail)
        if row.country is not None and row.country not in COUNTRIES:
            detail = f"{row.country!r} is not a country code of ISO 3166-1."
            yield Problem(f"{at}/{index}/country", "country_unknown", detail)
        if row.days[1] < row.days[0]:
            detail = "The last day lies before the first."
            yield Problem(f"{at}/{index}/valid_until", "validity_reversed", detail)
    for index in doubled(accounting.overrides):
        detail = "An earlier row holds under the same conditions."
        yield Problem(f"{at}/{index}", "account_rows_overlap", detail)


def chart_problems(accounting: Accounting | None, charts: Charts) -> tuple[Problem, ...]:
    """A chart that nobody ships is refused."""
    if accounting is None or accounting.chart is None or accounting.chart in charts:
        return ()
    detail = f"There are the charts {', '.join(sorted(charts))}."
    return (Problem("/accounting/chart", "chart_unknown", detail),)


def is_account(text: str) -> bool:
    """Whether it can be an account of the general ledger."""
    return bool(_ACCOUNT.fullmatch(text))


def is_tax_key(text: str) -> bool:
    """Whether it can be a tax key, such as a DATEV BU key."""
    return bool(_TAX_KEY.fullmatch(text))


def is_cost(text: str) -> bool:
    """Whether it can be a cost centre or a cost object."""
    return bool(_COST.fullmatch(text))
