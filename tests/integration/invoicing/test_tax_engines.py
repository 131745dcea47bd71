"""Sales tax by an engine: quoted before, committed after, taken back; down, slow and wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.tax_engines.facts import PORT
from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from invx.host import build_host, create_app
from invx.settings import TaxEngineSettings
from tests.integration.invoicing.test_rate_tables import AUSTIN, BUYER, SUPPLY, TEXAN, put, rate
from tests.tax_engine import SECRET, TestEngine, served
from tests.world import Desk, World, line, post

ENTRIES = "/v1/tax/engine-entries"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shop:
    """A Texan seller, and the engine that its operator set up."""

    desk: Desk
    engine: TestEngine

    async def drafted(self, *lines: dict[str, Any], status: int = 201, **more: Any) -> Any:
        body = {"buyer": BUYER, "lines": list(lines or (SUPPLY,)), **more}
        return await self.desk.post("/v1/invoices", body, status=status)

    async def issued(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        return await self.desk.finalize(await self.drafted(*lines, **more))

    async def entries(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.desk.get(ENTRIES, **query))["data"]
        return found

    async def later(self, by: timedelta) -> None:
        """So much later by the tenant's clock, and all that is due then is done."""
        await self.desk.world.advance(self.desk.tenant_id, by)
        await self.desk.world.settle()


@asynccontextmanager
async def shop_of(world: World, engine: TestEngine, **more: Any) -> AsyncIterator[Shop]:
    """The engine behind HTTP, plugged into the running process."""
    async with served(engine) as url:
        plugged: Any = world.host.contexts["invoicing"].runner.providers[PORT]
        plugged.engines[engine.name] = HttpTaxEngine(url, SECRET)
        yield Shop(await world.seller(**{**TEXAN, "tax_engine": "acme", **more}), engine)


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Shop]:
    async with shop_of(world, TestEngine()) as opened:
        yield opened


def taxes_of(invoice: dict[str, Any]) -> list[tuple[str, str, str]]:
    [only] = invoice["lines"]
    return [(tax["category"], tax["rate"], tax["jurisdiction"]) for tax in only["taxes"]]


async def test_a_texan_buyer_pays_what_the_engine_says_and_the_sale_is_committed(
    shop: Shop,
) -> None:
    made = await shop.drafted()
    assert taxes_of(made) == [("STATE", "6.25", "US-TX"), ("CITY", "1", "US-TX-Austin")]
    kept = made["determination"]
    assert (kept["quote"]["engine"], kept["quote"]["reference"]) == ("acme", "q-1")
    assert (kept["lines"][0]["scheme"], kept["lines"][0]["place"]) == ("external", "US-TX")
    assert kept["lines"][0]["source"] == "acme 2026-11, quote q-1"
    assert kept["packs"] == [{"country": "US", "version": "2026-11", "status": "external"}]
    issued = await shop.desk.finalize(made)
    assert (issued["totals"]["tax"], issued["totals"]["gross"]) == ("7.25", "107.25")
    assert issued["profile"] == "plain"
    assert len(shop.engine.quotes) == 1, "the quote still holds: nobody is asked again"
    assert shop.engine.books == {}, "nothing is told before the document is there"
    [owed] = await shop.entries()
    assert (owed["status"], owed["kind"], owed["invoice"]) == ("pending", "sale", issued["id"])
    await shop.desk.world.settle()
    [told] = shop.engine.books.values()
    assert (told.kind, told.number, told.quote) == ("sale", issued["number"], "q-1")
    assert (str(told.tax), [str(each.amount) for each in told.taxes]) == ("7.25", ["6.25", "1.00"])
    [kept_entry] = await shop.entries(status="committed")
    assert kept_entry["reference"] == "t-1"
    answer = await shop.desk.client.get(f"/v1/invoices/{issued['id']}/e-invoice?format=ubl")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_representable")


async def test_the_operator_names_the_engine_in_the_settings(world: World) -> None:
    engine = TestEngine()
    desk = await world.seller(**{**TEXAN, "tax_engine": "acme"})
    async with served(engine) as url:
        settings = replace(world.settings, tax_engine=TaxEngineSettings("acme", url, SECRET))
        host = await build_host(world.place.where, settings)
        try:
            app = await create_app(host, settings, background=False)
            client = replace(world, host=host, app=app).client(desk.tenant_id)
            made = await post(client, "/v1/invoices", {"buyer": BUYER, "lines": [SUPPLY]})
        finally:
            await host.stop()
    assert made["totals"]["tax"] == "7.25"
    assert SECRET not in repr(settings)


