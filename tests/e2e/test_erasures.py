"""What an erasure tells, and that it goes on by itself when the law lets go (D4)."""

from typing import Any

from tests.e2e.acts import be_at, berlin, refused
from tests.world import BUYER, Desk, World, line

LAW = "UStG § 14b Abs. 1; AO § 147 Abs. 3 (BEG IV)"


async def desk_of_2026(world: World) -> Desk:
    desk = await world.seller()
    await be_at(desk, berlin("2026-03-20 12:00"))
    return desk


async def name_on(desk: Desk, invoice: dict[str, Any]) -> str | None:
    buyer = (await desk.get(f"/v1/invoices/{invoice['id']}"))["buyer"]
    return buyer["name"] if buyer else None


async def test_what_the_law_keeps_goes_by_itself_when_its_time_comes(world: World) -> None:
    desk = await desk_of_2026(world)
    first = await desk.invoice(line("100.00"))
    draft = await desk.draft(line("50.00"))
    await be_at(desk, berlin("2027-01-15 12:00"))
    second = await desk.invoice(line("200.00"))
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert (done["customer"], done["erased"]) == (BUYER["customer"], [draft["id"]])
    kept = {
        each["invoice"]: (each["number"], each["until"], each["source"]) for each in done["kept"]
    }
    assert kept == {
        first["id"]: (first["number"], "2034-12-31", LAW),
        second["id"]: (second["number"], "2035-12-31", LAW),
    }
    assert done["next_on"] == "2035-01-01"
    path = f"/v1/erasures/{done['id']}"
    assert await desk.get(path) == done | {"customer": None}, "it does not say whose data it was"

    await be_at(desk, berlin("2035-01-02 12:00"))
    await world.settle()
    later = await desk.get(path)
    assert later["erased"] == [draft["id"], first["id"]]
    assert [each["invoice"] for each in later["kept"]] == [second["id"]]
    assert (await name_on(desk, first), await name_on(desk, second)) == (None, BUYER["name"])

    await be_at(desk, berlin("2036-01-02 12:00"))
    await world.settle()
    last = await desk.get(path)
    assert (last["kept"], last["next_on"]) == ([], None)
    assert await name_on(desk, second) is None
    async with world.admin() as conn:
        events = await conn.fetch(
            "SELECT body::text FROM invoicing.events"
            " WHERE type = 'ErasureCarriedOut' AND tenant_id = $1",
            desk.tenant_id,
        )
        rows = await conn.fetch(
            "SELECT done::text FROM invoicing.erasures WHERE tenant_id = $1", desk.tenant_id
        )
    assert len(events) == 3
    assert not any(BUYER["name"] in row[0] or BUYER["customer"] in row[0] for row in events + rows)


async def test_that_of_one_document_goes_on_too(world: World) -> None:
    desk = await desk_of_2026(world)
    walk_in = {name: BUYER[name] for name in ("name", "address")}
    invoice = await desk.invoice(line("100.00"), buyer=walk_in)
    done = await desk.post("/v1/erasures", {"invoice": invoice["id"]})
    assert (done["erased"], done["next_on"]) == ([], "2035-01-01")
    await be_at(desk, berlin("2035-01-02 12:00"))
    await world.settle()
    found = await desk.get(f"/v1/erasures/{done['id']}")
    assert (found["erased"], found["invoice"]) == ([invoice["id"]], invoice["id"])
    assert await name_on(desk, invoice) is None


async def test_an_erasure_that_is_not_there(world: World) -> None:
    desk = await desk_of_2026(world)
    problem = await refused(desk, "GET", "/v1/erasures/ers_01jd0y7ct4f6d9zq8x3s5v2w1k", status=404)
    assert problem["code"] == "erasure_not_found"
