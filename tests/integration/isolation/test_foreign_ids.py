"""Another tenant's ids lead nowhere, on every route, and change nothing (T1, acceptance 4)."""

import pytest

from invx.infra.http.permissions import declared_permissions
from tests.integration.isolation.attempts import Own, tried
from tests.integration.isolation.bulk_attempts import ALL_ATTEMPTS
from tests.integration.isolation.rows import checksums, tenanted_tables
from tests.integration.isolation.victims import Victim, furnish
from tests.world import World, line


async def intruder(world: World) -> Own:
    """A tenant with a document or two of its own."""
    desk = await world.seller(name="Eindringling GmbH")
    draft = await desk.draft(line("3.00"))
    invoice = await desk.invoice(line("4.00"))
    await world.settle()
    return Own(desk, draft["id"], invoice["id"])


async def attempted(world: World, victim: Victim, own: Own) -> list[str]:
    """What went wrong, over all routes."""
    wrong = []
    before = await checksums(world, victim.desk)
    for route, attempts in ALL_ATTEMPTS.items():
        for number, attempt in enumerate(attempts):
            response = await tried(own.desk.client, route, attempt, victim, own)
            if not attempt.judge(response, victim):
                wrong.append(f"{route} {number}: {response.status_code} {response.text[:300]}")
        after = await checksums(world, victim.desk)
        wrong += [f"{route} changed {each}" for each in before if before[each] != after[each]]
        before = after
    return wrong


async def test_the_ids_of_another_tenant_lead_nowhere_and_change_nothing(world: World) -> None:
    victim, own = await furnish(world), await intruder(world)
    assert await attempted(world, victim, own) == []


async def test_the_first_net_holds_with_row_level_security_off(world: World) -> None:
    """The same requests, when nothing but the code's own conditions stands between the tenants."""
    victim, own = await furnish(world), await intruder(world)
    async with world.admin() as conn:
        for table in await tenanted_tables(conn):
            await conn.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    assert await attempted(world, victim, own) == []


async def test_the_victim_itself_finds_what_the_intruder_does_not(world: World) -> None:
    """So that no attempt fails for another reason than the tenant."""
    victim, own = await furnish(world), await intruder(world)
    theirs = Own(victim.desk, victim.draft, victim.invoice)
    blind = []
    last = [route for route in ALL_ATTEMPTS if route[0] == "DELETE"]
    for route in [*(each for each in ALL_ATTEMPTS if each not in last), *last]:
        for number, attempt in enumerate(ALL_ATTEMPTS[route]):
            response = await tried(victim.desk.client, route, attempt, victim, theirs)
            if not attempt.alike and attempt.judge(response, victim):
                blind.append(f"{route} {number}: {response.status_code} {response.text[:200]}")
    assert blind == [], "\n".join(blind)
    assert own.desk.tenant_id != victim.desk.tenant_id


async def test_every_route_that_needs_a_token_is_tried(world: World) -> None:
    assert set(declared_permissions(world.app)) == set(ALL_ATTEMPTS)


async def test_every_parameter_of_a_path_gets_an_id_of_the_victim(world: World) -> None:
    victim = await furnish(world)
    for method, path in declared_permissions(world.app):
        assert "{" not in path.format(**victim.names()), (method, path)


async def test_a_checksum_notices_a_change(world: World) -> None:
    """The comparison would see what it looks for, in every table that holds something."""
    victim = await furnish(world)
    before = await checksums(world, victim.desk)
    async with world.admin() as conn:
        empty = await conn.fetchval("SELECT md5('') || '/0'")
        filled = [table for table, sum_ in before.items() if sum_ != empty]
        await conn.execute(
            "UPDATE invoicing.documents SET due_date = due_date + 1 WHERE tenant_id = $1",
            victim.desk.tenant_id,
        )
    after = await checksums(world, victim.desk)
    assert [table for table in before if before[table] != after[table]] == ["invoicing.documents"]
    assert {table.split(".")[1] for table in filled} >= {
        "archives",
        "events",
        "idempotency",
        "inbox",
        "numbers",
        "personal",
        "settlement_entries",
        "skipped_numbers",
        "tax_entries",
        "tax_partners",
    }


@pytest.mark.parametrize(
    "wrong", ["inv_", "le_01jd0y7ct4f6d9zq8x3s5v2w1k", "x", "%00", "inv_" + "7" * 26]
)
async def test_what_cannot_be_an_id_is_not_found_either(world: World, wrong: str) -> None:
    desk = await world.seller()
    response = await desk.client.get(f"/v1/invoices/{wrong}")
    assert response.status_code == 404


async def test_N12_two_tenants_may_use_the_same_numbers_and_external_ids(world: World) -> None:
    one, other = await world.seller(external_id="e"), await world.seller(external_id="e")
    issued = []
    for desk in (one, other):
        series = await desk.post(
            "/v1/series",
            {"name": "A", "pattern": "INV-{number}", "types": ["invoice"], "reset": "none"},
        )
        made = await desk.draft(line("1.00"), external_id="same")
        done = await desk.finalize(made, series=series["id"])
        paid = await desk.post(
            f"/v1/invoices/{done['id']}/payments", {"amount": "1.00", "source": "same"}
        )
        issued.append((done["number"], done["external_id"], paid["entries"][0]["source"]))
    assert issued == [("INV-1", "same", "same")] * 2
    for desk in (one, other):
        assert len((await desk.get("/v1/invoices", external_id="same"))["data"]) == 1
        assert len((await desk.get("/v1/invoices", number="INV-1"))["data"]) == 1
