"""What operators say of tenants that nobody decided about holds for those, and for no other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from invx.infra.embedded import Postgres
from invx.place import prepare_database
from tests.integration.tenants.houses import moved
from tests.operators import OperatorAtWork, open_plane
from tests.tenants import invx, tnt
from tests.world import Desk, World, draft_body, open_world

CLASSES = {
    "small": {"requests_per_second": 0.01, "burst": 4, "files": 1, "documents_per_day": 2},
    "large": {"files": 9},
}


@pytest.fixture
async def bounded(server: Postgres, tmp_path: Path, file: Path) -> AsyncIterator[World]:
    settings = {"INVX_QUOTAS": str(file)}
    async with open_world(server, tmp_path, settings, placements=("acme",)) as world:
        yield world


async def by_default(operator: OperatorAtWork, name: str) -> None:
    path = "/operator/v1/installation/defaults"
    said = await operator.client.put(path, json={"quota_class": name})
    assert said.status_code == 200, said.text
    assert said.json()["default_quota"]["name"] == name
    a_minute_later(operator.world)


def a_minute_later(world: World) -> None:
    for context in world.host.contexts.values():
        context.directory._cache.clear()


async def classify(desk: Desk, name: str, file: Path) -> None:
    id = tnt(desk.tenant_id)
    said = await invx(desk.world, "tenant", "quota", id, name, INVX_QUOTAS=str(file))
    assert said.code == 0, said.text
    a_minute_later(desk.world)


async def drafts(desk: Desk, count: int) -> list[int]:
    answers = [await desk.client.post("/v1/invoices", json=draft_body()) for _ in range(count)]
    return [each.status_code for each in answers]


async def reads(desk: Desk, count: int) -> list[int]:
    return [(await desk.client.get("/v1/invoices")).status_code for _ in range(count)]


async def uploads(desk: Desk, count: int) -> list[int]:
    answers = [
        await desk.client.post(
            "/v1/files",
            params={"name": f"{number}.csv"},
            content=b"a,b\n1,2\n",
            headers={"Content-Type": "text/csv"},
        )
        for number in range(count)
    ]
    return [each.status_code for each in answers]


async def test_documents_files_and_requests_of_who_has_no_class_are_bounded_by_default(
    bounded: World, file: Path
) -> None:
    operator = await open_plane(bounded)
    one, two, chosen = [await bounded.seller() for _ in range(3)]
    await classify(chosen, "large", file)
    await by_default(operator, "small")
    assert await drafts(one, 3) == [201, 201, 429]
    assert await uploads(two, 2) == [201, 409]
    assert await reads(two, 3) == [200, 200, 429]
    assert await drafts(chosen, 3) == [201] * 3
    assert await reads(chosen, 6) == [200] * 6
    await by_default(operator, "standard")
    assert await drafts(one, 1) == [201]
    assert await reads(two, 4) == [200] * 4


async def test_it_holds_in_other_databases_and_in_one_that_comes_later(
    bounded: World, file: Path
) -> None:
    operator, desk = await open_plane(bounded), await bounded.seller()
    await moved(desk, "acme", "--actor", "user:mo")
    await by_default(operator, "small")
    assert await drafts(desk, 3) == [201, 201, 429]
    assert (await bounded.host.contexts["invoicing"].directory.get(desk.tenant_id)).placement
    async with bounded.admin("acme") as conn:  # as a database that was made just now says
        for schema in bounded.host.contexts:
            await conn.execute(
                f"UPDATE {schema}.tenants SET quota_class = 'standard'"
                " WHERE tenant_id = '00000000-0000-0000-0000-000000000001'"
            )
    a_minute_later(bounded)
    assert await drafts(desk, 1) == [201]
    await prepare_database(bounded.place)
    a_minute_later(bounded)
    assert await drafts(desk, 1) == [429]


async def test_the_default_is_an_act_and_a_class_that_is_none_is_refused(bounded: World) -> None:
    operator = await open_plane(bounded)
    path = "/operator/v1/installation/defaults"
    refused = await operator.client.put(path, json={"quota_class": "gold"})
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["pointer"] == "/quota_class"
    await by_default(operator, "large")
    [act] = (await operator.get("/acts", type="default_quota_class_given"))["data"]
    assert (act["actor"], act["after"]) == (
        *(operator.actor, {"before": "standard", "after": "large"}),
    )
    said = await operator.get("/installation")
    assert (said["default_quota"]["name"], said["default_quota"]["files"]) == ("large", 9)
    assert {each["name"] for each in said["quotas"]} == {"small", "large"}
    desk = await bounded.seller()
    shown = await operator.get(f"/tenants/{tnt(desk.tenant_id)}")
    assert shown["quota_class"] == "standard"  # nobody gave it one


async def test_a_tenant_reads_the_class_that_holds_for_itself_only(bounded: World) -> None:
    operator, desk = await open_plane(bounded), await bounded.seller()
    await by_default(operator, "large")
    runner = bounded.host.contexts["invoicing"].runner
    tenant = await runner.directory.get(desk.tenant_id)
    async with runner.database.tenant_transaction(
        desk.tenant_id, tenant.epoch, write=False
    ) as conn:
        assert await conn.fetchval("SELECT invoicing.held_class()") == "large"
        assert await conn.fetchval("SELECT count(*) FROM invoicing.tenants") == 1
