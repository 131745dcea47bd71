"""Drafts over the API: what goes in comes out, edits, and what only a draft allows."""

import copy
import re
from typing import Any

from tests.e2e.acts import be_at, berlin, contained, pointers, refused, text_of
from tests.e2e.fullest import BODY
from tests.world import Desk, World, draft_body, line


async def _full(world: World) -> tuple[Desk, dict[str, Any]]:
    desk = await world.seller(backdating_days=30)
    await be_at(desk, berlin("2026-11-12T10:00"))
    return desk, await desk.post("/v1/invoices", copy.deepcopy(BODY))


async def test_every_field_of_a_draft_comes_back_in_the_detail_and_in_its_state(
    world: World,
) -> None:
    desk, created = await _full(world)
    found = await desk.get(f"/v1/invoices/{created['id']}")
    assert found == created
    contained(BODY, found)
    then = await desk.get(f"/v1/invoices/{created['id']}/state", at="2026-11-12T12:00:00Z")
    assert then == created


async def test_every_field_survives_finalizing(world: World) -> None:
    desk, created = await _full(world)
    issued = await desk.finalize(created)
    contained(BODY, issued)
    assert await desk.get(f"/v1/invoices/{created['id']}") == issued
    assert issued["totals"] == created["totals"]
    assert issued["tax_groups"] == created["tax_groups"]
    assert issued["issue_date"] == "2026-11-10"
    assert issued["due_date"] == "2026-12-20"


async def test_the_pdf_says_what_a_reader_needs_of_every_part(world: World) -> None:
    desk, created = await _full(world)
    issued = await desk.finalize(created)
    text = re.sub(r"\s+", " ", await text_of(desk, issued))
    expected = [
        *("Elbkontor Reederei", "Kaiserkai 62", "20457", "PO-2026-8", "CT-5"),
        *("04011000-12345-34", "PRJ-6", "Workshop on site", "Two days, with slides"),
        *("Regular customer", "Projector", "Metered calls", "First tier", "October in all"),
        *("With thanks for the good work.", "Part one", "Part two", "Early bird", "Freight"),
        *("Please pay in two parts.", "Thank you for your order.", "Elbkontor Lager"),
        *("Nordfactoring", "Steuerhaus", "2026-0000", issued["number"]),
    ]
    assert [word for word in expected if word not in text] == []
    for figure in ("net", "tax", "gross", "due"):
        amount = f"{float(issued['totals'][figure]):,.2f}"  # 4-digit amounts print exactly
        assert amount in text, (figure, amount)


async def test_an_edit_states_the_draft_anew(desk: Desk) -> None:
    draft = await desk.draft(line("10.00"), notes="first")
    path = f"/v1/invoices/{draft['id']}"
    response = await desk.client.put(path, json=draft_body(line("20.00"), line("1.00")))
    assert response.status_code == 200, response.text
    edited = response.json()
    assert edited["notes"] is None
    assert edited["totals"]["net"] == "21.00"
    assert edited["version"] == 2
    assert response.headers["etag"] == '"2"'
    assert await desk.get(path) == edited
    same = (await desk.client.put(path, json=draft_body(line("20.00"), line("1.00")))).json()
    assert same["version"] == 2, "an edit that changes nothing is no event"


async def test_an_edit_of_an_older_version_is_refused(desk: Desk) -> None:
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}"
    tag = (await desk.client.get(path)).headers["etag"]
    body = draft_body(line("20.00"))
    first = await desk.client.put(path, json=body, headers={"If-Match": tag})
    assert first.status_code == 200
    problem = await refused(
        desk, "PUT", path, draft_body(line("30.00")), status=412, headers={"If-Match": tag}
    )
    assert problem["code"] == "stale"
    await refused(desk, "DELETE", path, status=412, headers={"If-Match": tag})
    await refused(desk, "POST", f"{path}/finalize", {}, status=412, headers={"If-Match": tag})
    assert (await desk.get(path))["totals"]["net"] == "20.00"


async def test_a_read_with_the_version_at_hand_is_answered_with_304(desk: Desk) -> None:
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}"
    known = await desk.client.get(path, headers={"If-None-Match": '"1"'})
    assert known.status_code == 304
    assert known.content == b""


