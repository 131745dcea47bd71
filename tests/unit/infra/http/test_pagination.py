import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.http.filters import Condition
from invx.infra.http.pagination import (
    InvalidQuery,
    Listing,
    ListQuery,
    Position,
    page_body,
    parse_list_query,
)
from tests.unit.infra.http.example import NOTE, NOTES, NOW


def read(*given: tuple[str, str]) -> ListQuery:
    return parse_list_query(NOTES, given)


def refused(*given: tuple[str, str]) -> dict[str, str]:
    with pytest.raises(InvalidQuery) as caught:
        read(*given)
    return {each.pointer: each.code for each in caught.value.problems}


def test_without_parameters_the_first_page_comes_newest_first() -> None:
    assert read() == ListQuery(limit=25, sort="created", descending=True)


def test_everything_that_is_asked_arrives_typed() -> None:
    query = read(
        ("limit", "100"),
        ("sort", "title"),
        ("status", "open,done"),
        ("created[gte]", "2026-01-01"),
        ("metadata[project]", "P-7"),
        ("metadata[phase]", "2"),
        ("expand", "author"),
    )
    assert (query.limit, query.sort, query.descending) == (100, "title", False)
    assert query.expand == {"author"}
    assert query.conditions == (
        Condition("status", "in", ("open", "done")),
        Condition("created", "gte", datetime(2026, 1, 1, tzinfo=UTC)),
        Condition("metadata", "eq", "P-7", key="project"),
        Condition("metadata", "eq", "2", key="phase"),
    )


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "", "1.5", "٣", "9" * 5000])
def test_a_limit_outside_its_bounds_is_refused(limit: str) -> None:
    assert refused(("limit", limit)) == {"query:limit": "invalid_value"}


def test_everything_wrong_is_named_at_once() -> None:
    assert refused(
        ("limit", "0"),
        ("sort", "colour"),
        ("status", "lost"),
        ("created", "2026-01-01"),
        ("colour", "red"),
        ("status[gte]", "open"),
        ("q", "a"),
        ("q", "b"),
        ("expand", "everything"),
        ("", ""),
    ) == {
        "query:limit": "invalid_value",
        "query:sort": "invalid_value",
        "query:status": "invalid_value",
        "query:created": "invalid_value",
        "query:colour": "unknown_parameter",
        "query:status[gte]": "invalid_value",
        "query:q": "given_twice",
        "query:expand": "invalid_value",
        "query:": "unknown_parameter",
    }


def test_a_list_that_expands_nothing_knows_no_expand() -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_list_query(Listing(), [("expand", "author")])
    assert caught.value.problems[0].code == "unknown_parameter"
    assert "limit, after, sort" in caught.value.problems[0].detail


def test_a_cursor_continues_the_same_query() -> None:
    query = read(("status", "open"), ("q", "milk"))
    after = query.cursor(NOW, NOTE)
    longer = read(("q", "milk"), ("after", after), ("status", "open"), ("limit", "3"))
    assert longer.after == Position(NOW, NOTE)
    assert longer.limit == 3
    assert longer.cursor(NOW, NOTE) == after


@pytest.mark.parametrize(
    "other",
    [
        [("status", "done")],
        [("status", "open"), ("q", "milk")],
        [("status", "open"), ("sort", "created")],
        [("metadata[status]", "open")],
        [],
    ],
)
def test_a_cursor_of_another_query_is_refused(other: list[tuple[str, str]]) -> None:
    after = read(("status", "open")).cursor(NOW, NOTE)
    assert refused(*other, ("after", after)) == {"query:after": "invalid_cursor"}


def test_a_cursor_of_another_sort_is_not_read_with_the_wrong_type() -> None:
    after = read(("sort", "title")).cursor("milk", NOTE)
    assert refused(("after", after)) == {"query:after": "invalid_cursor"}


def test_rows_without_a_sort_value_have_a_cursor_too() -> None:
    after = read().cursor(None, NOTE)
    assert read(("after", after)).after == Position(None, NOTE)


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4))
def test_no_query_string_does_worse_than_a_refusal(given: list[tuple[str, str]]) -> None:
    try:
        query, problems = read(*given), ()
    except InvalidQuery as error:
        query, problems = None, error.problems
    assert problems or (query and 1 <= query.limit <= 100)
    assert all(each.pointer.startswith("query:") for each in problems)


@pytest.mark.parametrize("items", [[], [b'{"a":1}'], [b'{"a":1}', b'{"b":2}']])
def test_a_page_is_joined_from_encoded_items(items: list[bytes]) -> None:
    body = json.loads(page_body(items, has_more=False, next=None))
    assert body == {
        "object": "list",
        "data": [json.loads(item) for item in items],
        "has_more": False,
        "next": None,
    }


async def test_the_next_page_is_asked_with_what_the_last_one_said(
    client: httpx.AsyncClient,
) -> None:
    first = (await client.get("/v1/notes", params={"status": "open", "limit": 1})).json()
    assert first["has_more"] is True
    assert len(first["data"]) == 1
    again = await client.get("/v1/notes", params={"status": "open", "after": first["next"]})
    assert again.status_code == 200
    wrong = await client.get("/v1/notes", params={"after": first["next"]})
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "invalid_query"
    assert wrong.json()["problems"] == [
        {
            "parameter": "after",
            "in": "query",
            "code": "invalid_cursor",
            "detail": "This cursor belongs to a list with other filters or another sort.",
        }
    ]
