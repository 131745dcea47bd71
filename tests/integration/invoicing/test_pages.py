"""Pages of the list of documents: each document once, in order, whatever is asked and happens."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.api.lists import DOCUMENTS
from invx.contexts.invoicing.read import access_paths
from invx.contexts.invoicing.read.access_paths import Bounds
from invx.contexts.invoicing.read.rows import sort_key
from invx.infra.http.pagination import parse_list_query
from invx.kernel.ids import parse_typeid
from invx.kernel.money import exponent
from tests.world import BUYER, VAT19, Desk, line

Shown = dict[str, Any]


class Shelf(list[Shown]):
    """Documents that a failure does not print."""

    def __repr__(self) -> str:
        return f"{len(self)} documents"


SORTS = ("created", "issue_date", "due_date", "number", "gross", "buyer")
FILTERS: dict[str, tuple[dict[str, str], Callable[[Shown], bool]]] = {
    "all": ({}, lambda _: True),
    "drafts": ({"status": "draft"}, lambda each: each["status"] == "draft"),
    "numbered": ({"status": "finalized"}, lambda each: each["status"] == "finalized"),
    "customer": ({"customer": "C-2"}, lambda each: each["customer"] == "C-2"),
    "open": ({"settlement_status": "open"}, lambda each: each["settlement_status"] == "open"),
    "not overdue": ({"overdue": "false"}, lambda each: not each["overdue"]),
    "words": ({"q": "zebra"}, lambda each: sort_key(each["buyer_name"]) == "zebra ltd"),
    "numbered of a customer": (
        {"status": "finalized", "customer": "C-2"},
        lambda each: each["status"] == "finalized" and each["customer"] == "C-2",
    ),
    "open or partly paid invoices": (
        {"settlement_status": "open,partial", "type": "invoice"},
        lambda each: each["settlement_status"] == "open",
    ),
    "open or settled": (
        {"settlement_status": "open,settled"},
        lambda each: each["settlement_status"] == "open",
    ),
    "overdue, which none is": ({"overdue": "true"}, lambda each: bool(each["overdue"])),
    "made since": ({"created[gte]": "2020-01-01"}, lambda _: True),
    "drafts made since": (
        {"created[gte]": "2020-01-01", "status": "draft"},
        lambda each: each["status"] == "draft",
    ),
    "words made since": (
        {"created[gte]": "2020-01-01", "q": "zebra"},
        lambda each: sort_key(each["buyer_name"]) == "zebra ltd",
    ),
    "due": ({"due_date[gte]": "2026-01-01"}, lambda each: each["due_date"] is not None),
}
# Every way that a page can be found, though there are few documents: sorted, sorted after a walk
# that did not fill the page, walks of either kind that did, and one without an end.
WAYS = {
    "sorted": Bounds(),
    "sorted late": Bounds(few=0, passed=2),
    "passed": Bounds(few=0),
    "walked": Bounds(few=0, many=0),
    "walked on": Bounds(few=0, walked=2, many=0),
}
OF_THE_FIXTURE = [HealthCheck.function_scoped_fixture]  # read only, so examples may share it

questions = st.tuples(
    st.sampled_from(SORTS), st.booleans(), st.integers(1, 30), st.sampled_from(sorted(FILTERS))
)


def value_of(document: Shown, sort: str) -> Any:
    """What a list sorts by, worked out from what it shows."""
    match sort:
        case "created":
            return parse_typeid("inv", document["id"])
        case "gross":
            gross = Decimal(document["totals"]["gross"])
            return int(gross.scaleb(exponent(document["currency"])))
        case "buyer":
            return sort_key(document["buyer_name"])
        case _:
            return document[sort]


def place_of(document: Shown, sort: str) -> tuple[bool, Any, UUID]:
    """Where a document stands: those without a value are last, and ties go by age."""
    value = value_of(document, sort)
    return value is None, value or 0, parse_typeid("inv", document["id"])


async def pages(desk: Desk, sort: str, limit: int, **query: Any) -> AsyncIterator[list[Shown]]:
    """Page after page, as a client asks for them."""
    after: dict[str, str] = {}
    while True:
        page = await desk.get("/v1/invoices", sort=sort, limit=limit, **query, **after)
        assert len(page["data"]) == limit or not page["has_more"]
        assert page["has_more"] is (page["next"] is not None)
        yield page["data"]
        if not page["has_more"]:
            return
        after = {"after": page["next"]}


async def walked(desk: Desk, sort: str, limit: int, **query: Any) -> list[Shown]:
    """All pages in a row."""
    return [each async for page in pages(desk, sort, limit, **query) for each in page]


@pytest.fixture
async def shelf(desk: Desk) -> Shelf:
    """Documents that tie in everything a list can be sorted by, and some that lack each of it."""
    buyers: list[Any] = [
        BUYER,
        {**BUYER, "name": "zebra Ltd", "customer": "C-2"},
        {**BUYER, "name": "Zebra ltd"},
        {**BUYER, "name": "Äther AG", "customer": "C-2"},
        None,
    ]
    made = Shelf()
    for number in range(20):
        said: Shown = {"buyer": buyers[number % 5], "external_id": f"E{number}"}
        if number % 3 == 0:
            said |= {"currency": "JPY", "profile": "plain"}
        if number % 4 == 0:
            said |= {"due_date": "2030-06-30", "payment_terms": None}
        if number % 7 == 0:
            said["issue_date"] = "2030-01-01"
        price = "100" if number % 2 else "1"
        draft = await desk.draft(line(price, taxes=VAT19), **said)
        if said["buyer"] is not None and "issue_date" not in said and number % 2:
            draft = await desk.finalize(draft)
        made.append(draft)
    return made


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The way in which all pages are found meanwhile."""
    monkeypatch.setattr(access_paths, "BOUNDS", WAYS[request.param])
    return str(request.param)


