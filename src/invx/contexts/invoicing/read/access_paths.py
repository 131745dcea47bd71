"""How a page of documents is found, at about the same cost however many there are.

A list is a walk along the index of its order, filtered on the way, or it sorts the few that an
index of a filter finds. Which is quick depends on how many documents of this tenant a filter
finds. The planner knows that of all tenants together only, so it walked a million documents of a
tenant for the ten that are overdue (docs/measurements/growth.md). Here it is counted first, up to a
bound, and the statement leaves one way only.

Not bounded: filters that find more than `Bounds.many` each and have few documents in common, or
that find more than so many which all lie at the far end of the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.read.conditions import (
    LOOKED_UP,
    DocumentFilter,
    Filter,
    Statement,
    filters_of,
)
from invx.contexts.invoicing.read.views import Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numbers of documents: `few` are sorted at once; otherwise a walk looks at `walked` of them.

    Where some filter finds no more than `many`, their ids are read first, and the walk passes
    `passed` entries of its index instead, looking at those documents only. If it does not fill the
    page, `many` are still sorted sooner than it goes on without an end.
    """

    few: int = 2_000
    walked: int = 4_000
    passed: int = 20_000
    many: int = 10_000


BOUNDS = Bounds()

SELECTED = f"""
SELECT d.*, s.status AS s_status, s.open, s.paid, s.credited, s.written_off, s.surplus,
    s.overdue_from, s.disputed, s.total, s.settled, s.instalments,
    s.due_date AS next_due_date{{content}}
FROM {{documents}}
{LOOKED_UP}
{{join}}
"""
CONTENT = ", c.resource::text AS resource"
JOIN_CONTENT = """JOIN invoicing.document_contents c ON c.tenant_id = d.tenant_id
    AND c.document_id = d.document_id
"""


@dataclass(frozen=True, slots=True)
class DocumentSort:
    """An order of the list: a column of an index that ends with the document's id.

    `missing` finds those without a value there, by an index too, if there can be any. They stand
    behind all others, before them when the order is turned around: sorting leaves nothing out.
    """

    column: str
    missing: str | None = None

    def lead(self, *, missing: bool) -> str:
        """What the order begins with, unless all of these documents have the same there."""
        if missing and self.missing is not None and not self.missing.endswith("IS NULL"):
            return "d.document_id"
        return self.column

    def order(self, *, missing: bool, descending: bool) -> str:
        """The order within the documents that have a value, or within those that have none."""
        columns = dict.fromkeys((self.lead(missing=missing), "d.document_id"))
        return ", ".join(f"{column} {'DESC' if descending else 'ASC'}" for column in columns)


