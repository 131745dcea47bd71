"""Who may do what, in which version: every operation of the document asks."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from invx.infra.http.permissions import declared_permissions
from invx.infra.http.versions import LIVE
from invx.infra.system import Uuid7Ids
from invx.infra.tokens import issue
from invx.kernel import limits
from invx.place import ALL_PERMISSIONS
from tests.waiting import refused
from tests.world import Desk, World


def token(world: World, tenant_id: Any, **more: Any) -> str:
    defaults = {"subject": "user:test", "permissions": ALL_PERMISSIONS}
    return issue(world.key, tenant_id, **{**defaults, "lifetime": timedelta(minutes=5), **more})


async def test_every_operation_asks_for_a_token_and_its_permission(world: World) -> None:
    tenant_id = await world.tenant()
    declared = declared_permissions(world.app)
    assert len(declared) > 30
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url="http://invx.test"
    ) as client:
        for (method, path), permission in declared.items():
            nobody = await client.request(method, path)
            assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
            assert nobody.headers["www-authenticate"].startswith("Bearer")
            others = tuple(each for each in ALL_PERMISSIONS if each != permission)
            headers = {"authorization": f"Bearer {token(world, tenant_id, permissions=others)}"}
            refused = await client.request(method, path, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
            assert permission in refused.json()["detail"]


@pytest.mark.parametrize("version", ["2026-11-02", "1999-01-01", "latest", ""])
async def test_a_version_that_is_not_live_is_refused(desk: Desk, version: str) -> None:
    response = await desk.client.get("/v1/invoices", headers={"invx-version": version})
    assert response.status_code == 400
    [problem] = response.json()["problems"]
    assert (problem["in"], problem["parameter"]) == ("header", "Invx-Version")
    assert (await desk.client.get("/v1/invoices")).headers["invx-version"] == max(LIVE)


async def test_a_revocation_elsewhere_holds_within_five_seconds(desk: Desk) -> None:
    assert (await desk.client.get("/v1/invoices")).status_code == 200
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.tenants SET tokens_not_before = now() + interval '1 second'"
            " WHERE tenant_id = $1",
            desk.tenant_id,
        )
    answer = await refused(desk.client)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert "revoked" in answer.json()["detail"]


async def test_a_revocation_here_holds_at_once_and_newer_tokens_count(desk: Desk) -> None:
    world = desk.world
    assert (await desk.client.get("/v1/invoices")).status_code == 200
    await asyncio.sleep(1.1)  # tokens are dated by the second
    now = datetime.now(UTC).replace(microsecond=0)
    await world.host.contexts["analytics"].directory.refuse_tokens_before(desk.tenant_id, now)
    assert (await desk.client.get("/v1/invoices")).status_code == 401
    fresh = world.client(desk.tenant_id)
    assert (await fresh.get("/v1/invoices")).status_code == 200
    other = world.client(await world.tenant())
    assert (await other.get("/v1/invoices")).status_code == 200


async def test_asking_the_directory_costs_no_query_per_request(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.REVOCATION_CACHE_SECONDS < 5
    monkeypatch.setattr(limits, "REVOCATION_CACHE_SECONDS", 3600)  # however slow the requests are
    directory = desk.world.host.contexts["invoicing"].directory
    await directory.tokens_not_before(desk.tenant_id)
    entry = directory._cache[desk.tenant_id]
    for _ in range(3):
        await desk.client.get("/v1/invoices")
    assert directory._cache[desk.tenant_id] is entry


async def test_a_tenant_that_is_not_here_finds_nothing(world: World) -> None:
    client = world.client(Uuid7Ids().new())
    response = await client.get("/v1/invoices")
    assert (response.status_code, response.json()["code"]) == (404, "unknown_tenant")
