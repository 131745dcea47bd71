"""Ways out where something else happens meanwhile: books, engines, erasure, channels that go."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from invx.contexts.invoicing.adapters.tax_engines.facts import PORT as ENGINES
from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from invx.contexts.invoicing.adapters.transmission.practice_authority import Behaviour
from invx.contexts.invoicing.domain.delivery.transmission import Reason, key_of
from invx.infra.embedded import Postgres
from invx.kernel.ids import parse_typeid
from tests.e2e.acts import refused
from tests.e2e.sending import (
    ITALIAN,
    PRACTICE,
    ROME,
    authority_of,
    files_sent,
    happened,
    in_tables,
    later,
    path,
    sending_world,
    sent,
    start_anew,
    states,
    transmissions,
    user_of,
)
from tests.integration.invoicing.books import file_of
from tests.integration.invoicing.test_rate_tables import AUSTIN, SUPPLY
from tests.tax_engine import SECRET, TestEngine, served
from tests.world import Desk, World, draft_body, line

PORTAL = "practice_authority"
VAT22 = [{"category": "S", "rate": "22"}]
BEFORE: dict[str, Any] = {"mode": "test", "clearance": "before_release"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with sending_world(server, tmp_path_factory.mktemp("sending")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def world(installation: World) -> World:
    return await start_anew(installation)


async def italian(world: World, **more: Any) -> Desk:
    given = {**ITALIAN, "transmission_channels": PRACTICE, "mode": "test"}
    return await world.seller(**{**given, **more})


async def rejected(desk: Desk, body: dict[str, Any], why: str = "wrong id") -> dict[str, Any]:
    """An invoice that the authority rejected; what comes next under its number is cleared."""
    issued = await desk.finalize(await desk.post("/v1/invoices", body))
    no = Behaviour(rejects=(Reason(code="00305", text=why),))
    authority_of(desk.world).script(issued["number"], no)
    await desk.world.settle()
    assert await states(desk, issued) == ("failed", "rejected")
    authority_of(desk.world).script(issued["number"], Behaviour())
    return issued


async def balances(desk: Desk, *invoices: dict[str, Any]) -> dict[str, Decimal]:
    """What the journal of these documents comes to, account by account."""
    found: dict[str, Decimal] = {}
    for each in invoices:
        for booked in (await desk.get("/v1/accounting/bookings", invoice=each["id"]))["data"]:
            amount = Decimal(booked["booked_amount"])
            for side, signed in ((booked["debit"], amount), (booked["credit"], -amount)):
                account = side if isinstance(side, str) else str(side)
                found[account] = found.get(account, Decimal(0)) + signed
    return {account: amount for account, amount in found.items() if amount}


async def test_books_hold_a_revision_once_whether_the_first_was_exported_or_not(
    world: World,
) -> None:
    desk = await italian(world, accounting={"chart": "SKR03"})
    first = await rejected(desk, draft_body(line("100.00", taxes=VAT22, ledger_account="8400")))
    await desk.post(f"{path(first)}/payments", {"amount": "22.00", "source": "bank-1"})
    export = {"format": "jsonl", "until": "2199-12-31"}
    early = await desk.post("/v1/accounting/exports", {**export, "destination": "early"})
    body = draft_body(line("200.00", taxes=VAT22, ledger_account="8400"))
    second = await desk.post(f"{path(first)}/revisions", body, status=201)
    assert (second["number"], second["open"]) == (first["number"], "222.00")
    of_second = await balances(desk, second)
    assert of_second["debtor"] == Decimal("222.00")
    assert of_second["8400"] == Decimal("-244.00")
    assert await balances(desk, first) == {}, "the first counts as never issued"
    assert await balances(desk, first, second) == of_second

    rest = await desk.post("/v1/accounting/exports", {**export, "destination": "early"})
    whole = await desk.post("/v1/accounting/exports", {**export, "destination": "late"})
    assert early["bookings"] + rest["bookings"] == whole["bookings"]
    told = [await booked_in(desk, each) for each in (early, rest, whole)]
    assert sorted(told[0] + told[1]) == sorted(told[2]), "nothing twice, nothing missing"
    taken_back = [
        each["reverses"] for each in map(json.loads, await lines_of(desk, rest)) if each["reverses"]
    ]
    assert sorted(taken_back) == sorted(told[0]), "what was exported is taken back, line by line"


async def lines_of(desk: Desk, export: dict[str, Any]) -> list[bytes]:
    return (await file_of(desk, export)).splitlines()


async def booked_in(desk: Desk, export: dict[str, Any]) -> list[str]:
    """The ids of the bookings of an export."""
    return [json.loads(each)["booking"] for each in await lines_of(desk, export)]


async def test_a_revision_is_worth_what_its_day_says_and_its_payments_what_they_were(
    world: World,
) -> None:
    """In dollars: the rate of the day of issue, the bank account and what the bank credited."""
    desk = await italian(world, accounting={"chart": "SKR03"})
    taxed = line("100.00", taxes=VAT22, ledger_account="8400")
    day = (await desk.invoice(taxed))["issue_date"]
    rate = {"base": "EUR", "quote": "USD", "on": day, "rate": "1.25"}
    await desk.post("/v1/exchange-rates", {"source": "ecb", "rates": [rate]})
    first = await rejected(desk, draft_body(taxed, currency="USD", language="it"))
    assert first["tax_currency"]["rate"] == "0.8"
    bank = {"source": "bank-1", "amount": "22.00", "account": "1210"}
    exact = {"received": {"amount": "17.00", "currency": "EUR"}}
    await desk.post(f"{path(first)}/payments", {**bank, **exact})
    await desk.post(f"{path(first)}/payments", {"source": "bank-2", "amount": "10.00"})
    [one, two] = (await desk.get(f"{path(first)}/settlement"))["entries"]
    of_first = await balances(desk, first)

    again = line("200.00", taxes=VAT22, ledger_account="8400")
    body = draft_body(again, currency="USD", language="it")
    second = await desk.post(f"{path(first)}/revisions", body, status=201)
    assert second["tax_currency"] == {**first["tax_currency"], "tax": "35.20"}
    async with world.admin() as conn:
        titles = await conn.fetch(
            "SELECT body::jsonb ->> 'title' FROM invoicing.events WHERE tenant_id = $1"
            " AND type = 'DocumentFinalized' AND body::jsonb ->> 'number' = $2",
            desk.tenant_id,
            first["number"],
        )
    assert [row[0] for row in titles] == ["Fattura", "Fattura"]
    kept = (await desk.get(f"{path(second)}/settlement"))["entries"]
    names = ("amount", "on", "source", "account", "booked_amount", "exchange_rate", "rate_source")
    assert [[each.get(name) for name in names] for each in kept] == [
        [each.get(name) for name in names] for each in (one, two)
    ]
    assert await balances(desk, first) == {}
    of_second = await balances(desk, second)
    assert of_first["1210"] == of_second["1210"] == Decimal("17.00"), "as the bank credited it"
    assert of_second["8400"] == Decimal("-195.20")
    pending = (await desk.get("/v1/accounting/bookings", invoice=second["id"]))["data"]
    assert {each["pending"] for each in pending} == {False}
    assert sum(of_second.values()) == 0


async def test_an_engine_is_told_that_the_first_never_was_and_of_the_second_once(
    world: World,
) -> None:
    engine = TestEngine()
    american = {"country": "US", "region": "TX", "tax_number": "32012345678"}
    async with served(engine) as url:
        plugged: Any = world.host.contexts["invoicing"].runner.providers[ENGINES]
        plugged.engines[engine.name] = HttpTaxEngine(url, SECRET)
        desk = await italian(
            world,
            registrations=[*ITALIAN["registrations"], american],
            tax_engine="acme",
            transmission_channels=[{**PRACTICE[0], "format": "pdf"}],
        )
        body = {
            "currency": "USD",
            "profile": "plain",
            "buyer": {"name": "Lone Star LLC", "address": AUSTIN},
            "lines": [SUPPLY],
        }
        first = await rejected(desk, body)
        assert first["totals"]["tax"] == "7.25"
        more = {**body, "lines": [{**SUPPLY, "quantity": "2"}]}
        second = await desk.post(f"{path(first)}/revisions", more, status=201)
        await world.settle()
    assert (second["totals"]["tax"], second["open"]) == ("14.50", "214.50")
    told = sorted((each.kind, each.number, str(each.tax)) for each in engine.books.values())
    number = first["number"]
    assert told == [("sale", number, "14.50"), ("sale", number, "7.25"), ("void", number, "7.25")]
    assert len(engine.sent) == len(engine.books) == 3, "each was told once, under its own key"
    listed = (await desk.get("/v1/tax/engine-entries"))["data"]
    assert {(each["kind"], each["invoice"], each["status"]) for each in listed} == {
        ("sale", first["id"], "committed"),
        ("void", first["id"], "committed"),
        ("sale", second["id"], "committed"),
    }


async def test_a_clearance_is_kept_though_nothing_can_be_sent_on(world: World) -> None:
    """The buyer's format lacks a field, and that shows only when the authority has cleared."""
    uses = [*PRACTICE, {"channel": "folder", "format": "xrechnung_ubl", "automatic": True}]
    desk = await world.seller(transmission_channels=uses, **BEFORE)
    issued = await desk.invoice()
    await world.settle()
    assert await states(desk, issued) == ("delivered", "cleared")
    stuck = (await transmissions(desk, issued))["folder"]
    assert (stuck["status"], stuck["sha256"]) == ("failed", None)
    assert "/buyer_reference" in stuck["reasons"][0]["text"]
    assert files_sent(desk) == []