SORTS = {
    "created": DocumentSort("d.document_id"),
    "issue_date": DocumentSort("d.issue_date", "d.issue_date IS NULL"),
    "due_date": DocumentSort("d.due_date", "d.due_date IS NULL"),
    "number": DocumentSort("d.number", "d.status = 'draft'"),  # drafts have none
    "gross": DocumentSort("d.gross_units"),
    "buyer": DocumentSort("d.buyer_sort", "d.buyer_sort IS NULL"),
}
_BY_ID = SORTS["created"]
_BY_MAKING = DocumentSort("d.created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which part of a list: after this (sort value, id), so many, in this order."""

    sort: str = "created"
    descending: bool = True
    after: tuple[Any, UUID] | None = None
    limit: int = 25
    whole: bool = False  # with lines and all


def sort_of(wanted: DocumentFilter, part: Slice) -> DocumentSort:
    """The index along which a list is walked."""
    return _BY_MAKING if is_by_making(wanted, part) else SORTS[part.sort]


def is_by_making(wanted: DocumentFilter, part: Slice) -> bool:
    """Whether the times of making bound the list that is sorted by them: their index serves both.

    Otherwise it is sorted by the ids, which are made in the same order and stand in every filter's
    index; and so is a search, which has taken its documents by their ids already.
    """
    is_searched = wanted.text is not None or wanted.metadata is not None
    is_bounded = any(column == _BY_MAKING.column for column, *_ in wanted.ranges)
    return part.sort == "created" and is_bounded and not is_searched


async def page_of(
    conn: Connection,
    ctx: RequestContext,
    wanted: DocumentFilter,
    part: Slice,
    found: Sequence[UUID] | None,
) -> list[Row]:
    """The rows of a page, and one more if there are more; among those `found`, if they are said."""
    rows: list[Row] = []
    for missing in _stretches(wanted, part):
        count = part.limit + 1 - len(rows)
        rows += await _rows(conn, _Stretch(ctx, wanted, part, found, missing, count))
        if len(rows) > part.limit:
            break
    return rows


def _stretches(wanted: DocumentFilter, part: Slice) -> Sequence[bool]:
    """What is still to be listed: documents with a value to sort by, those without (True), both.

    Each is one range of an index, which `NULLS LAST` with a position to go on from is not.
    """
    if sort_of(wanted, part).missing is None:
        return (False,)
    both: Sequence[bool] = (True, False) if part.descending else (False, True)
    both = both if part.after is None else both[both.index(part.after[0] is None) :]
    return tuple(missing for missing in both if _can_be(wanted, part, missing=missing))


def _can_be(wanted: DocumentFilter, part: Slice, *, missing: bool) -> bool:
    """Drafts, and they alone, have no number, and nothing is settled of them."""
    if part.sort != "number":
        return True
    among = dict(wanted.among)
    if not missing:
        return list(among.get("d.status", ())) != ["draft"]
    is_settled = wanted.overdue is True or "s.status" in among
    return not is_settled and "draft" in among.get("d.status", ("draft",))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One range of the order of which rows are wanted, so many at most."""

    ctx: RequestContext
    wanted: DocumentFilter
    part: Slice
    found: Sequence[UUID] | None
    missing: bool
    count: int

    @property
    def sort(self) -> DocumentSort:
        return sort_of(self.wanted, self.part)

    @property
    def lead(self) -> str:
        return self.sort.lead(missing=self.missing)

    @property
    def order(self) -> str:
        return self.sort.order(missing=self.missing, descending=self.part.descending)

    @property
    def apart(self) -> list[Filter]:
        """Filters that the index of the order does not answer."""
        filters = filters_of(self.wanted, self.ctx.now)
        return [each for each in filters if each.column != self.sort.column]

    @property
    def is_filtered_only_by_one(self) -> bool:
        """Whether the ids that one filter finds, in the order of making, are the page."""
        unanswered = self.wanted.overdue is False or self.wanted.imported is False
        if self.sort is not _BY_ID or len(self.apart) != 1 or unanswered:
            return False
        return not self.apart[0].is_range or self.apart[0].in_order is not None

    def begun(self) -> Statement:
        """What the index of the order answers: its range, where the page begins."""
        statement, sort = Statement(self.ctx), self.sort
        if sort.missing is not None:
            bound = sort.missing if self.missing else f"{sort.column} IS NOT NULL"
            statement.conditions.append(bound)
        for each in filters_of(self.wanted, self.ctx.now):
            if each.column == sort.column:
                statement.add(each.condition, *each.values)
        after = self.part.after
        if after is not None and (after[0] is None) is self.missing:
            if self.missing or sort is _BY_ID:
                statement.add(f"d.document_id {self._beyond} {{}}", after[1])
            else:
                statement.pair(f"({sort.column}, d.document_id) {self._beyond}", after)
        return statement

    @property
    def _beyond(self) -> str:
        return "<" if self.part.descending else ">"

    def in_order_of_making(self, statement: Statement, one: Filter) -> str:
        """The ids of the page's documents, if only one filter is asked for, from its index."""
        key = f"{one.column[0]}.document_id"
        bound = f"{one.column[0]}.tenant_id = $1"
        if self.part.after is not None:
            bound += statement.placed(f" AND {key} {self._beyond} {{}}", self.part.after[1])
        way = "DESC" if self.part.descending else "ASC"
        branches = one.branches if one.in_order is None else [(one.in_order, one.values)]
        return " UNION ALL ".join(
            f"(SELECT {key} FROM {one.table} WHERE {bound} AND"
            f" {statement.placed(condition, *values)} ORDER BY {key} {way} LIMIT {self.count})"
            for condition, values in branches
        )


async def _rows(conn: Connection, stretch: _Stretch) -> Sequence[Row]:
    filters = stretch.apart
    if stretch.found is not None or not filters:
        return await _sent(conn, stretch)
    if stretch.is_filtered_only_by_one:
        return await _sent(conn, stretch, one=filters[0])
    counts = await _counted(conn, stretch, filters)
    count, few = min(zip(counts, filters, strict=True), key=lambda each: each[0])
    if count <= BOUNDS.few:
        return await _sent(conn, stretch, few=few)
    listed = [each for each, found in zip(filters, counts, strict=True) if found <= BOUNDS.many]
    rows = await (_passed(conn, stretch, listed) if listed else _sent(conn, stretch, walks=True))
    if len(rows) == stretch.count:
        return rows
    return await _sent(conn, stretch, few=few if listed else None)


async def _counted(conn: Connection, stretch: _Stretch, filters: Sequence[Filter]) -> Sequence[int]:
    """How many documents each filter finds by itself; one above `many` where they are more."""
    statement = Statement(stretch.ctx)
    most = max(BOUNDS.few, BOUNDS.many) + 1
    counted = ", ".join(
        " + ".join(
            f"(SELECT count(*) FROM (SELECT FROM {each.table}"
            f" WHERE {each.column[0]}.tenant_id = $1 AND {statement.placed(condition, *values)}"
            f" ORDER BY {each.order} LIMIT {most}) AS x)"
            for condition, values in each.branches
        )
        for each in filters
    )
    rows = await conn.fetch(f"SELECT {counted}", *statement.values)
    return list(rows[0])


def _found(statement: Statement, one: Filter) -> str:
    """Where the documents are that a filter finds."""
    condition = statement.placed(one.condition, *one.values)
    return f" FROM {one.table} WHERE {one.column[0]}.tenant_id = $1 AND {condition}"


async def _sent(
    conn: Connection,
    stretch: _Stretch,
    *,
    one: Filter | None = None,
    few: Filter | None = None,
    walks: bool = False,
) -> Sequence[Row]:
    """The rows: among what `one` or `few` finds, or along the order, with an end if it `walks`.

    What else is asked for is said so that no index can answer it.
    """
    statement, outside = stretch.begun(), list[str]()
    inside = outside if walks else statement.conditions
    if stretch.found is not None:
        statement.add("d.document_id = ANY({})", stretch.found)
    if one is not None:
        ids = stretch.in_order_of_making(statement, one)
        statement.conditions.append(f"d.document_id = ANY(ARRAY({ids}))")
    source = "invoicing.documents d"
    if few is not None and few.is_settlement:
        ids = f"SELECT s.document_id{_found(statement, few)}"
        statement.conditions.append(f"d.document_id = ANY(ARRAY({ids}))")
    elif few is not None:  # OFFSET 0: nothing else may choose the index
        source = f"(SELECT *{_found(statement, few)} OFFSET 0) d"
    for each in stretch.apart:
        if each not in (one, few):
            (outside if each.is_settlement else inside).append(_looked_at(statement, each))
    within = " AND ".join(statement.conditions)
    outside += statement.left_out(stretch.wanted)
    bound = BOUNDS.walked if walks else None if outside else stretch.count
    limited = f" ORDER BY {stretch.order} LIMIT {bound}" if bound is not None else ""
    documents = f"(SELECT * FROM {source} WHERE {within}{limited}) d"
    text = _selected(stretch, documents, outside, stretch.order)
    return await conn.fetch(text, *statement.values)


async def _passed(conn: Connection, stretch: _Stretch, listed: Sequence[Filter]) -> Sequence[Row]:
    """The rows along the order that `listed` filters find, each of them read whole before."""
    statement = stretch.begun()
    columns = ", ".join(dict.fromkeys((stretch.lead, "d.document_id")))
    walk = (
        f"(SELECT {columns} FROM invoicing.documents d WHERE {' AND '.join(statement.conditions)}"
        f" ORDER BY {stretch.order} LIMIT {BOUNDS.passed}) k"
    )
    ids = [f"SELECT {each.column[0]}.document_id{_found(statement, each)}" for each in listed]
    outside = [f"(k.document_id IN ({each})) IS TRUE" for each in ids]
    outside += [_looked_at(statement, each) for each in stretch.apart if each not in listed]
    outside += statement.left_out(stretch.wanted)
    documents = f"""{walk} CROSS JOIN LATERAL (SELECT * FROM invoicing.documents o
        WHERE o.tenant_id = $1 AND o.document_id = k.document_id LIMIT 1) d"""
    text = _selected(stretch, documents, outside, stretch.order.replace("d.", "k."))
    return await conn.fetch(text, *statement.values)


def _looked_at(statement: Statement, one: Filter) -> str:
    """The condition so that no index can answer it."""
    return f"({statement.placed(one.condition, *one.values)}) IS TRUE"


def _selected(stretch: _Stretch, documents: str, conditions: Sequence[str], order: str) -> str:
    content, join = (CONTENT, JOIN_CONTENT) if stretch.part.whole else ("", "")
    select = SELECTED.format(content=content, documents=documents, join=join)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{select}{where} ORDER BY {order} LIMIT {stretch.count}"
