"""What lists and selections of documents are narrowed to, as conditions of their SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.kernel.context import RequestContext


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """What a list is narrowed to. Absent parts do not appear in the SQL at all."""

    equal: Sequence[tuple[str, Any]] = ()  # column, value
    among: Sequence[tuple[str, Sequence[Any]]] = ()  # column, words or ids
    ranges: Sequence[tuple[str, str, Any]] = ()  # column, operator, value
    overdue: bool | None = None
    imported: bool | None = None
    text: str | None = None
    metadata: str | None = None  # JSON object


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that an index answers by itself: it leads with the tenant and this column.

    `choices` are the values of which the column may have any. Such an index ends with the
    document's id, so for each of them it yields documents in the order of their making. A range
    has that order by another index only, to which `in_order` speaks: the planner confuses neither.
    """

    table: str
    column: str
    condition: str  # with {} for each value
    values: tuple[Any, ...]
    choices: Sequence[Any] = ()
    in_order: str | None = None

    @property
    def is_settlement(self) -> bool:
        """Whether it speaks of what is settled, not of the document itself."""
        return self.column.startswith("s.")

    @property
    def branches(self) -> Sequence[tuple[str, tuple[Any, ...]]]:
        """What it finds, in parts that are one range of its index each."""
        each = [(f"{self.column} = {{}}", (value,)) for value in self.choices]
        return each or [(self.condition, self.values)]

    @property
    def order(self) -> str:
        """The order of its index within a part: asked for, no table is read whole for the part."""
        key = f"{self.table[-1]}.document_id"
        return f"{self.column}, {key}" if self.is_range else key

    @property
    def is_range(self) -> bool:
        """Whether it finds documents with several values of its column."""
        return bool(self.values) and not self.choices


class Statement:
    """Conditions with their values; the text depends only on which filters there are."""

    def __init__(self, ctx: RequestContext) -> None:
        self.conditions = ["d.tenant_id = $1"]
        self.values: list[Any] = [ctx.tenant_id]
        self.by_settlement = False
        self._now = ctx.now

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(self.placed(condition, *values))

    def placed(self, condition: str, *values: Any) -> str:
        """The condition, its values being kept for when the statement is sent."""
        first = len(self.values) + 1
        self.values += values
        return condition.format(*(f"${first + place}" for place in range(len(values))))

    def pair(self, condition: str, values: tuple[Any, Any]) -> None:
        self.add(f"{condition} ({{}}, {{}})", *values)

    def narrow(self, wanted: DocumentFilter) -> None:
        self.by_settlement = wanted.overdue is True or "s.status" in dict(wanted.among)
        for each in filters_of(wanted, self._now):
            self.add(each.condition, *each.values)
        self.conditions += self.left_out(wanted)

    def left_out(self, wanted: DocumentFilter) -> list[str]:
        """What no index answers: nearly all documents are not overdue and not imported."""
        found: list[str] = []
        if wanted.imported is False:
            found.append("d.origin = 'issued'")
        if wanted.overdue is False:
            condition = (
                "(s.open IS NULL OR s.open = 0 OR s.overdue_from IS NULL OR s.overdue_from > {})"
            )
            found.append(self.placed(condition, self._now))
        return found


def filters_of(wanted: DocumentFilter, now: datetime) -> list[Filter]:
    """What documents are narrowed to, each part for itself; `now` is the business time."""
    found = [_one_of(column, (value,)) for column, value in wanted.equal]
    found += [_one_of(column, values) for column, values in wanted.among]
    ranges: dict[str, list[tuple[str, Any]]] = {}
    for column, operator, value in wanted.ranges:
        ranges.setdefault(column, []).append((f"{column} {operator} {{}}", value))
    for column, ends in ranges.items():
        condition = " AND ".join(each for each, _ in ends)
        found.append(Filter(_DOCUMENTS, column, condition, tuple(value for _, value in ends)))
    if wanted.imported is True:  # said by itself: an index holds the few that are
        found.append(Filter(_DOCUMENTS, "d.origin", "d.origin = 'imported'", ()))
    if wanted.overdue is True:
        owed = "s.open > 0 AND s.overdue_from <= {}"
        in_order = "s.open_units > 0 AND s.overdue_from <= {}"
        found.append(Filter(_SETTLEMENTS, "s.overdue_from", owed, (now,), in_order=in_order))
    return found


# A filter may find documents by their settlement. Any other takes that of each row, or the planner
# may read all settlements first: for a new tenant without statistics, or for few left out.
_JOINED = """LEFT JOIN invoicing.settlements s
    ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id"""
LOOKED_UP = """LEFT JOIN LATERAL (SELECT * FROM invoicing.settlements o
    WHERE o.tenant_id = d.tenant_id AND o.document_id = d.document_id LIMIT 1) s ON true"""


def settlement_of(statement: Statement) -> str:
    """How a document's settlement `s` is joined."""
    return _JOINED if statement.by_settlement else LOOKED_UP


_DOCUMENTS, _SETTLEMENTS = "invoicing.documents d", "invoicing.settlements s"


def _one_of(column: str, values: Sequence[Any]) -> Filter:
    table = _SETTLEMENTS if column.startswith("s.") else _DOCUMENTS
    if len(values) == 1:
        return Filter(table, column, f"{column} = {{}}", (values[0],), values)
    kind = "uuid" if isinstance(values[0], UUID) else "text"
    return Filter(table, column, f"{column} = ANY({{}}::{kind}[])", (list(values),), values)