async def test_the_engine_is_asked_about_places_and_figures_and_told_no_names(shop: Shop) -> None:
    await shop.drafted(
        {**SUPPLY, "quantity": "3", "discounts": [{"percent": "10"}]},
        line("9.00", taxes=[{"regime": "sales", "category": "STATE", "rate": "2"}]),
        discounts=[{"amount": "5.00"}],
    )
    [question] = shop.engine.quotes
    [asked] = question.lines
    assert (str(asked.net), str(asked.quantity), asked.kind) == ("270.00", "3", "goods")
    assert (str(question.adjustment), question.business) == ("-5.00", True)
    assert asked.destination is not None
    assert asked.destination.postal_code == AUSTIN["postal_code"]
    assert asked.origin is not None
    assert asked.origin.postal_code == "73301"
    assert "Lone Star" not in repr(question)


async def test_a_line_free_of_tax_says_why(shop: Shop) -> None:
    bread = {**SUPPLY, "supply": {"kind": "goods", "category": "groceries"}}
    made = await shop.drafted(bread)
    [tax] = made["lines"][0]["taxes"]
    assert (tax["rate"], tax["reason"]) == ("0", "Groceries are free of tax")
    assert made["totals"]["gross"] == "100.00"


async def test_an_expired_quote_is_asked_anew(shop: Shop) -> None:
    made = await shop.drafted()
    await shop.later(31 * MINUTE)
    issued = await shop.desk.finalize(made)
    assert issued["determination"]["quote"]["reference"] == "q-2"
    assert issued["totals"] == made["totals"]
    await shop.desk.world.settle()
    assert [each.quote for each in shop.engine.books.values()] == ["q-2"]


async def test_other_taxes_by_the_day_of_issue_are_not_issued(shop: Shop) -> None:
    made = await shop.drafted()
    shop.engine.city = shop.engine.city + 1
    held = await shop.desk.finalize(await shop.drafted())
    assert held["totals"]["tax"] == "8.25"
    await shop.later(31 * MINUTE)
    path = f"/v1/invoices/{made['id']}"
    refused = await shop.desk.client.post(f"{path}/finalize", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "tax_changed")
    assert (await shop.desk.get(path))["status"] == "draft"
    answer = await shop.desk.client.put(path, json={"buyer": BUYER, "lines": [SUPPLY]})
    assert answer.json()["totals"]["tax"] == "8.25"


async def test_a_quote_for_another_day_is_not_used(shop: Shop) -> None:
    """The day of supply is the day of issue here, so the next day is another question."""
    shop.engine.seconds = 14 * 24 * 3600
    made = await shop.drafted()
    await shop.desk.world.advance(shop.desk.tenant_id, timedelta(days=1))
    issued = await shop.desk.finalize(made)
    assert issued["determination"]["quote"]["reference"] == "q-2"
    first, second = shop.engine.quotes
    assert second.lines[0].date == first.lines[0].date + timedelta(days=1)


async def test_an_engine_that_is_down_leaves_a_question_and_no_draft(shop: Shop) -> None:
    shop.engine.down = True
    headers = {"Idempotency-Key": "once"}
    body = {"buyer": BUYER, "lines": [SUPPLY]}
    refused = await shop.desk.client.post("/v1/invoices", json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "tax_undetermined")
    [problem] = refused.json()["problems"]
    assert (problem["pointer"], problem["detail"]) == (
        "/lines/0",
        "The tax engine acme gave no quote: 503 down",
    )
    assert (await shop.desk.get("/v1/invoices"))["data"] == []
    shop.engine.down = False
    made = await shop.desk.client.post("/v1/invoices", json=body, headers=headers)
    assert made.status_code == 201, "a question is no answer that is kept under the key"


