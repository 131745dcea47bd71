"""Rows of SCENARIOS.md that concern documents and no other file has, each by its ID.

What a row says of subscriptions or usage is restated for what documents have of the kind.
"""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from invx.contexts.invoicing.adapters.tax_engines.facts import PORT
from invx.contexts.invoicing.read.retention import get_retention
from invx.infra.tenancy import INSTALLATION
from invx.kernel.context import Caller
from tests.integration.invoicing.crowd import Spy, fill, nodes
from tests.tax_engine import TestEngine
from tests.world import SELLER, Desk, World, line

# Every unique index, and those of its columns that may be NULL and are not held by its condition.
_GUARDS = """
SELECT i.indexrelid::regclass::text AS name, i.indnullsnotdistinct AS equal,
    coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS condition,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) AS k(number)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE NOT a.attnotnull) AS nullable
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND NOT c.relispartition AND n.nspname = ANY($1::text[])
"""


# Where NULL is let through on purpose: the value that is unique is the one that may be missing.
OPEN = {
    "identity.api_keys_previous": "a key that was never rotated has no secret before",
    "identity.linked_identities_subject": "a link that was removed has forgotten whose it was",
    "identity.users_email": "a user who was erased has no address",
    "invoicing.documents_external_id": "the caller need not give an id",
    "invoicing.documents_number": "a draft has no number; a foreign number has no series, and a"
    " guard of its own (imported_documents_number)",
    "invoicing.documents_revision": "likewise, by revision",
    "invoicing.legal_entities_external_id": "the caller need not give an id",
}


async def unguarded(conn: asyncpg.Connection, schemas: list[str]) -> list[tuple[str, list[str]]]:
    """Guards that NULL slips through: NULLs are distinct there, and nothing keeps them out."""
    found = []
    for row in await conn.fetch(_GUARDS, schemas):
        slips = [
            column
            for column in row["nullable"]
            if not row["equal"] and f"{column} IS NOT NULL" not in row["condition"]
        ]
        if slips:
            found.append((row["name"], slips))
    return sorted(found)


async def test_d03_no_unique_guard_of_any_context_lets_null_slip_through(world: World) -> None:
    """The guard on (event, charge, filter) did nothing where the filter was NULL, as mostly."""
    schemas = sorted({context.schema for context in world.host.contexts.values()})
    async with world.admin() as conn:
        guards = await conn.fetch(_GUARDS, schemas)
        assert len(guards) > 60
        slipping = await unguarded(conn, schemas)
        assert dict(slipping).keys() == OPEN.keys()
        # The check would see one: `external_id` of documents may be NULL.
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute(
            "CREATE UNIQUE INDEX planted ON invoicing.documents (tenant_id, document_id,"
            " external_id)"
        )
        seen = await unguarded(conn, schemas)
        assert [each for each in seen if each not in slipping] == [
            ("invoicing.planted", ["external_id"])
        ]
        await transaction.rollback()


async def test_d03_what_has_no_guarding_value_is_not_taken_for_the_same(desk: Desk) -> None:
    """A guard holds where there is a value; documents without one are as many as are made."""
    made = [await desk.draft(line("1.00")) for _ in range(2)]
    assert len({each["id"] for each in made}) == 2
    first = await desk.draft(line("1.00"), external_id="once")
    refused = await desk.client.post(
        "/v1/invoices", json={"lines": [line("1.00")], "external_id": "once"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "external_id_taken")
    assert (await desk.get("/v1/invoices", external_id="once"))["data"][0]["id"] == first["id"]


async def issued_numbers(desk: Desk) -> list[str]:
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT text FROM invoicing.numbers WHERE tenant_id = $1 ORDER BY number",
            desk.tenant_id,
        )
    return [row["text"] for row in rows]


