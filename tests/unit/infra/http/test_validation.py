from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Header, Query
from pydantic import BaseModel, field_validator

from invx.infra.http.edge import add_router
from invx.infra.http.permissions import public
from tests.unit.infra.http.example import client_of


async def problems(client: httpx.AsyncClient, body) -> dict[str, str]:
    answered = await client.post("/v1/notes", json=body)
    assert answered.status_code == 422
    assert answered.json()["code"] == "invalid"
    return {each["pointer"]: each["code"] for each in answered.json()["problems"]}


async def test_each_bad_field_is_named_by_its_pointer(client: httpx.AsyncClient) -> None:
    lines = [
        {"description": "fine", "price": "1.00"},
        {"description": "", "price": "cheap"},
        {"price": "2.00"},
    ]
    assert await problems(client, {"title": 5, "lines": lines}) == {
        "/title": "string_type",
        "/lines/1/description": "string_too_short",
        "/lines/1/price": "decimal_string",
        "/lines/2/description": "required",
    }


async def test_a_field_that_nobody_knows_is_refused(client: httpx.AsyncClient) -> None:
    assert await problems(client, {"title": "a", "titel": "b"}) == {"/titel": "unknown_field"}


async def test_special_characters_in_a_name_are_escaped(client: httpx.AsyncClient) -> None:
    assert await problems(client, {"title": "a", "x/y~z": 1}) == {"/x~1y~0z": "unknown_field"}


async def test_branches_of_a_union_are_one_problem_of_one_field(
    client: httpx.AsyncClient,
) -> None:
    found = await problems(client, {"title": "a", "weight": "heavy"})
    assert list(found) == ["/weight"]


@pytest.mark.parametrize("body", [None, [], "text", 5, [1, 2]])
async def test_a_body_that_is_no_object_points_to_the_whole(
    client: httpx.AsyncClient, body
) -> None:
    assert list(await problems(client, body)) == [""]


async def test_no_body_at_all_is_a_missing_body(client: httpx.AsyncClient) -> None:
    answered = await client.post("/v1/notes")
    assert answered.status_code == 422
    assert answered.json()["problems"] == [
        {"pointer": "", "code": "required", "detail": "This field is missing."}
    ]


async def test_a_thousand_bad_lines_are_answered_with_the_first_hundred(
    client: httpx.AsyncClient,
) -> None:
    found = await problems(client, {"title": "a", "lines": [{} for _ in range(1000)]})
    assert len(found) == 100
    assert "/lines/0/description" in found


async def test_the_answer_does_not_repeat_what_was_sent(client: httpx.AsyncClient) -> None:
    answered = await client.post("/v1/notes", json={"title": {"iban": "DE02120300000000202051"}})
    assert "DE02" not in answered.text


class Guarded(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def not_ada(cls, value: str) -> str:
        if value == "Ada":
            raise ValueError("names of programmers are taken")
        return value


@pytest.fixture
def guarded(app: FastAPI) -> httpx.AsyncClient:
    router = APIRouter(prefix="/v1/guarded", dependencies=[public()])

    @router.post("/{number}")
    async def guard(
        number: int,
        body: Guarded,
        size: Annotated[int, Query(ge=1)] = 1,
        x_level: Annotated[int, Header()] = 0,
    ) -> dict:
        return {}

    add_router(app, router)
    return client_of(app)


async def test_a_rule_of_ours_reads_as_a_sentence(guarded: httpx.AsyncClient) -> None:
    answered = await guarded.post("/v1/guarded/1", json={"name": "Ada"})
    assert answered.json()["detail"] == "One field is wrong."
    assert answered.json()["problems"] == [
        {"pointer": "/name", "code": "value_error", "detail": "Names of programmers are taken."}
    ]


async def test_parameters_are_named_by_place_and_name(guarded: httpx.AsyncClient) -> None:
    answered = await guarded.post(
        "/v1/guarded/one", params={"size": 0}, json={}, headers={"X-Level": "high"}
    )
    assert answered.json()["detail"] == "4 fields are wrong."
    assert [
        (each.get("in"), each.get("parameter"), each.get("pointer"), each["code"])
        for each in answered.json()["problems"]
    ] == [
        ("path", "number", None, "int_parsing"),
        ("query", "size", None, "greater_than_equal"),
        ("header", "x-level", None, "int_parsing"),
        (None, None, "/name", "required"),
    ]
