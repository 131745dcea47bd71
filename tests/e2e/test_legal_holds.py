"""Legal holds: what is held is neither erased nor purged, and the report says which hold (D4)."""

from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin, refused
from tests.world import BUYER, Desk, World, line

WHY = "Action at the regional court, 3 O 217/26."
LONG_AFTER = "2040-02-01 12:00"
NOBODY = "lho_01jd0y7ct4f6d9zq8x3s5v2w1k"


async def desk_of_2026(world: World) -> Desk:
    desk = await world.seller()
    await be_at(desk, berlin("2026-03-20 12:00"))
    return desk


async def hold(desk: Desk, **on: Any) -> dict[str, Any]:
    return await desk.post("/v1/legal-holds", {"reason": WHY, **on}, status=201)


async def release(desk: Desk, held: dict[str, Any]) -> dict[str, Any]:
    return await desk.post(f"/v1/legal-holds/{held['id']}/release", {"reason": "It is over."})


async def name_on(desk: Desk, invoice: dict[str, Any]) -> str | None:
    buyer = (await desk.get(f"/v1/invoices/{invoice['id']}"))["buyer"]
    return buyer["name"] if buyer else None


def target(desk: Desk, scope: str, invoice: dict[str, Any]) -> dict[str, Any]:
    return {
        "document": {"invoice": invoice["id"]},
        "customer": {"customer": BUYER["customer"]},
        "legal_entity": {"legal_entity": desk.entity},
    }[scope]


@pytest.mark.parametrize("scope", ["document", "customer", "legal_entity"])
@pytest.mark.parametrize("by", ["customer", "invoice"])
async def test_what_is_held_outlives_its_retention_and_goes_when_the_hold_is_released(
    world: World, scope: str, by: str
) -> None:
    desk = await desk_of_2026(world)
    invoice = await desk.invoice(line("100.00"))
    on = target(desk, scope, invoice)
    held = await hold(desk, **on)
    await be_at(desk, berlin(LONG_AFTER))
    whom = {"customer": BUYER["customer"], "invoice": invoice["id"]}[by]
    done = await desk.post("/v1/erasures", {by: whom})
    assert (done["erased"], done["next_on"], done["holds"]) == ([], None, [held["id"]])
    assert done["kept"] == [
        {
            "invoice": invoice["id"], "number": invoice["number"], "until": None,
            "reason": "legal hold", "source": None, "hold": held["id"],
        }
    ]  # fmt: skip
    await world.settle()
    assert await name_on(desk, invoice) == BUYER["name"]

    await release(desk, held)
    await world.settle()
    later = await desk.get(f"/v1/erasures/{done['id']}")
    assert (later["erased"], later["kept"], later["holds"]) == ([invoice["id"]], [], [])
    assert await name_on(desk, invoice) is None


async def test_a_draft_that_is_held_stays_too_and_others_go(world: World) -> None:
    desk = await desk_of_2026(world)
    held_draft, other = await desk.draft(), await desk.draft()
    held = await hold(desk, invoice=held_draft["id"])
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert (done["erased"], done["holds"]) == ([other["id"]], [held["id"]])
    [kept] = done["kept"]
    assert (kept["invoice"], kept["number"], kept["hold"]) == (held_draft["id"], None, held["id"])
    assert await name_on(desk, held_draft) == BUYER["name"]


async def test_the_law_and_a_hold_together_are_both_named(world: World) -> None:
    desk = await desk_of_2026(world)
    invoice = await desk.invoice(line("100.00"))
    held = await hold(desk, invoice=invoice["id"])
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    [kept] = done["kept"]
    assert (kept["until"], kept["hold"]) == ("2034-12-31", held["id"])
    assert done["next_on"] == "2035-01-01"
    # The law lets go first: the report then says that only the hold is left.
    await be_at(desk, berlin("2035-01-02 12:00"))
    await world.settle()
    [kept] = (await desk.get(f"/v1/erasures/{done['id']}"))["kept"]
    assert (kept["until"], kept["hold"]) == (None, held["id"])
    await release(desk, held)
    await world.settle()
    assert await name_on(desk, invoice) is None