async def test_an_engine_that_went_away_does_not_hold_a_document_with_a_good_quote(
    shop: Shop,
) -> None:
    """The sale is tried again with growing pauses, shown meanwhile, and booked once in the end."""
    made = await shop.drafted()
    shop.engine.down = True
    await shop.desk.finalize(made)
    await shop.desk.world.settle()
    [waiting] = await shop.entries(status="pending")
    assert (waiting["attempts"], waiting["reason"]) == (1, "503 down")
    assert waiting["retry_at"] is not None
    await shop.later(MINUTE)
    [waiting] = await shop.entries()
    assert waiting["attempts"] == 2
    shop.engine.down = False
    await shop.later(4 * MINUTE)
    [done] = await shop.entries()
    assert (done["status"], done["attempts"], done["reason"]) == ("committed", 2, None)
    assert shop.engine.kinds() == ["sale"]


async def test_what_fails_too_often_waits_for_a_person_who_sends_it_again(shop: Shop) -> None:
    made = await shop.drafted()
    shop.engine.down = True
    await shop.desk.finalize(made)
    await shop.desk.world.settle()
    for _ in range(12):
        await shop.later(timedelta(hours=24))
    [failed] = await shop.entries(status="failed")
    assert (failed["attempts"], failed["retry_at"]) == (10, None)
    shop.engine.down = False
    await shop.later(timedelta(days=3))
    assert shop.engine.books == {}, "nobody tries by himself any more"
    again = await shop.desk.post(f"{ENTRIES}/{failed['id']}/retry", status=200)
    assert (again["status"], again["attempts"]) == ("pending", 0)
    twice = await shop.desk.client.post(f"{ENTRIES}/{failed['id']}/retry")
    assert (twice.status_code, twice.json()["code"]) == (409, "engine_entry_not_failed")
    await shop.desk.world.settle()
    assert shop.engine.kinds() == ["sale"]


async def test_a_refusal_for_good_is_not_repeated(shop: Shop) -> None:
    shop.engine.refuses = "No such company"
    await shop.issued()
    await shop.desk.world.settle()
    [failed] = await shop.entries()
    assert (failed["status"], failed["reason"]) == ("failed", "422 No such company")


async def test_a_credit_note_a_cancellation_and_a_void_take_it_back(shop: Shop) -> None:
    credited = await shop.issued({**SUPPLY, "price": "200.00"})
    path = f"/v1/invoices/{credited['id']}"
    await shop.desk.post(f"{path}/payments", {"amount": "214.50", "source": "p-1"})
    note = await shop.desk.post(f"{path}/credit-notes", {"amount": "107.25", "finalize": True})
    assert note["totals"]["tax"] == "7.25"
    cancelled = await shop.issued()
    await shop.desk.post(f"/v1/invoices/{cancelled['id']}/cancel", {"reason": "Wrong chair"})
    voided = await shop.issued()
    await shop.desk.post(f"/v1/invoices/{voided['id']}/void", {"reason": "Typo"})
    await shop.desk.post(f"/v1/invoices/{note['id']}/void", {"reason": "Typo"})
    await shop.later(5 * MINUTE)
    assert {each["status"] for each in await shop.entries()} == {"committed"}
    assert sorted(shop.engine.kinds()) == ["refund"] * 2 + ["sale"] * 3 + ["void"] * 2
    # What stands: the first invoice of 200.00, since its credit note was voided.
    assert str(shop.engine.balance()) == "14.50"
    mine = await shop.entries(invoice=note["id"])
    assert [(each["kind"], each["status"]) for each in mine] == [
        ("refund", "committed"),
        ("void", "committed"),
    ]
    assert mine[1]["reverses"] == mine[0]["id"]


async def test_what_is_taken_back_goes_first(shop: Shop) -> None:
    made = await shop.drafted()
    issued = await shop.desk.finalize(made)
    shop.engine.down = True
    await shop.desk.world.settle()
    await shop.desk.post(f"/v1/invoices/{issued['id']}/void", {"reason": "Typo"})
    await shop.desk.world.settle()
    reasons = {each["kind"]: each["reason"] for each in await shop.entries()}
    assert reasons["void"] == "What it takes back is not committed yet."
    shop.engine.down = False
    await shop.later(4 * MINUTE)
    await shop.later(4 * MINUTE)
    assert shop.engine.kinds() == ["sale", "void"]
    assert shop.engine.balance() == 0


