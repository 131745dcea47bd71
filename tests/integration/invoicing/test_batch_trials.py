"""Batches that try to break what a single request guarantees: numbers, series, keys."""

import asyncio
from typing import Any

from tests.integration.invoicing.test_numbering import opened, put_on_hold
from tests.integration.isolation.rows import tenanted_tables
from tests.world import SELLER, Desk, World, draft_body, line

NOBODY = {"name": "Nobody"}
Shown = dict[str, Any]


def item(*lines: Shown, **more: Any) -> Shown:
    """An item that is finalized at once."""
    return draft_body(*lines, **{"finalize": True, **more})


async def sent(desk: Desk, *items: Any) -> list[Shown]:
    """The results of a batch."""
    answer = await desk.post("/v1/invoices/batch", {"items": list(items)})
    found: list[Shown] = answer["results"]
    assert answer["accepted"] == sum(1 for each in found if each["accepted"])
    assert answer["accepted"] + answer["rejected"] == len(items)
    return found


def codes(results: list[Shown]) -> list[str | None]:
    return [each["problem"] and each["problem"]["code"] for each in results]


def numbers(results: list[Shown]) -> list[Any]:
    return [each["invoice"]["number"] for each in results if each["invoice"]]


async def rows(desk: Desk) -> dict[str, int]:
    """How many rows the tenant has in each table."""
    async with desk.world.admin() as conn:
        return {
            table: await conn.fetchval(
                f"SELECT count(*) FROM {table} WHERE tenant_id = $1", desk.tenant_id
            )
            for table in await tenanted_tables(conn)
        }


async def complete(desk: Desk) -> bool:
    """Whether each series of the tenant has all its numbers."""
    found = (await desk.get("/v1/series"))["data"]
    reports = [await desk.get(f"/v1/series/{each['id']}/gaps") for each in found]
    return all(each["complete"] and not each["gaps"] for each in reports)


async def test_a_batch_of_rejected_items_writes_nothing(desk: Desk) -> None:
    before = await rows(desk)
    bad = [
        item(buyer=NOBODY),
        item(buyer=NOBODY, key="k", external_id="e"),
        item(line("1,00")),
        item(lines=[]),
        item(issue_date="2199-01-01"),
        item(series="ser_01m8mr6tejevyv6g29cea8q6cd"),
        item(legal_entity="le_01m8mr6tejevyv6g29cea8q6cd"),
        draft_body(key=""),
        "nonsense",
        None,
    ]
    results = await sent(desk, *bad)
    assert not any(each["accepted"] for each in results)
    assert all(each["invoice"] is None and each["problem"]["detail"] for each in results)
    pointers = [p["pointer"] for each in results for p in each["problem"]["problems"]]
    assert all(pointer.startswith("/items/") for pointer in pointers)
    assert await rows(desk) == before
    # What they would have taken is still free.
    [made] = await sent(desk, item(key="k", external_id="e"))
    assert made["invoice"]["number"].endswith("0001")


async def test_entities_and_series_in_one_batch_have_numbers_without_gaps(desk: Desk) -> None:
    other = await desk.post("/v1/legal-entities", {**SELLER, "name": "Kontor Süd GmbH"})
    ours = {"legal_entity": desk.entity}
    extra = await opened(desk, legal_entity=desk.entity, pattern="X-{number:03}", reset="none")
    await opened(desk, legal_entity=desk.entity, pattern="D-{number:03}", reset="none")
    kinds = [
        ours,  # from the series that was opened last
        {"legal_entity": other["id"]},
        {**ours, "series": extra["id"]},
        {**ours, "type": "proforma"},
    ]
    items = [item(**kinds[at % 4]) for at in range(20)]
    for at in (5, 8):
        items[at]["buyer"] = NOBODY
    results = await sent(desk, *items)
    rejected = [at for at, each in enumerate(results) if not each["accepted"]]
    assert rejected == [5, 8]
    for kind in range(4):
        drawn = numbers(results[kind::4])
        assert [int(number[-3:]) for number in drawn] == list(range(1, len(drawn) + 1))
    assert all(number.startswith("X-") for number in numbers(results[2::4]))
    assert await complete(desk)


async def test_batches_in_opposite_order_wait_for_each_other_and_finish(desk: Desk) -> None:
    """Series are locked by their ids and not in the order of the items: no deadlock."""
    series = [
        await opened(desk, name=name, pattern=f"{name}-{{number:03}}", reset="none")
        for name in "ABC"
    ]
    items = [item(series=each["id"]) for each in series] * 3
    batches = await asyncio.gather(
        *(sent(desk, *(items if at % 2 else items[::-1])) for at in range(6))
    )
    assert all(each["accepted"] for results in batches for each in results)
    drawn = sorted(number for results in batches for number in numbers(results))
    assert drawn == [f"{name}-{at:03}" for name in "ABC" for at in range(1, 19)]
    for results in batches:  # of one series in one batch, in the order of the items
        for name in "ABC":
            mine = [each for each in numbers(results) if each.startswith(name)]
            assert mine == sorted(mine)
    assert await complete(desk)


