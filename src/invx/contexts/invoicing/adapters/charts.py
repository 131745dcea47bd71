"""The charts of accounts that are shipped, read once at start. Strict: an error names the row."""

import re
import tomllib
from dataclasses import fields
from importlib.resources import files
from typing import Any

import msgspec

from invx.contexts.invoicing.domain.bookkeeping.chart import AccountRow, Chart, Charts, doubled
from invx.kernel.errors import Invalid, Problem

_ACCOUNT = re.compile(r"[0-9]{3,8}")
_ROW = {each.name for each in fields(AccountRow)}
_CHART = {each.name for each in fields(Chart)} - {"rows"} | {"row"}


class ChartInvalid(Invalid):
    """The text is not a chart of accounts; the problem names the place."""


def shipped_charts() -> Charts:
    """The charts by code. Raises ChartInvalid."""
    folder = files("invx.contexts.invoicing.adapters") / "chart_files"
    found = [chart_of(file.read_text("utf-8")) for file in folder.iterdir()]
    return {chart.code: chart for chart in sorted(found, key=lambda each: each.code)}


def chart_of(text: str) -> Chart:
    """A chart from its TOML text. Raises ChartInvalid."""
    try:
        values: dict[str, Any] = tomllib.loads(text)
        chart = msgspec.convert({**values, "rows": values.get("row", [])}, Chart)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise _wrong("/", str(wrong)) from None
    if unknown := values.keys() - _CHART:
        raise _wrong(f"/{min(unknown)}", "is not known")
    for index, (written, row) in enumerate(zip(values["row"], chart.rows, strict=True)):
        _check(f"/row/{index}", written, row)
    for index in doubled(chart.rows):
        raise _wrong(f"/row/{index}", "has the conditions of a row before it")
    return chart


def _check(at: str, written: dict[str, Any], row: AccountRow) -> None:
    if unknown := written.keys() - _ROW:
        raise _wrong(f"{at}/{min(unknown)}", "is not known")
    if (row.account is None) == (row.asks is None):
        raise _wrong(at, "has an account, or asks")
    if row.account is not None and not _ACCOUNT.fullmatch(row.account):
        raise _wrong(f"{at}/account", f"{row.account!r} is not an account")


def _wrong(at: str, detail: str) -> ChartInvalid:
    return ChartInvalid(f"{at}: {detail}", problems=[Problem(at, "chart_invalid", detail)])