@settings(max_examples=60, suppress_health_check=OF_THE_FIXTURE)
@given(question=questions)
async def test_every_document_is_listed_once_and_where_it_belongs(
    desk: Desk, shelf: Shelf, way: str, question: tuple[str, bool, int, str]
) -> None:
    assert WAYS[way] is access_paths.BOUNDS
    sort, descending, limit, name = question
    query, wanted = FILTERS[name]
    form = f"-{sort}" if descending else sort
    found = [each["id"] for each in await walked(desk, form, limit, **query)]
    expected = sorted(filter(wanted, shelf), key=lambda each: place_of(each, sort))
    expected = expected[::-1] if descending else expected
    assert found == [each["id"] for each in expected]


@settings(max_examples=15, suppress_health_check=OF_THE_FIXTURE)
@given(
    sort=st.sampled_from(SORTS),
    descending=st.booleans(),
    limit=st.integers(1, 7),
    prices=st.lists(st.sampled_from(["0", "1", "50", "100", "9999"]), min_size=1, max_size=4),
)
async def test_documents_that_come_meanwhile_neither_hide_nor_repeat_others(
    desk: Desk,
    shelf: Shelf,
    *,
    sort: str,
    descending: bool,
    limit: int,
    prices: list[str],
) -> None:
    waiting = [*prices]
    added: list[str] = []
    seen: list[str] = []
    async for page in pages(desk, f"-{sort}" if descending else sort, limit):
        seen += [each["id"] for each in page]
        if waiting:
            draft = await desk.draft(line(waiting.pop()), due_date="2030-06-30", payment_terms=None)
            added.append(draft["id"])
    assert len(seen) == len(set(seen)), "a document is shown twice"
    assert {each["id"] for each in shelf} <= set(seen), "a document is left out"
    assert set(seen) <= {each["id"] for each in shelf} | set(added)
    for document_id in added:
        await desk.client.delete(f"/v1/invoices/{document_id}")


async def test_the_shelf_has_ties_and_gaps_in_every_order(shelf: Shelf) -> None:
    for sort in SORTS:
        values = [value_of(each, sort) for each in shelf]
        given = [value for value in values if value is not None]
        assert sort in {"created", "number"} or len(set(given)) < len(given), f"no tie in {sort}"
        assert sort in {"created", "gross"} or None in values, f"nothing lacks {sort}"
    numbers = sorted(each["number"] for each in shelf if each["number"])
    assert all(one < other for one, other in pairwise(numbers))


async def test_a_page_of_whole_documents_is_the_same_page(desk: Desk, shelf: Shelf) -> None:
    for sort in ("due_date", "-number"):
        plain = await walked(desk, sort, 6)
        whole = await walked(desk, sort, 6, expand="content")
        assert [each["id"] for each in whole] == [each["id"] for each in plain]
        assert all("lines" in each for each in whole)
        assert not any("lines" in each for each in plain)
        assert len(plain) == len(shelf)


async def test_a_page_that_ends_exactly_at_the_last_document_says_so(
    desk: Desk, shelf: Shelf
) -> None:
    for sort in ("number", "-number", "buyer", "-due_date", "-created"):
        page = await desk.get("/v1/invoices", sort=sort, limit=len(shelf))
        assert (len(page["data"]), page["has_more"], page["next"]) == (len(shelf), False, None)


async def test_a_cursor_of_another_order_is_refused(desk: Desk, shelf: Shelf) -> None:
    """Between times of making a position holds a time; before, and elsewhere, it holds an id."""
    query = parse_list_query(DOCUMENTS, [("created[gte]", "2020-01-01")])
    last = parse_typeid("inv", shelf[3]["id"])
    for key in (str(last), "2026-11-30T10:00:00", None):
        asked = {"created[gte]": "2020-01-01", "after": query.cursor(key, last)}
        refused = await desk.client.get("/v1/invoices", params=asked)
        assert refused.status_code == 422, key
        assert "invalid_cursor" in refused.text
