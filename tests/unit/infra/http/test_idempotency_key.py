import asyncio
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from invx.infra.http.idempotency_key import (
    MalformedIdempotencyKey,
    canonical_body,
    canonical_value,
    check_key,
    fingerprint,
    hash_key,
)
from tests.unit.infra.http.example import TENANT, Keys, client_of

ACTOR, OPERATION = "user:ada", "POST /v1/notes"


@pytest.mark.parametrize("key", ["a", "~", " ", "k" * 255, "8e03978e-40d5-43e8-bc93-6894a57f9324"])
def test_printable_keys_up_to_255_characters_are_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\t", "é", "line\nbreak", "\x7f"])
def test_other_keys_are_refused_by_name(key: str) -> None:
    with pytest.raises(MalformedIdempotencyKey) as caught:
        check_key(key)
    assert caught.value.problems[0].pointer == "header:Idempotency-Key"


def test_a_key_belongs_to_one_tenant_one_caller_and_one_operation() -> None:
    mine = hash_key(TENANT, ACTOR, OPERATION, "k")
    assert mine == hash_key(TENANT, ACTOR, OPERATION, "k")
    others = [
        hash_key(UUID(int=1), ACTOR, OPERATION, "k"),
        hash_key(TENANT, "user:bob", OPERATION, "k"),
        hash_key(TENANT, ACTOR, "PUT /v1/notes", "k"),
        hash_key(TENANT, ACTOR, OPERATION, "l"),
        hash_key(TENANT, ACTOR + OPERATION[0], OPERATION[1:], "k"),
    ]
    assert len({mine, *others}) == 6


async def canonical(body: bytes) -> bytes:
    """The canonical form of a body as it arrives in a request."""

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    return await canonical_body(Request({"type": "http", "headers": []}, receive))


async def test_the_same_json_in_another_dress_is_the_same_body() -> None:
    plain = b'{"title":"a","lines":[{"price":"1.00","description":"x"}]}'
    dressed = b'{ "lines": [ {"description": "\\u0078", "price": "1.00"} ],\n "title": "a" }'
    assert await canonical(plain) == await canonical(dressed)


@pytest.mark.parametrize(
    "other",
    [
        b'{"title":"b"}',
        b'{"title":"a","x":null}',
        b'{"title":["a"]}',
        b'{"title":"1"}',
        b"",
        b"not json",
    ],
)
async def test_another_body_is_another(other: bytes) -> None:
    assert await canonical(b'{"title":"a"}') != await canonical(other)


async def test_the_order_of_a_list_and_the_type_of_a_value_count() -> None:
    assert await canonical(b"[1,2]") != await canonical(b"[2,1]")
    assert await canonical(b"1") != await canonical(b'"1"')


def test_method_and_path_are_part_of_what_is_said() -> None:
    assert fingerprint("POST", "/a", b"") != fingerprint("PUT", "/a", b"")
    assert fingerprint("POST", "/a", b"") != fingerprint("POST", "/b", b"")
    assert fingerprint("POST", "/a", b"b") != fingerprint("POST", "/ab", b"")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_any_json_has_a_canonical_form_that_does_not_depend_on_order(value) -> None:
    def turned(each):
        if isinstance(each, dict):
            return {key: turned(each[key]) for key in reversed(each)}
        return [turned(item) for item in each] if isinstance(each, list) else each

    assert canonical_value(turned(value)) == canonical_value(value)


@given(st.binary(max_size=60))
def test_any_bytes_have_a_fingerprint(body: bytes) -> None:
    assert len(fingerprint("POST", "/p", asyncio.run(canonical(body)))) == 32


@pytest.mark.parametrize("body", [b"1" * 40, b'"\\ud800"', b"[" * 5000, b"NaN"])
async def test_json_that_is_legal_but_odd_is_no_failure(body: bytes) -> None:
    assert len(fingerprint("POST", "/p", await canonical(body))) == 32


async def sent(client: httpx.AsyncClient, key: str | None = "k", body: bytes = b'{"title":"a"}'):
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return await client.post("/v1/notes", content=body, headers=headers)


async def test_a_repeated_request_is_recognized(client: httpx.AsyncClient) -> None:
    first, second = await sent(client), await sent(client, body=b'{ "title" : "a" }')
    assert first.headers["x-key"] == second.headers["x-key"] != ""
    assert first.headers["x-fingerprint"] == second.headers["x-fingerprint"]
    other = await sent(client, body=b'{"title":"b"}')
    assert other.headers["x-key"] == first.headers["x-key"]
    assert other.headers["x-fingerprint"] != first.headers["x-fingerprint"]


async def test_another_tenant_with_the_same_key_is_another_request(
    app: FastAPI, keys: Keys
) -> None:
    async with client_of(app, keys.token("notes:write")) as ada:
        mine = await sent(ada)
    async with client_of(app, keys.token("notes:write", tenant=UUID(int=9))) as bob:
        theirs = await sent(bob)
    assert mine.headers["x-key"] != theirs.headers["x-key"]


async def test_without_the_header_nothing_is_remembered(client: httpx.AsyncClient) -> None:
    answered = await sent(client, key=None)
    assert answered.status_code == 201
    assert answered.headers["x-key"] == ""


async def test_a_malformed_key_is_refused(client: httpx.AsyncClient) -> None:
    answered = await sent(client, key="k" * 256)
    assert answered.status_code == 422
    assert answered.json()["code"] == "malformed_idempotency_key"
    assert answered.json()["problems"][0]["parameter"] == "Idempotency-Key"
