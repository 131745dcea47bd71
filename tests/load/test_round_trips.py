"""How often a request goes to the database and back, with BEGIN and COMMIT: it decides latency."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.load.queries import counted
from tests.world import BUYER, Desk, draft_body, line

THREE_LINES = (line("138.66"), line("12.50", "3"), line("80.00", "1.5"))


async def statements_of(desk: Desk, request: Callable[[], Awaitable[object]]) -> list[str]:
    """What one request sends, once the tenant's directory entry is remembered."""
    async with counted(desk.world) as sent:
        await request()
        await asyncio.sleep(0)
        return list(sent)


async def test_creating_a_draft_takes_four_round_trips(desk: Desk) -> None:
    await desk.draft(*THREE_LINES)
    sent = await statements_of(desk, lambda: desk.draft(*THREE_LINES))
    assert len(sent) <= 4, sent
    assert sent[0].startswith("BEGIN")
    assert sent[-1] == "COMMIT"


async def test_creating_a_draft_for_a_named_entity_takes_four_round_trips(desk: Desk) -> None:
    await desk.draft(*THREE_LINES, legal_entity=desk.entity)
    sent = await statements_of(desk, lambda: desk.draft(*THREE_LINES, legal_entity=desk.entity))
    assert len(sent) <= 4, sent


@pytest.mark.parametrize("lines", [1, 300])
async def test_the_number_of_lines_does_not_change_the_number_of_round_trips(
    desk: Desk, lines: int
) -> None:
    await desk.draft()
    many = [line("1.00") for _ in range(lines)]
    assert len(await statements_of(desk, lambda: desk.draft(*many))) <= 4


async def test_a_tenant_of_whom_nothing_is_remembered_costs_three_more(desk: Desk) -> None:
    """However many contexts there are: that is what tenants ask who ask seldom, so most of them."""
    await desk.draft(*THREE_LINES)
    for context in desk.world.host.contexts.values():
        context.directory.forget(desk.tenant_id)
    sent = await statements_of(desk, lambda: desk.draft(*THREE_LINES))
    assert len(sent) <= 4 + 3, sent


async def test_an_idempotency_key_costs_no_further_round_trip(desk: Desk) -> None:
    await desk.draft()
    headers = {"Idempotency-Key": "order-4711"}

    async def create() -> None:
        body = draft_body(*THREE_LINES)
        answer = await desk.client.post("/v1/invoices", json=body, headers=headers)
        assert answer.status_code == 201, answer.text

    assert len(await statements_of(desk, create)) <= 4


async def test_finalizing_takes_six_round_trips(desk: Desk) -> None:
    await desk.invoice(*THREE_LINES)
    draft = await desk.draft(*THREE_LINES)
    sent = await statements_of(desk, lambda: desk.finalize(draft))
    assert len(sent) <= 6, sent
    assert sum("FOR UPDATE" in statement for statement in sent) == 1  # the series, drawn last


@pytest.mark.parametrize("published", [False, True])
async def test_a_foreign_currency_costs_one_round_trip_more(desk: Desk, published: bool) -> None:
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    if published:
        rate = {"base": "EUR", "quote": "USD", "rate": "1.10"}
        for source, when in (("ecb", {"on": f"{today}"}), ("bmf", {"month": f"{today:%Y-%m}"})):
            body = {"source": source, "rates": [{**rate, **when}]}
            await desk.post("/v1/exchange-rates", body)
    await desk.invoice(*THREE_LINES, currency="USD")
    draft = await desk.draft(*THREE_LINES, currency="USD")
    sent = await statements_of(desk, lambda: desk.finalize(draft))
    assert len(sent) <= 7, sent
    path = f"/v1/invoices/{draft['id']}/payments"
    foreign = await statements_of(desk, lambda: desk.post(path, {"source": "p", "amount": "1.00"}))
    plain = f"/v1/invoices/{(await desk.invoice())['id']}/payments"
    own = await statements_of(desk, lambda: desk.post(plain, {"source": "p", "amount": "1.00"}))
    assert len(foreign) <= len(own) + 1


async def test_reading_a_document_takes_three_round_trips(desk: Desk) -> None:
    invoice = await desk.invoice(*THREE_LINES)
    await desk.get(f"/v1/invoices/{invoice['id']}")
    sent = await statements_of(desk, lambda: desk.get(f"/v1/invoices/{invoice['id']}"))
    assert len(sent) <= 3, sent


@pytest.mark.parametrize("query", [{}, {"expand": "content"}, {"customer": BUYER["customer"]}])
async def test_a_list_of_fifty_takes_three_round_trips(desk: Desk, query: dict[str, str]) -> None:
    await desk.invoice()
    await desk.get("/v1/invoices", limit=50, **query)
    sent = await statements_of(desk, lambda: desk.get("/v1/invoices", limit=50, **query))
    assert len(sent) <= 3, sent


async def test_a_refused_token_never_reaches_the_database(desk: Desk) -> None:
    async def ask() -> None:
        answer = await desk.client.get("/v1/invoices", headers={"Authorization": "Bearer no"})
        assert answer.status_code == 401

    assert await statements_of(desk, ask) == []


async def test_a_body_that_is_not_valid_never_reaches_the_database(desk: Desk) -> None:
    async def create() -> None:
        answer = await desk.client.post("/v1/invoices", json={"lines": "none"})
        assert answer.status_code == 422

    assert await statements_of(desk, create) == []


async def test_books_cost_no_further_round_trip(desk: Desk) -> None:
    kept = await desk.world.seller(accounting={"chart": "SKR03"})
    plain, booked = await _of_issue_and_payment(desk), await _of_issue_and_payment(kept)
    assert booked == plain
    assert booked[0] <= 6


async def _of_issue_and_payment(desk: Desk) -> tuple[int, int]:
    await desk.invoice(*THREE_LINES)
    draft = await desk.draft(*THREE_LINES)
    issued = await statements_of(desk, lambda: desk.finalize(draft))
    path, body = f"/v1/invoices/{draft['id']}/payments", {"amount": "1.00", "source": "p"}
    paid = await statements_of(desk, lambda: desk.post(path, body))
    return len(issued), len(paid)
