"""EC sales lists and returns of one-stop shops as files to hand in or to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Import of the German list in the tax offices' portal: a line with the version, one with names,
# then the rows; UTF-8. Rows of zero, and rows without a VAT id, cannot be imported.
_ZM_VERSION = "#v3.0"
_ZM_NAMES = ("USt-IdNr.", "Betrag (Euro)", "Art der Leistung")
_LIST_NAMES = ("vat_id", "code", "stated", "base", "of_period", "corrections", "invoice")
_OSS_NAMES = ("kind", "country", "quarter", "supply", "rate", "base", "tax")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def zm_csv(found: Mapping[str, Any]) -> bytes:
    """An EC sales list as the German portal imports it (Zusammenfassende Meldung, § 18a UStG)."""
    rows = [
        (row["vat_id"], row["stated"], row["code"])
        for row in found["rows"]
        if row["vat_id"] and row["stated"] != "0"
    ]
    return f"{_ZM_VERSION}\n".encode() + _written(_ZM_NAMES, rows)


def sales_list_csv(found: Mapping[str, Any]) -> bytes:
    """An EC sales list, row by row; corrections of earlier periods as `2026-10: -5.00`."""
    rows = [
        (
            _harmless(row["vat_id"] or ""),
            row["code"],
            row["stated"],
            row["base"],
            row["of_period"],
            "; ".join(f"{each['origin_period']}: {each['base']}" for each in row["corrections"]),
            row["invoice"] or "",
        )
        for row in found["rows"]
    ]
    return _written(_LIST_NAMES, rows)


def oss_csv(found: Mapping[str, Any]) -> bytes:
    """The return of a one-stop shop: supplies of the quarter, then corrections of earlier ones."""
    supplies = [
        ("supply", row["country"], found["quarter"], row["supply"] or "", row["rate"], *_sums(row))
        for row in found["supplies"]
    ]
    corrections = [
        ("correction", row["country"], row["quarter"], "", "", *_sums(row))
        for row in found["corrections"]
    ]
    return _written(_OSS_NAMES, supplies + corrections)


def _sums(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["base"], row["tax"]


def _written(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def _harmless(text: str) -> str:
    """What a person typed, never a formula to a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text