async def test_d12_what_ends_between_the_job_and_its_run_is_finalized_once_or_not_at_all(
    desk: Desk,
) -> None:
    """The subscription ended before its billing job ran: two invoices. Here: a grace period."""
    due = "2199-01-01T00:00:00Z"
    by_hand = await desk.draft(line("1.00"), finalize_at=due)
    thrown_away = await desk.draft(line("2.00"), finalize_at=due)
    held = await desk.draft(line("3.00"), finalize_at=due)
    by_itself = await desk.draft(line("4.00"), finalize_at=due)
    await desk.world.settle()  # the jobs are enqueued
    issued = await desk.finalize(by_hand)
    assert (await desk.client.delete(f"/v1/invoices/{thrown_away['id']}")).is_success
    await desk.post(f"/v1/invoices/{held['id']}/hold")
    await desk.world.advance(desk.tenant_id, timedelta(days=366 * 180))
    for _ in range(2):
        await desk.world.settle()
    assert len(await issued_numbers(desk)) == 2
    assert (await desk.get(f"/v1/invoices/{by_hand['id']}"))["number"] == issued["number"]
    assert (await desk.get(f"/v1/invoices/{held['id']}"))["status"] == "draft"
    assert (await desk.get(f"/v1/invoices/{by_itself['id']}"))["status"] == "finalized"
    gone = await desk.client.get(f"/v1/invoices/{thrown_away['id']}")
    assert gone.status_code == 404


async def test_s05_a_count_over_all_documents_is_one_pass_without_a_self_join(
    desk: Desk,
) -> None:
    """383 times a count joined its events with themselves until memory was out."""
    await fill(desk, 20_000)
    context = desk.world.host.contexts["invoicing"]
    caller = Caller(desk.tenant_id, "user:test", INSTALLATION, frozenset())
    async with context.runner.reading(caller) as (conn, ctx):
        spy = Spy(conn)
        counted: Any = await get_retention(spy, ctx, desk.world.app.state.invoicing.packs, None)
    assert sum(counted[0]["counts"].values()) > 10_000
    [plan] = [each for each in spy.plans if "documents" in json.dumps(each)]
    scans = [
        node
        for node in nodes(plan["Plan"])
        if node.get("Relation Name") == "documents" and "Scan" in node["Node Type"]
    ]
    assert len(scans) == 1, "one pass"
    assert scans[0]["Actual Loops"] <= 3, "of parallel workers at most, and not once per row"
    groups = [node for node in nodes(plan["Plan"]) if node["Node Type"] == "Aggregate"]
    assert groups
    assert max(node["Actual Rows"] for node in groups) < 1_000, "memory goes by groups, not rows"


class Backwards(TestEngine):
    """Answers for the last line first, as a list that was paged from its end."""

    async def quote(self, question: Any) -> Any:
        answer = await super().quote(question)
        assert answer.quote is not None
        return replace(answer, quote=replace(answer.quote, lines=answer.quote.lines[::-1]))


async def test_s06_every_line_of_a_long_invoice_is_matched_with_what_the_partner_says(
    desk: Desk,
) -> None:
    """A provider's list call gave one page; the lines behind it were never matched."""
    plugged: Any = desk.world.host.contexts["invoicing"].runner.providers[PORT]
    plugged.engines["acme"] = engine = Backwards()
    texas = {"country": "US", "region": "TX", "postal_code": "78704", "city": "Austin"}
    seller = {
        **SELLER,
        "name": "Lone Star LLC",
        "address": texas,
        "registrations": [{"country": "US", "region": "TX", "tax_number": "32012345678"}],
        "default_profile": "plain",
        "currency": "USD",
        "bank_accounts": [],
        "tax_engine": "acme",
    }
    entity = await desk.post("/v1/legal-entities", seller)
    lines = [
        {
            "id": f"L{n}",
            "description": f"Chair {n}",
            "price": f"{n}.00",
            "supply": {"kind": "goods"},
        }
        for n in range(1, 351)
    ]
    buyer = {"name": "Acme Inc", "customer": "C-6", "address": texas}
    draft = await desk.post(
        "/v1/invoices", {"legal_entity": entity["id"], "buyer": buyer, "lines": lines}
    )
    [asked] = engine.quotes
    assert [each.line_id for each in asked.lines] == [each["id"] for each in lines]
    assert [each["id"] for each in draft["lines"]] == [each["id"] for each in lines]
    for each in draft["lines"]:
        rates = sum(Decimal(tax["rate"]) for tax in each["taxes"])
        assert rates == Decimal("7.25"), each["id"]
    net = sum(range(1, 351))
    assert Decimal(draft["totals"]["net"]) == net
    assert abs(Decimal(draft["totals"]["tax"]) - net * Decimal("0.0725")) < Decimal(350) / 100
