"""What buyers owe on a day: which day that is where the seller is, and what the past was like."""

from datetime import date, timedelta

from tests.integration.invoicing.taxing import move
from tests.world import SELLER, World, post

PATH = "/v1/accounting/open-items"


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


async def test_today_is_the_day_where_the_seller_is(world: World) -> None:
    """Between Honolulu and Kiritimati it is never the same day; the clock is that of the tenant."""
    west = await world.seller(time_zone="Pacific/Honolulu")
    east = await post(
        west.client, "/v1/legal-entities", {**SELLER, "time_zone": "Pacific/Kiritimati"}
    )
    first = await west.invoice(legal_entity=west.entity)
    second = await west.invoice(legal_entity=east["id"])
    days = [each["issue_date"] for each in (first, second)]
    assert _later(days[0], 1) == days[1]
    found = {each["legal_entity"]: each for each in (await west.get(PATH))["data"]}
    assert [found[each]["on"] for each in (west.entity, east["id"])] == days
    assert [each["count"] for each in found.values()] == [1, 1]
    await move(west, first, "payments", amount="119.00", on=days[0])
    assert [each["legal_entity"] for each in (await west.get(PATH))["data"]] == [east["id"]]
    # The one is paid; the other is not issued yet on that day.
    assert (await west.get(PATH, on=days[0]))["data"] == []
    assert len((await west.get(PATH, on=days[1]))["data"]) == 1


async def test_what_was_open_on_a_day_is_told_after_all_was_settled(world: World) -> None:
    """A day of the past counts what has moved since, whatever the balance is today."""
    desk = await world.seller()
    invoice = await desk.invoice()
    issued = invoice["issue_date"]
    await world.advance(desk.tenant_id, timedelta(days=40))
    await move(desk, invoice, "payments", amount="19.00", on=_later(issued, 10))
    await move(desk, invoice, "payments", amount="100.00", on=_later(issued, 20))
    owed = {}
    for later in (-1, 0, 9, 10, 19, 20, 40):
        rows = (await desk.get(PATH, on=_later(issued, later)))["data"]
        owed[later] = [each["total"] for each in rows]
    assert owed == {
        -1: [],
        0: ["119.00"],
        9: ["119.00"],
        10: ["100.00"],
        19: ["100.00"],
        20: [],
        40: [],
    }
    assert (await desk.get(PATH))["data"] == []


async def test_a_void_document_was_never_owed_and_too_much_is_a_surplus(world: World) -> None:
    desk = await world.seller()
    gone, paid = await desk.invoice(), await desk.invoice()
    await desk.post(f"/v1/invoices/{gone['id']}/void", {"reason": "Wrong"})
    await move(desk, paid, "payments", amount="120.00")
    [row] = (await desk.get(PATH))["data"]
    assert (row["total"], row["surplus"], row["not_due"]) == ("-1.00", "1.00", "0")
    assert row["count"] == 1
    day = _later(paid["issue_date"], -1)
    assert (await desk.get(PATH, on=day))["data"] == []