async def test_a_released_hold_does_not_end_what_the_law_wants(world: World) -> None:
    desk = await desk_of_2026(world)
    invoice = await desk.invoice(line("100.00"))
    held = await hold(desk, customer=BUYER["customer"])
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    await release(desk, held)
    await world.settle()
    later = await desk.get(f"/v1/erasures/{done['id']}")
    assert (later["erased"], later["holds"], later["next_on"]) == ([], [], "2035-01-01")
    await be_at(desk, berlin("2035-01-02 12:00"))
    await world.settle()
    assert await name_on(desk, invoice) is None


async def test_one_of_two_holds_that_is_released_leaves_the_other(world: World) -> None:
    desk = await desk_of_2026(world)
    draft = await desk.draft()
    first = await hold(desk, invoice=draft["id"])
    second = await hold(desk, customer=BUYER["customer"])
    done = await desk.post("/v1/erasures", {"invoice": draft["id"]})
    assert done["holds"] == [first["id"], second["id"]]
    await release(desk, first)
    await world.settle()
    later = await desk.get(f"/v1/erasures/{done['id']}")
    assert (later["erased"], later["holds"]) == ([], [second["id"]])
    await release(desk, second)
    await world.settle()
    assert (await desk.get(f"/v1/erasures/{done['id']}"))["erased"] == [draft["id"]]


async def test_what_a_held_document_said_of_somebody_else_before_stays(world: World) -> None:
    desk = await desk_of_2026(world)
    draft = await desk.draft()
    other = {**BUYER, "customer": "C-2", "name": "Andere GmbH"}
    put = {"buyer": other, "lines": [line("1.00")]}
    assert (await desk.client.put(f"/v1/invoices/{draft['id']}", json=put)).is_success
    held = await hold(desk, invoice=draft["id"])
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert (done["erased"], done["kept"], done["holds"]) == ([], [], [held["id"]])
    subject = (
        "SELECT count(DISTINCT subject_id) FROM invoicing.personal p JOIN invoicing.documents d"
    )
    both = f"{subject} ON d.document_id = p.stream_id WHERE d.status = 'draft' AND d.tenant_id = $1"
    async with world.admin() as conn:
        assert await conn.fetchval(both, desk.tenant_id) == 2
        await release(desk, held)
        await world.settle()
        assert await conn.fetchval(both, desk.tenant_id) == 1


async def test_a_customer_who_is_held_stays_in_the_past_of_anothers_document(world: World) -> None:
    desk = await desk_of_2026(world)
    draft = await desk.draft()
    other = {**BUYER, "customer": "C-2", "name": "Andere GmbH"}
    put = {"buyer": other, "lines": [line("1.00")]}
    assert (await desk.client.put(f"/v1/invoices/{draft['id']}", json=put)).is_success
    held = await hold(desk, customer=BUYER["customer"])
    done = await desk.post("/v1/erasures", {"invoice": draft["id"]})
    assert (done["erased"], done["holds"]) == ([draft["id"]], [held["id"]])
    async with world.admin() as conn:
        left = await conn.fetch(
            "SELECT DISTINCT p.subject_id FROM invoicing.personal p"
            " JOIN invoicing.documents d ON d.document_id = p.stream_id WHERE d.tenant_id = $1",
            desk.tenant_id,
        )
    assert len(left) == 1


async def test_a_hold_is_read_listed_and_released_once_with_who_and_why(world: World) -> None:
    desk = await desk_of_2026(world)
    held, actor = await hold(desk, legal_entity=desk.entity), await desk.actor()
    path = f"/v1/legal-holds/{held['id']}"
    assert await desk.get(path) == held
    assert held == {
        "id": held["id"], "object": "legal_hold", "version": 1, "state": "standing",
        "scope": "legal_entity", "invoice": None, "customer": None, "legal_entity": desk.entity,
        "reason": WHY, "placed_at": held["placed_at"], "placed_by": actor,
        "released_at": None, "released_by": None, "release_reason": None,
    }  # fmt: skip
    second = await hold(desk, customer="C-77")
    listed = (await desk.get("/v1/legal-holds"))["data"]
    assert [each["id"] for each in listed] == [second["id"], held["id"]]
    over = await release(desk, held)
    assert (over["state"], over["released_by"], over["release_reason"]) == (
        "released", actor, "It is over.",
    )  # fmt: skip
    problem = await refused(desk, "POST", f"{path}/release", {"reason": "again"}, status=409)
    assert problem["code"] == "legal_hold_released"
    for state, only in (("standing", second), ("released", over)):
        page = await desk.get("/v1/legal-holds", state=state)
        assert [each["id"] for each in page["data"]] == [only["id"]]
    first = await desk.get("/v1/legal-holds", limit=1)
    rest = await desk.get("/v1/legal-holds", limit=1, after=first["next"])
    assert [each["id"] for each in first["data"] + rest["data"]] == [second["id"], held["id"]]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    async with world.admin() as conn:
        acts = await conn.fetch(
            "SELECT type, actor FROM invoicing.events WHERE type LIKE 'LegalHold%'"
            " AND tenant_id = $1 ORDER BY recorded_at",
            desk.tenant_id,
        )
    assert [tuple(each) for each in acts] == [
        ("LegalHoldPlaced", actor),
        ("LegalHoldPlaced", actor),
        ("LegalHoldReleased", actor),
    ]


