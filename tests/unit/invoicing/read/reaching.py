"""The tax ledger in memory: sums as the database makes them, and what an address finds in it."""

from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from operator import ge, gt, le, lt
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from invx.contexts.invoicing.api.tax_lists import ENTRIES, tax_slice
from invx.contexts.invoicing.read.rows import tax_entry_row
from invx.infra.http.pagination import parse_list_query
from tests.unit.invoicing.domain.drafts import ENTITY
from tests.unit.invoicing.domain.taxed import Case, entries_of

Row = dict[str, Any]
_COMPARED = {"=": lambda one, other: one == other, ">=": ge, ">": gt, "<=": le, "<": lt}
_ORIGIN = "coalesce(origin_period, period)"
_REPORTING = "coalesce(tax_currency, currency)"


def rows_in(subject: Case) -> list[Row]:
    """The rows of all entries of a document and its credit notes, generated columns included."""
    return [
        tax_entry_row(settlement.claim.document_id, ENTITY, entry)
        | {"document_id": settlement.claim.document_id, "treatment": _treatment(entry)}
        for settlement in subject.settlements
        for entry in entries_of(settlement)
    ]


def _treatment(entry: Any) -> str:
    """As migration 0140 generates it."""
    rate = format(entry.rate.normalize(), "f")
    said = (entry.regime, entry.scheme, entry.supply, entry.category, rate, entry.jurisdiction)
    return "/".join(str(each) if each else "-" for each in said).replace(",", "%2C")


def reporting(row: Row) -> Any:
    """The currency that the entry is reported in."""
    return row["tax_currency"] or row["currency"]


def origin(row: Row) -> Any:
    """The period of the supply; entries of before have none."""
    return row["origin_period"] or row["period"]


def grouped(rows: Iterable[Row], by: Sequence[str], **made: Any) -> list[Row]:
    """Sums as SQL makes them: by these columns, and by what functions make of a row."""
    sums: dict[tuple[Any, ...], Row] = {}
    treatments: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for row in rows:
        values = {name: row[name] for name in by} | {name: of(row) for name, of in made.items()}
        key = tuple(values.values())
        found = sums.setdefault(key, values | {"base": 0, "tax": 0, "count": 0})
        for name in ("base", "tax"):
            stated = row[f"accounted_{name}"]
            found[name] += row[name] if stated is None else stated
        found["count"] += 1
        treatments[key].add(row["treatment"])
    return [{**row, "treatments": sorted(treatments[key])} for key, row in sums.items()]


def reached(address: str, rows: Iterable[Row], *, buyers: dict[UUID, Any]) -> list[Row]:
    """The rows that `GET /v1/tax/entries` gives for an address; `buyers` is who bought what."""
    split = urlsplit(address)
    assert split.path == "/v1/tax/entries", address
    wanted = tax_slice(parse_list_query(ENTRIES, parse_qsl(split.query, keep_blank_values=True)))
    found = []
    for each in rows:
        row = each | {_REPORTING: reporting(each), _ORIGIN: origin(each)}
        same = wanted.buyer_of is None or buyers[row["document_id"]] == buyers[wanted.buyer_of]
        if (
            same
            and all(row[name] == value for name, value in wanted.equal)
            and all(row[name] in values for name, values in wanted.among)
            and all(_COMPARED[way](row[name], value) for name, way, value in wanted.ranges)
            and all((row[name] is not None) is there for name, there in wanted.given)
        ):
            found.append(each)
    return found


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """What a query gives whose connection answers at once."""
    try:
        work.send(None)
    except StopIteration as stopped:
        return stopped.value
    raise AssertionError("it waits for something")
