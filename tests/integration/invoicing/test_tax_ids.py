"""A tax id is checked over HTTP: offline, with a register, and with one that is down."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from invx.host import build_host, create_app
from invx.settings import TaxRegisterSettings
from tests.world import Desk

ID = "DE129273398"


@asynccontextmanager
async def register(body: bytes, status: str = "200 OK") -> AsyncIterator[str]:
    """A register on this machine that gives everybody the same answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def asking(desk: Desk, vies_url: str) -> AsyncIterator[Desk]:
    """The same tenant behind a process that knows a register."""
    settings = replace(desk.world.settings, tax_registers=TaxRegisterSettings(vies_url=vies_url))
    host = await build_host(desk.world.place.where, settings)
    try:
        world = replace(desk.world, app=await create_app(host, settings, background=False))
        yield replace(desk, world=world, client=world.client(desk.tenant_id))
    finally:
        await host.stop()


async def evidence(desk: Desk) -> list[dict[str, str]]:
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT to_jsonb(f)::text FROM invoicing.facts f WHERE port = 'tax_ids'"
        )
    return [json.loads(row[0]) for row in rows]


async def test_without_a_register_a_right_id_is_only_well_formed(desk: Desk) -> None:
    found = await desk.post("/v1/tax-ids/check", {"tax_id": "de 129 273 398"}, status=200)
    assert found == {
        "object": "tax_id_check",
        "tax_id": ID,
        "country": "DE",
        "validity": "not_asked",
        "form": "right",
        "fault": None,
        "answer": None,
    }
    assert await evidence(desk) == []


async def test_a_wrong_id_never_reaches_the_register(desk: Desk) -> None:
    async with asking(desk, "http://127.0.0.1:1") as asked:
        found = await asked.post("/v1/tax-ids/check", {"tax_id": "DE129273399"}, status=200)
    assert (found["validity"], found["form"]) == ("invalid", "wrong")
    assert found["fault"]
    assert found["answer"] is None


async def test_the_answer_of_the_register_is_kept_as_evidence(desk: Desk) -> None:
    body = json.dumps(
        {"valid": True, "userError": "VALID", "requestIdentifier": "WAPI1", "name": "Bosch"}
    ).encode()
    async with register(body) as url, asking(desk, url) as asked:
        for _ in range(2):
            found = await asked.post(
                "/v1/tax-ids/check", {"tax_id": ID, "requester": "ATU13585627"}, status=200
            )
    assert (found["validity"], found["answer"]["consultation"]) == ("valid", "WAPI1")
    assert found["answer"]["name"] == "Bosch"
    kept = await evidence(desk)
    assert len(kept) == 2, "each question is evidence of its own"
    for row in kept:
        assert row["source"] == "vies"
        assert row["value"]["consultation"] == "WAPI1"
        assert "129273398" not in json.dumps(row), "a sole trader's id is personal"
        assert "Bosch" not in json.dumps(row)


@pytest.mark.parametrize("scheme", ["down", "overloaded"])
async def test_x02_a_register_that_does_not_answer_is_said_so(desk: Desk, scheme: str) -> None:
    busy = json.dumps({"valid": False, "userError": "MS_MAX_CONCURRENT_REQ"}).encode()
    async with register(busy) as url:
        where = url if scheme == "overloaded" else "http://127.0.0.1:1"
        async with asking(desk, where) as asked:
            found = await asked.post("/v1/tax-ids/check", {"tax_id": ID}, status=200)
    assert found["validity"] == "unavailable"
    assert found["answer"]["reason"]
    [kept] = await evidence(desk)
    assert kept["value"]["validity"] == "unavailable"


async def test_nobody_is_asked_who_is_not_to_be_asked(desk: Desk) -> None:
    async with asking(desk, "http://127.0.0.1:1") as asked:
        body = {"tax_id": ID, "ask_register": False}
        found = await asked.post("/v1/tax-ids/check", body, status=200)
    assert found["validity"] == "not_asked"


async def test_an_id_without_a_country_names_the_field(desk: Desk) -> None:
    answer = await desk.client.post("/v1/tax-ids/check", json={"tax_id": "123456789"})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["problems"]] == ["/country"]