async def test_the_same_request_twice_places_one_hold(world: World) -> None:
    desk = await desk_of_2026(world)
    body, key = {"customer": "C-1", "reason": WHY}, {"Idempotency-Key": "once"}
    one = await desk.client.post("/v1/legal-holds", json=body, headers=key)
    two = await desk.client.post("/v1/legal-holds", json=body, headers=key)
    assert (one.status_code, one.json()) == (201, two.json())
    assert len((await desk.get("/v1/legal-holds"))["data"]) == 1
    assert one.headers["location"] == f"/v1/legal-holds/{one.json()['id']}"


async def test_the_reason_goes_with_the_customer_once_the_hold_is_released(world: World) -> None:
    desk = await desk_of_2026(world)
    said = {"customer": BUYER["customer"], "reason": "Elbkontor sues."}
    held = await desk.post("/v1/legal-holds", said, status=201)
    await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert (await desk.get(f"/v1/legal-holds/{held['id']}"))["reason"] == "Elbkontor sues."
    await desk.post(f"/v1/legal-holds/{held['id']}/release", {"reason": "Elbkontor lost."})
    await world.settle()
    over = await desk.get(f"/v1/legal-holds/{held['id']}")
    assert (over["state"], over["reason"], over["release_reason"]) == ("released", None, None)
    async with world.admin() as conn:
        texts = await conn.fetch(
            "SELECT value::text FROM invoicing.personal WHERE tenant_id = $1", desk.tenant_id
        )
    assert not any("Elbkontor" in row[0] for row in texts)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": WHY}, ""),
        ({"reason": WHY, "customer": "C-1", "legal_entity": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"}, ""),
        ({"customer": "C-1"}, "/reason"),
        ({"customer": "C-1", "reason": ""}, "/reason"),
        ({"customer": "C-1", "reason": WHY, "until": "2030-01-01"}, "/until"),
        ({"invoice": "le_01jd0y7ct4f6d9zq8x3s5v2w1k", "reason": WHY}, "/invoice"),
    ],
)
async def test_a_hold_is_on_one_thing_and_has_a_reason(
    world: World, body: Any, pointer: str
) -> None:
    desk = await world.seller()
    problem = await desk.post("/v1/legal-holds", body, status=422)
    assert [each["pointer"] for each in problem["problems"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"}, "invoice_not_found"),
        ({"legal_entity": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"}, "legal_entity_not_found"),
    ],
)
async def test_what_is_not_there_cannot_be_held(world: World, body: Any, code: str) -> None:
    desk = await world.seller()
    problem = await desk.post("/v1/legal-holds", {**body, "reason": WHY}, status=404)
    assert problem["code"] == code


async def test_a_hold_that_is_not_there(world: World) -> None:
    desk = await world.seller()
    for method, path in (("GET", ""), ("POST", "/release")):
        body = {"reason": "r"} if path else None
        problem = await refused(desk, method, f"/v1/legal-holds/{NOBODY}{path}", body, status=404)
        assert problem["code"] == "legal_hold_not_found"


async def test_another_tenants_hold_keeps_nothing_here(world: World) -> None:
    mine, theirs = await desk_of_2026(world), await world.seller()
    draft = await mine.draft()
    await hold(theirs, customer=BUYER["customer"])
    await hold(theirs, legal_entity=theirs.entity)
    done = await mine.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert (done["erased"], done["holds"]) == ([draft["id"]], [])