async def test_a_commit_whose_answer_was_lost_is_booked_once(shop: Shop) -> None:
    """The process dies between the engine's answer and our commit: the job is run again."""
    await shop.issued()
    await shop.desk.world.settle()
    async with shop.desk.world.admin() as conn:
        await conn.execute("ALTER TABLE invoicing.events DISABLE TRIGGER USER")
        await conn.execute(
            "UPDATE invoicing.engine_entries SET status = 'pending', reference = NULL, version = 1"
        )
        await conn.execute("DELETE FROM invoicing.events WHERE type = 'EngineEntryCommitted'")
        await conn.execute(
            "UPDATE invoicing.streams s SET version = 1, head_hash = e.hash"
            " FROM invoicing.events e WHERE e.stream_id = s.stream_id AND e.version = 1"
            " AND s.kind = 'EngineEntry'"
        )
        await conn.execute(
            "UPDATE invoicing.due_jobs SET state = 'pending', claim = NULL"
            " WHERE kind = 'tell_engine'"
        )
    await shop.desk.world.settle()
    [entry] = await shop.entries()
    assert (entry["status"], entry["reference"]) == ("committed", "t-1")
    assert len(shop.engine.sent) == 2
    assert shop.engine.kinds() == ["sale"]


async def test_a_check_is_quoted_and_a_proforma_is_told_to_nobody(shop: Shop) -> None:
    body = {"buyer": BUYER, "lines": [SUPPLY], "payment_terms": {"kind": "on_receipt"}}
    checked = await shop.desk.post("/v1/invoices/check", body, status=200)
    assert (checked["totals"]["tax"], checked["valid"]) == ("7.25", True)
    await shop.issued(type="proforma")
    await shop.desk.world.settle()
    assert shop.engine.books == {}
    assert await shop.entries() == []


async def test_prices_that_include_tax_are_asked_about(shop: Shop) -> None:
    refused = await shop.drafted({**SUPPLY, "price_includes_tax": True}, status=422)
    assert [(each["pointer"], each["code"]) for each in refused["problems"]] == [
        ("/lines/0/price_includes_tax", "tax_undetermined")
    ]
    assert shop.engine.quotes == []


async def test_what_the_rules_know_never_reaches_the_engine(shop: Shop) -> None:
    """No registration there: nothing to collect. A certificate: nothing to pay. Its own state."""
    nevada = {"country": "US", "region": "NV", "postal_code": "89501", "city": "Reno"}
    made = await shop.drafted(buyer={**BUYER, "address": nevada})
    assert taxes_of(made) == [("NONE", "0", "US-NV")]
    resale = {"kind": "resale", "country": "US", "region": "TX", "number": "7"}
    made = await shop.drafted(buyer={**BUYER, "certificates": [resale]})
    assert taxes_of(made) == [("FREE", "0", "US-TX")]
    assert shop.engine.quotes == []
    assert made["determination"]["quote"] is None


async def test_the_rate_table_rests_while_an_engine_is_named(shop: Shop) -> None:
    await put(shop.desk, "rate-tables/US", {"rates": [rate("STATE", "9")]})
    assert (await shop.drafted())["totals"]["tax"] == "7.25"
    path = f"/v1/legal-entities/{shop.desk.entity}"
    await shop.desk.client.put(path, json={**_seller(), "tax_engine": None})
    assert (await shop.drafted())["totals"]["tax"] == "9.00"


def _seller() -> dict[str, Any]:
    return {"name": "Texan LLC", **TEXAN}


async def test_an_engine_that_nobody_set_up_is_named(world: World) -> None:
    async with shop_of(world, TestEngine(), tax_engine="other") as shop:
        refused = await shop.drafted(status=422)
    [problem] = refused["problems"]
    assert problem["pointer"] == "/seller/tax_engine"
    assert "other" in problem["detail"]


async def test_what_was_credited_by_hand_after_a_quote_says_the_engine_too(shop: Shop) -> None:
    """A credit note by line bears the quoted taxes of its line, and names the same quote."""
    issued = await shop.issued()
    path = f"/v1/invoices/{issued['id']}/credit-notes"
    note = await shop.desk.post(path, {"lines": [{"line_id": "1"}], "finalize": True})
    assert note["determination"]["quote"] == issued["determination"]["quote"]
    await shop.desk.world.settle()
    sale, refund = shop.engine.books.values()
    assert (refund.kind, refund.reverses) == ("refund", sale.key)
    assert refund.tax == sale.tax
