"""Series on hold: by hand, and in a database that is not the one it was (D2)."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from invx.contexts.invoicing.adapters.number_journal import read_journal
from invx.infra.embedded import Postgres
from tests.e2e.acts import refused
from tests.world import Desk, line, open_world

RESTORE = "UPDATE invoicing.number_permits SET incarnation = 'another'"


async def _series(desk: Desk) -> str:
    found = (await desk.get("/v1/series"))["data"]
    return next(str(each["id"]) for each in found if each["types"] == ["invoice"])


async def _restore(desk: Desk) -> None:
    """What a restore does to the permits: they name another life of the database."""
    async with desk.world.admin() as conn:
        await conn.execute(RESTORE)


@pytest.fixture
async def journalled(server: Postgres, tmp_path: Path) -> AsyncIterator[Desk]:
    settings: Mapping[str, str] = {"INVX_NUMBERS_FILE": str(tmp_path / "numbers.jsonl")}
    async with open_world(server, tmp_path, settings) as world:
        yield await world.seller()


async def test_a_series_held_by_hand_gives_no_number_until_it_is_released(desk: Desk) -> None:
    path = f"/v1/series/{await _series(desk)}"
    draft = await desk.draft()
    held = await desk.post(f"{path}/hold", {"reason": "the year is being closed"})
    assert (held["held"], held["hold"]) == (True, "by_hand")
    assert (await desk.get(path))["hold"] == "by_hand"
    finalize = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", finalize, {}, status=409)
    assert problem["code"] == "series_on_hold"
    assert (await desk.draft())["status"] == "draft"
    released = await desk.post(f"{path}/release", {"reason": "closed"})
    assert (released["held"], released["hold"]) == (False, None)
    assert (await desk.finalize(draft))["number"].endswith("0001")


async def test_holding_and_releasing_twice_changes_nothing(desk: Desk) -> None:
    path = f"/v1/series/{await _series(desk)}"
    versions = [
        (await desk.post(f"{path}/{verb}", {"reason": "r"}))["version"]
        for verb in ("hold", "hold", "release", "release")
    ]
    assert versions == [2, 2, 3, 3]


async def test_holding_asks_for_a_reason_a_permission_and_the_version_that_was_read(
    desk: Desk,
) -> None:
    path = f"/v1/series/{await _series(desk)}/hold"
    problem = await refused(desk, "POST", path, {}, status=422)
    assert "/reason" in {each["pointer"] for each in problem["problems"]}
    outdated = {"If-Match": '"7"'}
    answer = await desk.client.post(path, json={"reason": "r"}, headers=outdated)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    writer = desk.world.client(desk.tenant_id, ("series:read", "series:write"))
    assert (await writer.post(path, json={"reason": "r"})).status_code == 403


async def test_another_tenants_series_is_not_found(desk: Desk) -> None:
    other = await desk.world.seller()
    path = f"/v1/series/{await _series(other)}/hold"
    assert (await desk.client.post(path, json={"reason": "r"})).status_code == 404


async def test_a_restored_database_gives_no_numbers_and_says_what_to_do(desk: Desk) -> None:
    draft = await desk.draft()
    await _restore(desk)
    finalize = f"/v1/invoices/{draft['id']}/finalize"
    for body in ({}, {"series": await _series(desk)}):
        problem = await refused(desk, "POST", finalize, body, status=409)
        assert problem["code"] == "series_on_hold"
        assert "invx numbers reconcile" in problem["detail"]
    path = f"/v1/series/{await _series(desk)}"
    assert (await desk.get(path))["hold"] == "restored"
    assert {each["hold"] for each in (await desk.get("/v1/series"))["data"]} == {"restored"}
    problem = await refused(desk, "POST", f"{path}/release", {"reason": "r"}, status=409)
    assert problem["code"] == "series_not_reconciled"
    assert (await desk.draft())["status"] == "draft"


async def test_a_series_without_a_permit_gives_no_numbers_either(desk: Desk) -> None:
    """As of a backup from before permits were kept."""
    draft = await desk.draft()
    async with desk.world.admin() as conn:
        await conn.execute("DELETE FROM invoicing.number_permits")
    finalize = f"/v1/invoices/{draft['id']}/finalize"
    for body in ({}, {"series": await _series(desk)}):
        problem = await refused(desk, "POST", finalize, body, status=409)
        assert problem["code"] == "series_on_hold"
    operation = await desk.post("/v1/invoices/finalize", {"invoices": [draft["id"]]})
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{operation['id']}")
    assert (done["done"], done["failed"]) == (0, 1)


async def test_a_refusal_by_hold_is_not_kept_for_the_key_that_asked(desk: Desk) -> None:
    path = f"/v1/series/{await _series(desk)}"
    draft = await desk.draft()
    await desk.post(f"{path}/hold", {"reason": "r"})

    async def finalize() -> httpx.Response:
        return await desk.client.post(
            f"/v1/invoices/{draft['id']}/finalize", json={}, headers={"Idempotency-Key": "k"}
        )

    assert (await finalize()).status_code == 409
    await desk.post(f"{path}/release", {"reason": "r"})
    assert (await finalize()).status_code == 200


async def test_the_journal_knows_of_each_number_before_it_is_given(
    journalled: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "numbers.jsonl"
    for number in range(1, 13):
        invoice = await journalled.invoice(line("10.00"))
        assert invoice["number"].endswith(f"{number:04}")
        [count] = read_journal(path).values()
        assert count.perhaps >= number
        assert count.given < number
    assert len(path.read_text().splitlines()) == 3  # five at a time
    report = await journalled.get(f"/v1/series/{await _series(journalled)}/gaps")
    assert report["gaps"] == []


async def test_a_batch_reserves_all_of_its_numbers_at_once(
    journalled: Desk, tmp_path: Path
) -> None:
    bodies = [{"key": f"k{number}", "finalize": True, "invoice": {"x": 1}} for number in range(60)]
    assert bodies
    ids = [(await journalled.draft())["id"] for _ in range(30)]
    operation = await journalled.post("/v1/invoices/finalize", {"invoices": ids})
    await journalled.world.settle()
    done = await journalled.get(f"/v1/operations/{operation['id']}")
    assert (done["done"], done["failed"]) == (30, 0)
    assert len((tmp_path / "numbers.jsonl").read_text().splitlines()) <= 3


async def test_without_the_journal_no_number_is_given_and_nothing_is_written(
    journalled: Desk, tmp_path: Path
) -> None:
    draft = await journalled.draft()
    (tmp_path / "numbers.jsonl").mkdir()
    finalize = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(journalled, "POST", finalize, {}, status=503)
    assert problem["code"] == "number_journal_unavailable"
    (tmp_path / "numbers.jsonl").rmdir()
    assert (await journalled.finalize(draft))["number"].endswith("0001")