async def test_a_held_series_rejects_its_items_alone(desk: Desk) -> None:
    held = await opened(desk, name="H", pattern="H-{number:03}", reset="none")
    await opened(desk, name="D", pattern="D-{number:03}", reset="none")
    await put_on_hold(desk, held["id"], held=True)
    of_held = item(series=held["id"])
    results = await sent(desk, of_held, item(), of_held, item(), draft_body(series=held["id"]))
    assert codes(results) == ["series_on_hold", None, "series_on_hold", None, None]
    assert numbers(results) == ["D-001", "D-002", None]  # a draft draws none
    await put_on_hold(desk, held["id"], held=False)
    [released] = await sent(desk, of_held)
    assert released["invoice"]["number"] == "H-001"
    assert await complete(desk)


async def test_a_key_stands_for_one_item_in_all_batches(desk: Desk) -> None:
    first = await sent(desk, item(key="a"), item(key="a"), item(line("5.00"), key="a"), item())
    assert codes(first) == [None, "item_key_reused", "item_key_reused", None]
    again = await sent(desk, item(line("5.00"), key="a"), item(key="a"))
    assert codes(again) == ["item_key_reused", "item_key_reused"]
    [replayed] = await sent(desk, item(key="a"))
    assert (replayed["replayed"], replayed["invoice"]) == (True, first[0]["invoice"])
    stranger = await desk.world.seller()
    [theirs] = await sent(stranger, item(key="a"))
    assert (theirs["replayed"], theirs["accepted"]) == (False, True)


async def test_a_replayed_answer_is_that_of_then(desk: Desk) -> None:
    """What became of the document since is asked of the document."""
    [made] = await sent(desk, draft_body(key="a"))
    await desk.finalize(made["invoice"])
    [replayed] = await sent(desk, draft_body(key="a"))
    assert replayed["invoice"] == made["invoice"]
    assert replayed["invoice"]["status"] == "draft"


async def test_the_same_items_at_the_same_moment_make_one_invoice_each(desk: Desk) -> None:
    items = [item(line(f"{at}.00"), key=f"k{at}") for at in range(1, 6)]
    batches = await asyncio.gather(*(sent(desk, *items) for _ in range(4)))
    for place in zip(*batches, strict=True):
        assert len({each["invoice"]["id"] for each in place}) == 1
        assert [each["replayed"] for each in place].count(False) == 1
    assert len((await desk.get("/v1/invoices"))["data"]) == len(items)
    assert await complete(desk)


async def test_a_whole_request_is_idempotent_also_in_its_refusals(desk: Desk) -> None:
    body = {"items": [item(), item(buyer=NOBODY), "x"]}
    once = {"Idempotency-Key": "whole"}
    answers = await asyncio.gather(
        *(desk.client.post("/v1/invoices/batch", json=body, headers=once) for _ in range(3))
    )
    done = [each for each in answers if each.status_code == 200]
    assert done
    assert {each.status_code for each in answers} <= {200, 409}
    assert len({each.content for each in done}) == 1
    other = await desk.client.post("/v1/invoices/batch", json={"items": [item()]}, headers=once)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len((await desk.get("/v1/invoices"))["data"]) == 1


async def test_drafts_and_documents_of_every_type_stand_side_by_side(desk: Desk) -> None:
    kinds = ["invoice", "proforma", "credit_note"]
    results = await sent(
        desk, *(draft_body(type=kind, finalize=final) for kind in kinds for final in (True, False))
    )
    for at, each in enumerate(results):
        if each["accepted"]:
            assert each["invoice"]["status"] == ("draft" if at % 2 else "finalized")
            assert (each["invoice"]["number"] is None) == bool(at % 2)
    assert [each["accepted"] for each in results[:4]] == [True] * 4
    assert await complete(desk)


async def test_a_batch_is_of_one_to_a_thousand_items(desk: Desk) -> None:
    before = await rows(desk)
    for items in ([], [None] * 1_001, {}, None):
        refused = await desk.post("/v1/invoices/batch", {"items": items}, status=422)
        assert refused["problems"][0]["pointer"] == "/items"
    await desk.post("/v1/invoices/batch", [], status=422)
    assert await rows(desk) == before


async def test_taxes_of_many_items_are_determined_as_of_one(world: World) -> None:
    """Each item that the rules cannot tell is refused by its line; the others are determined."""
    desk = await world.seller(tax_id_policy={"not_asked": "accept"})
    open_line = {"description": "x", "quantity": "1", "price": "100.00"}
    known = {**open_line, "supply": {"kind": "services"}}
    book = {**open_line, "supply": {"kind": "goods", "category": "books"}}
    unknown = {**open_line, "supply": {"kind": "services", "category": "no_such_category"}}
    results = await sent(desk, item(known), item(unknown), item(book, known), item(known))
    assert [each["accepted"] for each in results] == [True, False, True, True]
    assert [each["invoice"]["totals"]["tax"] for each in results if each["invoice"]] == [
        "19.00",
        "26.00",
        "19.00",
    ]
    [problem] = results[1]["problem"]["problems"]
    assert problem["pointer"].startswith("/items/1/lines/0/")
    assert await complete(desk)
