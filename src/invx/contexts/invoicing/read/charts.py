"""What the API shows of charts of accounts, and of the accounts of a document."""

from typing import Any

import msgspec

from invx.contexts.invoicing.domain.bookkeeping.chart import Chart
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount


def chart_summary(chart: Chart) -> dict[str, Any]:
    """A chart without its rows."""
    return {
        "object": "chart",
        "code": chart.code,
        "name": chart.name,
        "version": chart.version,
        "source": chart.source,
        "accounts": len({row.account for row in chart.rows if row.account}),
    }


def chart_view(chart: Chart) -> dict[str, Any]:
    """A chart with its rows."""
    return {**chart_summary(chart), "rows": [msgspec.to_builtins(row) for row in chart.rows]}


def line_account_view(found: LineAccount) -> dict[str, Any]:
    """Where a line of a document is booked, and why."""
    return {
        "line_id": found.line_id,
        "account": found.account.account,
        "tax_key": found.account.tax_key,
        "automatic": found.account.automatic,
        "why": found.why,
        "scheme": found.scheme,
        "country": found.country,
        "cost_center": found.cost_center,
        "cost_object": found.cost_object,
    }