async def test_a_clearance_is_kept_though_a_channel_is_gone(world: World) -> None:
    uses = [*PRACTICE, {"channel": "folder", "format": "ubl", "automatic": True}]
    desk = await world.seller(transmission_channels=uses, **BEFORE)
    issued = await desk.invoice()
    channels: Any = user_of(world).channels
    folder = channels.pop("folder")
    try:
        await world.settle()
        assert await states(desk, issued) == ("delivered", "cleared")
        waits = (await transmissions(desk, issued))["folder"]
        assert (waits["status"], waits["reasons"][0]["code"]) == ("queued", "channel_gone")
    finally:
        channels["folder"] = folder
    await later(desk, minutes=2)
    assert (await transmissions(desk, issued))["folder"]["status"] == "sent"
    assert len(files_sent(desk)) == 1


async def test_what_was_given_up_is_tried_again_and_has_one_effect(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    issued = await desk.invoice()
    authority_of(world).script(issued["number"], Behaviour(down=8))
    for _ in range(8):
        await later(desk, hours=7)
    failed = (await transmissions(desk, issued))["practice_authority"]
    assert (failed["status"], failed["reasons"][0]["code"]) == ("failed", "down")
    assert await states(desk, issued) == ("failed", "pending")
    problem = await refused(desk, "POST", f"{path(issued)}/release", {}, status=409)
    assert problem["code"] == "clearance_required"
    again = f"{path(issued)}/transmissions/{failed['id']}/retry"
    assert (await desk.post(again, status=202))["status"] == "queued"
    twice = await desk.post(again, status=409)
    assert twice["code"] == "transmission_not_failed"
    await world.settle()
    assert await states(desk, issued) == ("delivered", "cleared")
    assert authority_of(world).effects(parse_typeid("inv", issued["id"])) == 1
    assert authority_of(world).calls[key_of(parse_typeid("inv", issued["id"]), 1, PORTAL)] == 9


async def test_two_channels_go_their_own_ways(world: World) -> None:
    """One is down for good, the other has it at once: each says so, and the buyer has it."""
    uses = [*PRACTICE, {"channel": "folder", "format": "pdf", "automatic": True}]
    desk = await world.seller(mode="test", transmission_channels=uses)
    issued = await desk.invoice()
    authority_of(world).script(issued["number"], Behaviour(down=99))
    await world.settle()
    found = await transmissions(desk, issued)
    assert {name: each["status"] for name, each in found.items()} == {
        "practice_authority": "queued",
        "folder": "sent",
    }
    assert await states(desk, issued) == ("sent", "not_required")
    for _ in range(8):
        await later(desk, hours=7)
    assert await states(desk, issued) == ("sent", "not_required")
    assert (await transmissions(desk, issued))["practice_authority"]["status"] == "failed"


async def test_what_an_authority_said_of_a_person_is_erased_with_the_document(
    world: World,
) -> None:
    """As long as the law keeps the rejected document it can be revised; then its reasons go too."""
    desk = await italian(world)
    buyer = {
        "name": "Giulia Bianchi",
        "kind": "consumer",
        "address": ROME,
        "endpoint": {"id": "giulia@example.it", "scheme": "EM"},
    }
    body = draft_body(line("10.00", taxes=VAT22), buyer=buyer)
    first = await rejected(desk, body, "Giulia Bianchi is unknown")
    shown = (await transmissions(desk, first))["practice_authority"]
    assert (shown["reasons"][0]["text"], shown["recipient"]) == (
        "Giulia Bianchi is unknown",
        "EM:giulia@example.it",
    )
    kept = await desk.post("/v1/erasures", {"invoice": first["id"]})
    assert (kept["erased"], kept["kept"][0]["source"]) == ([], "C.C. art. 2220")
    other = {**buyer, "name": "Marco Rossi", "endpoint": None}
    again = draft_body(line("10.00", taxes=VAT22), buyer=other)
    second = await desk.post(f"{path(first)}/revisions", again, status=201)
    await world.settle()

    await world.advance(desk.tenant_id, timedelta(days=11 * 366))
    gone = await desk.post("/v1/erasures", {"invoice": first["id"]})
    assert gone["kept"] == []
    async with world.admin() as conn:
        assert await in_tables(conn, "Giulia") == []
        assert await in_tables(conn, "giulia@example.it") == []
        assert await in_tables(conn, "Marco Rossi") != [], "the revision has a buyer of its own"
    of_first = (await transmissions(desk, first))["practice_authority"]
    assert (of_first["status"], of_first["recipient"]) == ("rejected", None)
    assert await states(desk, first) == ("failed", "rejected")
    assert await states(desk, second) == ("delivered", "cleared")
    problem = await desk.post(f"{path(first)}/revisions", again, status=409)
    assert problem["code"] == "document_replaced"


async def test_nothing_is_asked_or_tried_of_a_document_that_was_never_sent(world: World) -> None:
    desk = await world.seller(transmission_channels=[{"channel": "folder", "format": "ubl"}])
    issued, other = await desk.invoice(), await desk.invoice()
    queued = await sent(desk, other, "folder")
    for act in ("retry", "ask"):
        at = f"{path(issued)}/transmissions/{queued['id']}/{act}"
        problem = await refused(desk, "POST", at, None, status=404)
        assert problem["code"] == "transmission_not_found"
    at = f"{path(other)}/transmissions/{queued['id']}/ask"
    assert (await refused(desk, "POST", at, None, status=409))["code"] == "nothing_to_ask"
    assert await happened(desk, issued) == []