async def test_a_long_draft_is_edited_by_a_patch_of_its_lines(desk: Desk) -> None:
    lines = [line(f"{number}.00", id=f"L{number}") for number in range(1, 251)]
    draft = await desk.draft(*lines)
    changed = copy.deepcopy(lines)
    changed[4]["price"] = "500.00"
    del changed[9]
    changed.append(line("7.77", id="new"))
    path = f"/v1/invoices/{draft['id']}"
    edited = await desk.client.put(path, json=draft_body(*changed, notes="patched"))
    assert edited.status_code == 200, edited.text
    expected = sum(range(1, 251)) - 5 + 500 - 10
    assert edited.json()["totals"]["net"] == f"{expected + 7}.77"
    found = await desk.get(path)
    assert [each["id"] for each in found["lines"]] == [each["id"] for each in changed]
    assert found["notes"] == "patched"
    async with desk.world.admin() as conn:
        kinds = await conn.fetch(
            "SELECT type, length(body::text) AS size FROM invoicing.events"
            " WHERE type LIKE 'Draft%' AND tenant_id = $1 ORDER BY version",
            desk.tenant_id,
        )
    assert [row["type"] for row in kinds] == ["DraftCreated", "DraftPatched"]
    assert kinds[1]["size"] < kinds[0]["size"] / 20
    history = await desk.get(f"{path}/history")
    assert history["data"][1]["details"]["changed_lines"] == ["L5", "new"]
    assert history["data"][1]["details"]["removed_lines"] == ["L10"]
    issued = await desk.finalize(found)
    assert issued["totals"] == found["totals"]


async def test_a_deleted_draft_is_gone_and_leaves_no_gap(desk: Desk) -> None:
    first = await desk.invoice()
    draft = await desk.draft(external_id="E-9")
    path = f"/v1/invoices/{draft['id']}"
    gone = await desk.client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    for method, place in (("GET", path), ("GET", f"{path}/preview"), ("DELETE", path)):
        problem = await refused(desk, method, place, status=404)
        assert problem["code"] == "invoice_not_found"
    await refused(desk, "POST", f"{path}/finalize", {}, status=404)
    assert [each["id"] for each in (await desk.get("/v1/invoices"))["data"]] == [first["id"]]
    second = await desk.invoice(external_id="E-9")
    assert int(second["number"][-4:]) == int(first["number"][-4:]) + 1


async def test_a_finalized_document_can_be_neither_edited_nor_deleted(desk: Desk) -> None:
    issued = await desk.invoice()
    path = f"/v1/invoices/{issued['id']}"
    for method, body in (("PUT", draft_body(line("1.00"))), ("DELETE", None)):
        problem = await refused(desk, method, path, body, status=409)
        assert problem["code"] == "document_not_draft"
    await refused(desk, "POST", f"{path}/finalize", {}, status=409)
    assert await desk.get(path) == issued


async def test_friendly_names_of_units_become_codes_and_unknown_ones_are_named(desk: Desk) -> None:
    draft = await desk.draft(line("1.00", unit="hour"), line("1.00", unit="day"))
    assert [each["unit"] for each in draft["lines"]] == ["HUR", "DAY"]
    child = line("1.00", unit="wombat")
    body = draft_body(line("1.00", unit="fathoms?"), {"description": "P", "children": [child]})
    problem = await refused(desk, "POST", "/v1/invoices", body, status=422)
    assert set(pointers(problem)) == {"/lines/0/unit", "/lines/1/children/0/unit"}


async def test_ids_of_lines_are_made_where_they_are_missing_and_stay_unique(desk: Desk) -> None:
    draft = await desk.draft(line("1.00"), line("1.00", id="1"), line("1.00"))
    ids = [each["id"] for each in draft["lines"]]
    assert ids[1] == "1"
    assert len(set(ids)) == 3
    twice = draft_body(line("1.00", id="a"), line("1.00", id="a"))
    problem = await refused(desk, "POST", "/v1/invoices", twice, status=422)
    assert any(pointer.startswith("/lines/1") for pointer in pointers(problem))


async def test_binary_floats_and_misspelt_fields_are_refused(desk: Desk) -> None:
    floats = draft_body({**line("1.00"), "price": 19.99})
    assert "/lines/0/price" in pointers(
        await refused(desk, "POST", "/v1/invoices", floats, status=422)
    )
    misspelt = draft_body(line("1.00"), pruchase_order="PO-1")
    assert "/pruchase_order" in pointers(
        await refused(desk, "POST", "/v1/invoices", misspelt, status=422)
    )


async def test_d11_a_draft_that_is_edited_keeps_the_source_of_its_lines(desk: Desk) -> None:
    """So a periodic run sees that the period is billed, however often the draft was touched."""
    source = {
        "kind": "subscription",
        "id": "SUB-1",
        "version": "1",
        "period": {"start": "2026-11-01", "end": "2026-11-30"},
    }
    draft = await desk.draft(line("10.00", source=source))
    body = draft_body(line("12.00", source=source))
    edited = (await desk.client.put(f"/v1/invoices/{draft['id']}", json=body)).json()
    assert edited["lines"][0]["source"] == source


async def test_the_external_id_of_a_document_is_taken_once_per_tenant(desk: Desk) -> None:
    await desk.draft(external_id="X-1")
    problem = await refused(desk, "POST", "/v1/invoices", draft_body(external_id="X-1"), status=409)
    assert problem["code"] == "external_id_taken"
    elsewhere = await desk.world.seller()
    assert (await elsewhere.draft(external_id="X-1"))["external_id"] == "X-1"
