"""Which way a list is found: by how many documents a filter finds, never by what others have."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from invx.contexts.invoicing.read.access_paths import (
    BOUNDS,
    SORTS,
    Slice,
    is_by_making,
    page_of,
    sort_of,
)
from invx.contexts.invoicing.read.conditions import DocumentFilter, filters_of
from invx.kernel.context import Caller, RequestContext

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CTX = RequestContext(Caller(tenant_id=uuid4(), actor="user:test", correlation_id=uuid4()), NOW)
DRAFTS = DocumentFilter(among=[("d.status", ("draft",))])
OPEN = DocumentFilter(among=[("s.status", ("open", "partial"))])
OVERDUE = DocumentFilter(overdue=True)
BUYER = Slice(sort="buyer", descending=False)


@dataclass
class Tables:
    """Stands for a connection: counts of filters in their order, and rows of each page query."""

    counts: tuple[int, ...] = ()
    pages: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    values: list[tuple[Any, ...]] = field(default_factory=list)

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        self.sent.append(statement)
        self.values.append(values)
        used = {f"${place}" for place in range(1, len(values) + 1)}
        assert all(each in statement for each in used), "a value that nothing names"
        if statement.startswith("SELECT (SELECT count"):
            return [self.counts]
        return [{}] * (self.pages.pop(0) if self.pages else 0)

    @property
    def ways(self) -> list[str]:
        return [_way(each) for each in self.sent]


def _way(statement: str) -> str:
    if statement.startswith("SELECT (SELECT count"):
        return "counted"
    if f"LIMIT {BOUNDS.passed}) k" in statement:
        return "passed"
    if f"LIMIT {BOUNDS.walked}) d" in statement:
        return "walked"
    return "sorted" if "= ANY(ARRAY(" in statement or "OFFSET 0" in statement else "on and on"


async def asked(tables: Tables, wanted: DocumentFilter, part: Slice, found: Any = None) -> None:
    await page_of(tables, CTX, wanted, part, found)  # type: ignore[arg-type]


async def test_a_list_without_filters_is_one_walk_along_its_index() -> None:
    for sort in ("created", "gross"):
        tables = Tables()
        await asked(tables, DocumentFilter(), Slice(sort=sort))
        assert tables.ways == ["on and on"]


@pytest.mark.parametrize("wanted", [DRAFTS, OPEN, OVERDUE, DocumentFilter(imported=True)])
async def test_one_filter_in_the_order_of_making_is_answered_at_once(
    wanted: DocumentFilter,
) -> None:
    """Its own index has that order; of several values, a page of each."""
    tables = Tables()
    await asked(tables, wanted, Slice(limit=10, after=("7", UUID(int=7))))
    assert tables.ways == ["sorted"]
    assert tables.sent[0].count("LIMIT 11") == tables.sent[0].count("document_id DESC LIMIT 11")
    assert tables.sent[0].count("document_id <") == (3 if wanted is OPEN else 2)


async def test_a_range_has_no_order_of_making_and_is_counted() -> None:
    tables = Tables(counts=(1,))
    await asked(tables, DocumentFilter(ranges=[("d.due_date", ">=", date(2026, 1, 1))]), Slice())
    assert tables.ways == ["counted", "sorted"]


async def test_few_are_sorted() -> None:
    for wanted in (DRAFTS, OPEN, OVERDUE):
        tables = Tables(counts=(BOUNDS.few,), pages=[26])
        await asked(tables, wanted, BUYER)
        assert tables.ways == ["counted", "sorted"]


async def test_what_most_have_is_met_on_a_walk() -> None:
    for wanted in (DRAFTS, OPEN):
        tables = Tables(counts=(BOUNDS.many + 1,), pages=[26])
        await asked(tables, wanted, BUYER)
        assert tables.ways == ["counted", "walked"]


async def test_a_walk_passes_the_entries_of_others_if_those_wanted_can_be_listed() -> None:
    for wanted in (DRAFTS, OPEN):
        tables = Tables(counts=(BOUNDS.many,), pages=[26])
        await asked(tables, wanted, BUYER)
        assert tables.ways == ["counted", "passed"]


async def test_what_a_walk_does_not_find_soon_is_sorted_while_that_is_bounded() -> None:
    tables = Tables(counts=(BOUNDS.many,), pages=[25, 26])
    await asked(tables, OPEN, BUYER)
    assert tables.ways == ["counted", "passed", "sorted"]
    tables = Tables(counts=(BOUNDS.many + 1,), pages=[25, 26])
    await asked(tables, OPEN, BUYER)
    assert tables.ways == ["counted", "walked", "on and on"]


async def test_of_several_filters_that_which_finds_fewest_leads() -> None:
    wanted = DocumentFilter(equal=[("d.customer", "C-1")], overdue=True)
    tables = Tables(counts=(100, 3), pages=[26])
    await asked(tables, wanted, BUYER)
    assert "SELECT s.document_id FROM invoicing.settlements s" in tables.sent[1]
    assert "(d.customer = $" in tables.sent[1]
    assert ") IS TRUE" in tables.sent[1], "no index may answer the other one"
    tables = Tables(counts=(3, 100), pages=[26])
    await asked(tables, wanted, BUYER)
    assert "d.customer = $2 OFFSET 0" in tables.sent[1]
    assert "(s.open > 0 AND s.overdue_from <= $" in tables.sent[1]


async def test_what_a_search_found_is_not_counted() -> None:
    tables = Tables()
    await asked(tables, DRAFTS, BUYER, [uuid4()])
    assert tables.ways == ["on and on"] * 2, "those with a buyer, and those without"
    assert all("d.document_id = ANY($2)" in each for each in tables.sent)


@pytest.mark.parametrize(
    ("wanted", "stretches"),
    [
        (DocumentFilter(), 2),
        (DRAFTS, 1),
        (OPEN, 1),
        (OVERDUE, 1),
        (DocumentFilter(among=[("d.status", ("draft", "finalized"))]), 2),
        (DocumentFilter(among=[("d.status", ("finalized",))]), 1),
        (DocumentFilter(among=[("d.status", ("draft",)), ("s.status", ("open",))]), 0),
    ],
)
async def test_drafts_alone_have_no_number_and_nothing_to_settle(
    wanted: DocumentFilter, stretches: int
) -> None:
    tables = Tables(counts=(1,) * len(filters_of(wanted, NOW)))
    await asked(tables, wanted, Slice(sort="number"))
    assert len([each for each in tables.ways if each != "counted"]) == stretches


def test_times_of_making_bound_a_list_by_their_own_index() -> None:
    since = DocumentFilter(ranges=[("d.created_at", ">=", NOW)])
    assert is_by_making(since, Slice())
    assert sort_of(since, Slice()).column == "d.created_at"
    assert sort_of(since, BUYER) is SORTS["buyer"]
    assert sort_of(DRAFTS, Slice()) is SORTS["created"]
    searched = DocumentFilter(ranges=since.ranges, text="zebra")
    assert not is_by_making(searched, Slice()), "it has taken its documents by their ids"


def test_both_ends_of_a_range_are_one_filter() -> None:
    ends = [("d.gross_units", ">=", 1), ("d.created_at", "<", NOW), ("d.gross_units", "<", 9)]
    gross, made = filters_of(DocumentFilter(ranges=ends), NOW)
    assert gross.condition == "d.gross_units >= {} AND d.gross_units < {}"
    assert (gross.values, made.values) == ((1, 9), (NOW,))
    assert gross.order == "d.gross_units, d.document_id"
    assert gross.is_range


def test_one_word_is_said_to_be_equal_and_several_are_parts() -> None:
    (one,) = filters_of(DRAFTS, NOW)
    assert (one.condition, one.values) == ("d.status = {}", ("draft",))
    (several,) = filters_of(OPEN, NOW)
    assert several.condition == "s.status = ANY({}::text[])"
    parts = [("s.status = {}", ("open",)), ("s.status = {}", ("partial",))]
    assert (several.branches, several.order) == (parts, "s.document_id")
    entity = uuid4()
    ids = DocumentFilter(among=[("d.legal_entity_id", (entity, uuid4()))])
    assert filters_of(ids, NOW)[0].condition == "d.legal_entity_id = ANY({}::uuid[])"
