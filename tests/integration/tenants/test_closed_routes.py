"""A suspended tenant on every route: reads are answered, writes refused, and nothing changes."""

from collections import Counter

import httpx

from tests.integration.isolation.attempts import Own, tried
from tests.integration.isolation.bulk_attempts import ALL_ATTEMPTS
from tests.integration.isolation.rows import checksums
from tests.integration.isolation.victims import Victim, furnish
from tests.integration.tenants.test_erasing import release_holds
from tests.tenants import invx, tnt
from tests.world import World, draft_body

READS = ("GET", "HEAD")
# A file of a kind that nobody has asked for yet is made, and archived, when it is asked for.
MADE_WHEN_ASKED = {("GET", "/v1/invoices/{invoice}/e-invoice")}


def code_of(response: httpx.Response) -> str | None:
    """The code of a problem, where the answer is one."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        return str(response.json()["code"])
    return None


async def asked(
    victim: Victim, routes: list[tuple[str, str]]
) -> dict[tuple[str, str], list[tuple[int, str | None]]]:
    """What the tenant itself is answered on each of these routes."""
    own = Own(victim.desk, victim.draft, victim.invoice)
    return {
        route: [
            (response.status_code, code_of(response))
            for response in [
                await tried(victim.desk.client, route, attempt, victim, own)
                for attempt in ALL_ATTEMPTS[route]
            ]
        ]
        for route in routes
    }


def without_directory(sums: dict[str, str]) -> dict[str, str]:
    """But for what says that it is suspended."""
    return {name: each for name, each in sums.items() if not name.endswith(".tenants")}


async def test_reading_goes_on_and_writing_changes_nothing_on_any_route(world: World) -> None:
    victim = await furnish(world)
    await world.settle()
    reads = [route for route in ALL_ATTEMPTS if route[0] in READS]
    writes = [route for route in ALL_ATTEMPTS if route[0] not in READS]
    assert len(reads) > 40
    assert len(writes) > 40
    open_reads = await asked(victim, reads)
    await invx(world, "tenant", "suspend", tnt(victim.desk.tenant_id))
    before = without_directory(await checksums(world, victim.desk))
    closed_reads = await asked(victim, reads)
    closed = {route for route in reads if closed_reads[route] != open_reads[route]}
    assert closed <= MADE_WHEN_ASKED, closed
    answers = await asked(victim, writes)
    after = without_directory(await checksums(world, victim.desk))
    assert [name for name in before if before[name] != after[name]] == []
    codes = Counter(code for each in answers.values() for _, code in each)
    assert codes["tenant_closed"] > 60, codes
    broken = {route: each for route, each in answers.items() if any(s >= 500 for s, _ in each)}
    assert broken == {}


async def test_who_writes_when_it_is_resumed_meets_no_leftover(world: World) -> None:
    """A refusal for the suspension is kept for no key and stands in no history."""
    desk = await world.seller()
    key = {"Idempotency-Key": "k"}
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    for path, body in (
        ("/v1/invoices", draft_body()),
        ("/v1/invoices/batch", {"items": [draft_body()]}),
    ):
        refused = await desk.client.post(path, json=body, headers=key)
        assert (refused.status_code, code_of(refused)) == (409, "tenant_closed"), refused.text
    await invx(world, "tenant", "resume", tnt(desk.tenant_id))
    made = await desk.client.post("/v1/invoices", json=draft_body(), headers=key)
    assert made.status_code == 201
    assert len((await desk.get("/v1/invoices"))["data"]) == 1


async def test_what_only_works_out_goes_on(world: World) -> None:
    """Previews and checks write nothing, so they are answered."""
    desk = await world.seller()
    draft = await desk.draft()
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    for path, body in (
        ("/v1/invoices/check", draft_body()),
        (f"/v1/invoices/{draft['id']}/check", None),
    ):
        answer = await desk.client.post(path, json=body)
        assert code_of(answer) != "tenant_closed", answer.text
        assert answer.status_code == 200, answer.text


async def test_an_erased_tenant_is_found_on_no_route(world: World) -> None:
    victim = await furnish(world)
    await world.settle()
    await release_holds(victim.desk)
    await invx(world, "tenant", "suspend", tnt(victim.desk.tenant_id))
    gone = await invx(
        world,
        *("tenant", "erase", tnt(victim.desk.tenant_id), "--confirm", "T", "--without-export"),
    )
    assert gone.code == 0, gone.text
    answers = await asked(victim, list(ALL_ATTEMPTS))
    told = {
        route: each
        for route, each in answers.items()
        if any(200 <= status < 300 for status, _ in each)
    }
    # What belongs to no tenant: one's own account, and tables that are the same for all.
    assert {path for _, path in told if path.startswith(("/v1/invoices", "/v1/files"))} == set()
    assert not [route for route, each in answers.items() if any(s >= 500 for s, _ in each)]
