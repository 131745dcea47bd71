"""Grace periods over time: what was done, how late it is, and what the draft is by then."""

from datetime import UTC, datetime, timedelta
from typing import Any

from invx.kernel import limits
from tests.world import SELLER, Desk, World, draft_body, line

NOBODY = {"name": "Nobody"}


def hence(**by: float) -> str:
    """A moment from now."""
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


async def later(desk: Desk, **by: float) -> None:
    """So much later by the tenant's clock, with everything done that is due."""
    await desk.world.advance(desk.tenant_id, timedelta(**by))
    await desk.world.settle()


async def seen(desk: Desk, draft: dict[str, Any]) -> tuple[str, str]:
    """The status of the document, and the state of its grace period."""
    document = await desk.get(f"/v1/invoices/{draft['id']}")
    grace = await desk.get(f"/v1/invoices/{draft['id']}/grace")
    return document["status"], grace["state"]


ACTS = ["nothing", "hold", "edit", "end", "later", "sooner", "by hand", "break", "hold and let go"]


async def act(desk: Desk, draft: dict[str, Any], what: str) -> None:
    path = f"/v1/invoices/{draft['id']}"
    match what:
        case "hold" | "hold and let go":
            await desk.post(f"{path}/hold")
            if what != "hold":
                await desk.post(f"{path}/hold", {"held": False})
        case "edit":
            edited = draft_body(line("7.00"))
            assert (await desk.client.put(path, json=edited)).is_success
        case "break":
            broken = draft_body(buyer=NOBODY)
            assert (await desk.client.put(path, json=broken)).is_success
        case "end":
            await desk.post(f"{path}/grace", {"finalize_at": None})
        case "later":
            await desk.post(f"{path}/grace", {"finalize_at": hence(days=20)})
        case "sooner":
            await desk.post(f"{path}/grace", {"finalize_at": hence(minutes=30)})
        case "by hand":
            await desk.finalize(draft)


async def test_every_act_at_every_time(desk: Desk) -> None:
    """Given ten days; the acts at once; looked at before, at and long after the moment."""
    drafts = {what: await desk.draft(finalize_at=hence(days=10)) for what in ACTS}
    for what, draft in drafts.items():
        await act(desk, draft, what)
    waits, done = ("draft", "waiting"), ("finalized", "over")
    expected = dict.fromkeys(ACTS, waits) | {
        "hold": ("draft", "held"),
        "end": ("draft", "over"),
        "by hand": done,
    }
    assert {what: await seen(desk, draft) for what, draft in drafts.items()} == expected
    await later(desk, days=9)
    expected["sooner"] = done
    assert {what: await seen(desk, draft) for what, draft in drafts.items()} == expected
    await later(desk, days=1, minutes=1)
    expected |= dict.fromkeys(["nothing", "edit", "hold and let go"], done)
    expected["break"] = ("draft", "failed")
    assert {what: await seen(desk, draft) for what, draft in drafts.items()} == expected
    await later(desk, days=200)
    # By now they are overdue: a status that follows from a document's own time.
    expected["later"] = done
    found = {what: (await seen(desk, draft))[1] for what, draft in drafts.items()}
    assert found == {what: state for what, (_, state) in expected.items()}
    edited = await desk.get(f"/v1/invoices/{drafts['edit']['id']}")
    assert edited["totals"]["net"] == "7.00"
    await release_months_later(desk, drafts["hold"])
    await once_each(desk)


async def release_months_later(desk: Desk, held: dict[str, Any]) -> None:
    """Due long ago, it is done at once, and dated by the day on which that is."""
    await desk.post(f"/v1/invoices/{held['id']}/hold", {"held": False})
    await desk.world.settle()
    document = await desk.get(f"/v1/invoices/{held['id']}")
    dated = datetime.fromisoformat(document["issue_date"]).date()
    assert dated > (datetime.now(UTC) + timedelta(days=200)).date()


async def once_each(desk: Desk) -> None:
    """No number was drawn twice, none was lost, and what is over stays so."""
    async with desk.world.admin() as conn:
        drawn = await conn.fetch(
            "SELECT text, document_id FROM invoicing.numbers WHERE tenant_id = $1", desk.tenant_id
        )
    assert len({row["text"] for row in drawn}) == len({row["document_id"] for row in drawn}) == 7
    assert len(drawn) == 7  # all but the ended and the broken one
    for series in (await desk.get("/v1/series"))["data"]:
        report = await desk.get(f"/v1/series/{series['id']}/gaps")
        assert (report["complete"], report["gaps"]) == (True, [])
    listed = (await desk.get("/v1/graces"))["data"]
    assert [each["state"] for each in listed] == ["failed"]


async def test_mended_and_given_anew_it_is_finalized_by_itself(desk: Desk) -> None:
    draft = await desk.draft(buyer=NOBODY, finalize_at=hence(hours=1))
    await later(desk, hours=2)
    [failed] = (await desk.get("/v1/graces", state="failed"))["data"]
    assert failed["code"] == "document_incomplete"
    await desk.post(f"/v1/invoices/{draft['id']}/hold", status=409)
    await later(desk, days=2)
    assert await seen(desk, draft) == ("draft", "failed")  # not tried again by itself
    assert (await desk.client.put(f"/v1/invoices/{draft['id']}", json=draft_body())).is_success
    await desk.post(f"/v1/invoices/{draft['id']}/grace", {"finalize_at": hence(days=3)})
    await later(desk, days=2)
    assert await seen(desk, draft) == ("finalized", "over")


SUPPLY: dict[str, Any] = {
    "description": "x",
    "quantity": "1",
    "price": "100.00",
    "supply": {"kind": "services"},
}
DUTCH = {
    "name": "Koper BV",
    "address": {"country": "NL", "postal_code": "1012 AB", "city": "A", "line1": "B"},
    "vat_id": "NL123456782B90",
}


_ONCE_MORE = """
UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity' WHERE kind = 'end_grace'
RETURNING attempts + (state = 'done')::int
"""


async def test_what_might_pass_by_itself_and_does_not_is_a_failure_in_the_end(
    world: World,
) -> None:
    """The seller no longer takes VAT ids unchecked, and nobody can be asked: today and later."""
    desk = await world.seller(tax_id_policy={"not_asked": "accept"})
    drafted = await desk.draft(SUPPLY, buyer=DUTCH, finalize_at=hence(hours=1))
    path = f"/v1/legal-entities/{desk.entity}"
    assert (await desk.client.put(path, json=SELLER)).is_success
    await world.advance(desk.tenant_id, timedelta(hours=2))
    attempts = 0
    while attempts < limits.REACTION_ATTEMPTS_MAX:
        assert await seen(desk, drafted) == ("draft", "waiting"), attempts
        await world.settle()
        async with world.admin() as conn:
            attempts = await conn.fetchval(_ONCE_MORE)
    assert await seen(desk, drafted) == ("draft", "failed")
    [failed] = (await desk.get("/v1/graces", state="failed"))["data"]
    assert failed["code"] == "tax_undetermined"
    async with world.admin() as conn:
        parked = await conn.fetchval(
            "SELECT count(*) FROM invoicing.due_jobs WHERE state = 'parked'"
        )
    assert parked == 0
