"""How many documents a tenant may draft in a day: the limit is named, and when the day ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from invx.contexts.invoicing.domain.errors import DocumentQuotaExceeded
from invx.infra.embedded import Postgres
from invx.infra.quotas import quotas_of
from invx.infra.storage.places import FileLimits
from tests.integration.tenants.two import another, exported
from tests.tenants import invx, tnt
from tests.world import Desk, World, draft_body, open_world, post

CLASSES = {"small": {"documents_per_day": 3}, "one": {"documents_per_day": 1}, "free": {"files": 9}}
CODE = "document_quota_exceeded"


@pytest.fixture
async def bounded(server: Postgres, tmp_path: Path, file: Path) -> AsyncIterator[World]:
    left = (midnight() + timedelta(days=1) - datetime.now(UTC)).total_seconds()
    if left < 60:  # a day that ends in the middle of a test counts from nothing again
        await asyncio.sleep(left)
    async with open_world(server, tmp_path, {"INVX_QUOTAS": str(file)}) as world:
        yield world


async def in_class(desk: Desk, name: str, file: Path) -> None:
    said = await invx(
        desk.world, "tenant", "quota", tnt(desk.tenant_id), name, INVX_QUOTAS=str(file)
    )
    assert said.code == 0, said.text


async def drafted(desk: Desk, count: int, **more: Any) -> list[httpx.Response]:
    return [await desk.client.post("/v1/invoices", json=draft_body(**more)) for _ in range(count)]


def codes(answers: list[httpx.Response]) -> list[int]:
    return [each.status_code for each in answers]


def midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def age(desk: Desk, by: timedelta) -> None:
    """As if its documents had been drafted before: ids say when they were made."""
    shift = int(by.total_seconds() * 1000) << 80
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")  # only this table is looked at
        rows = await conn.fetch(
            "SELECT document_id FROM invoicing.documents WHERE tenant_id = $1 ORDER BY 1",
            desk.tenant_id,
        )
        for row in rows:
            await conn.execute(
                "UPDATE invoicing.documents SET document_id = $3"
                " WHERE tenant_id = $1 AND document_id = $2",
                *(desk.tenant_id, row[0], UUID(int=row[0].int - shift)),
            )


async def test_the_refusal_names_the_limit_and_when_the_day_ends(
    bounded: World, file: Path
) -> None:
    desk, other = await bounded.seller(), await bounded.seller()
    await in_class(desk, "small", file)
    end = midnight() + timedelta(days=1)
    most = (end - datetime.now(UTC)).total_seconds()
    answers = await drafted(desk, 5)
    least = (end - datetime.now(UTC)).total_seconds()
    assert codes(answers) == [201, 201, 201, 429, 429]
    said = answers[-1].json()
    assert (said["code"], said["status"]) == (CODE, 429)
    assert "'small'" in said["detail"]
    assert "at most 3 documents a day" in said["detail"]
    assert f"{end:%Y-%m-%dT%H:%M:%SZ}" in said["detail"]
    assert least <= int(answers[-1].headers["Retry-After"]) <= most + 1
    assert codes(await drafted(other, 5)) == [201] * 5  # nobody else waits
    listed = (await desk.get("/v1/invoices"))["data"]
    assert len(listed) == 3


async def test_what_is_there_is_finalized_credited_and_cancelled_all_the_same(
    bounded: World, file: Path
) -> None:
    """A law may ask for a correction today; it is counted, and never refused."""
    desk = await bounded.seller()
    await in_class(desk, "small", file)
    first, second, third = [each.json() for each in await drafted(desk, 3)]
    one, two = await desk.finalize(first), await desk.finalize(second)
    credited = await desk.client.post(f"/v1/invoices/{one['id']}/credit-notes", json={})
    cancelled = await desk.client.post(f"/v1/invoices/{two['id']}/cancel", json={})
    for answer in (credited, cancelled):
        assert answer.status_code != 429, answer.text
    edited = await desk.client.put(
        f"/v1/invoices/{third['id']}",
        json=draft_body(),
        headers={"If-Match": f'"{third["version"]}"'} if "version" in third else {},
    )
    assert edited.status_code != 429
    assert codes(await drafted(desk, 1)) == [429]


async def test_a_draft_that_was_deleted_makes_room(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    await in_class(desk, "one", file)
    [made] = await drafted(desk, 1)
    assert codes(await drafted(desk, 1)) == [429]
    assert (await desk.client.delete(f"/v1/invoices/{made.json()['id']}")).is_success
    assert codes(await drafted(desk, 2)) == [201, 429]


async def test_documents_of_yesterday_do_not_count_and_those_of_midnight_do(
    bounded: World, file: Path
) -> None:
    desk = await bounded.seller()
    await in_class(desk, "small", file)
    assert codes(await drafted(desk, 3)) == [201] * 3
    since = datetime.now(UTC) - midnight()
    await age(desk, since - timedelta(seconds=60))  # a minute into the day
    assert codes(await drafted(desk, 1)) == [429]
    await age(desk, timedelta(seconds=120))  # before the day
    assert codes(await drafted(desk, 4)) == [201] * 3 + [429]


async def test_a_sandbox_that_steps_through_days_gets_no_more(bounded: World, file: Path) -> None:
    """A day is one of system time: business time may pass as fast as one likes."""
    desk = await bounded.seller(mode="test")
    await in_class(desk, "one", file)
    assert codes(await drafted(desk, 1)) == [201]
    await bounded.advance(desk.tenant_id, timedelta(days=40))
    assert codes(await drafted(desk, 1)) == [429]


async def test_many_at_once_never_get_the_last_one_twice(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    await in_class(desk, "small", file)
    answers = await asyncio.gather(
        *(desk.client.post("/v1/invoices", json=draft_body()) for _ in range(12))
    )
    assert sorted(codes(list(answers))) == [201] * 3 + [429] * 9
    assert len((await desk.get("/v1/invoices"))["data"]) == 3


async def test_of_a_batch_those_are_refused_that_are_too_many(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    await in_class(desk, "small", file)
    await desk.draft()
    body = {"items": [draft_body(), {**draft_body(), "finalize": True}, draft_body(), draft_body()]}
    answer = await post(desk.client, "/v1/invoices/batch", body)
    assert answer["accepted"] == 2
    refused = [each for each in answer["results"] if CODE in json.dumps(each)]
    assert len(refused) == 2
    assert "at most 3 documents a day" in json.dumps(refused[0])
    again = await post(desk.client, "/v1/invoices/batch", {"items": [draft_body()]})
    assert again["accepted"] == 0
    assert len((await desk.get("/v1/invoices"))["data"]) == 3


async def test_an_item_that_cannot_be_takes_no_room_from_the_next(
    bounded: World, file: Path
) -> None:
    desk = await bounded.seller()
    await in_class(desk, "one", file)
    bad = {**draft_body(), "legal_entity": "le_00000000000000000000000000"}
    answer = await post(desk.client, "/v1/invoices/batch", {"items": [bad, bad, draft_body()]})
    assert answer["accepted"] == 1


async def test_the_refusal_is_not_kept_for_a_key(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    await in_class(desk, "one", file)
    await desk.draft()
    key = {"Idempotency-Key": "k-1"}
    refused = await desk.client.post("/v1/invoices", json=draft_body(), headers=key)
    assert refused.status_code == 429
    await in_class(desk, "free", file)
    made = await desk.client.post("/v1/invoices", json=draft_body(), headers=key)
    assert made.status_code == 201


async def test_what_answers_a_key_again_needs_no_room(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    await in_class(desk, "one", file)
    key = {"Idempotency-Key": "k-1"}
    first = await desk.client.post("/v1/invoices", json=draft_body(), headers=key)
    again = await desk.client.post("/v1/invoices", json=draft_body(), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]


async def test_a_preview_writes_nothing_and_needs_no_room(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    await in_class(desk, "one", file)
    for _ in range(3):
        shown = await desk.client.post("/v1/invoices/check", json=draft_body())
        assert shown.status_code != 429
    await desk.draft()
    shown = await desk.client.post("/v1/invoices/check", json=draft_body())
    assert shown.status_code != 429


async def test_another_class_holds_at_once_in_the_transaction(bounded: World, file: Path) -> None:
    """The class is read where the draft is written, not out of a cache."""
    desk = await bounded.seller()
    await desk.draft()
    await in_class(desk, "one", file)
    assert codes(await drafted(desk, 1)) == [429]
    await in_class(desk, "free", file)
    assert codes(await drafted(desk, 2)) == [201, 201]
    await in_class(desk, "small", file)
    assert codes(await drafted(desk, 1)) == [429]
    await in_class(desk, "standard", file)
    assert codes(await drafted(desk, 1)) == [201]


async def test_what_came_with_an_import_today_counts_where_it_came(
    bounded: World, server: Postgres, tmp_path: Path, file: Path
) -> None:
    desk = await bounded.seller()
    await in_class(desk, "small", file)
    await drafted(desk, 2)
    archive = await exported(desk, tmp_path / "t.zip", INVX_QUOTAS=str(file))
    async with another(server, tmp_path / "b", {"INVX_QUOTAS": str(file)}) as elsewhere:
        assert (await invx(elsewhere, "tenant", "import", str(archive))).code == 0
        there = Desk(elsewhere, desk.tenant_id, elsewhere.client(desk.tenant_id), desk.entity)
        assert codes(await drafted(there, 2)) == [201, 429]


def test_the_refusal_says_how_long_to_wait_to_the_second_up() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    now = until - timedelta(seconds=10, microseconds=1)
    refusal = DocumentQuotaExceeded("small", 5, now, until)
    assert refusal.wait_seconds == 11
    assert refusal.detail.endswith("ends at 2026-12-01T00:00:00Z.")
    assert refusal.code == CODE
    assert not refusal.lasting


@pytest.mark.parametrize("number", [0, -1, 0.5, 2.5, "7", None, [1], float("inf")])
def test_a_day_of_no_whole_number_of_documents_is_refused(number: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        quotas_of({"small": {"documents_per_day": number}}, FileLimits())


@pytest.mark.parametrize("number", [1, 3.0, 10**9])
def test_a_day_of_whole_documents_is_taken(number: float) -> None:
    quota = quotas_of({"small": {"documents_per_day": number}}, FileLimits())["small"]
    assert quota.documents_per_day == int(number)
    assert quota.requests_per_second is None
    assert quotas_of({"small": {"files": 1}}, FileLimits())["small"].documents_per_day is None
