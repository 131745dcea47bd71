"""Who may sign in is asked over all tenants: it stays where it is when a tenant moves."""

from pathlib import Path

import httpx

from tests.integration.tenants.houses import moved
from tests.integration.tenants.two import everything_of
from tests.tenants import invx, tnt
from tests.world import PASSWORD, Desk, World, draft_body, post


async def signed_in(desk: Desk, email: str) -> httpx.AsyncClient:
    """A client of somebody who has just given their password."""
    client = desk.world.client(desk.tenant_id)
    said = {"email": email, "password": PASSWORD, "tenant": tnt(desk.tenant_id)}
    answer = await post(client, "/v1/sessions", said, status=201)
    client.headers["Authorization"] = f"Bearer {answer['access_token']}"
    return client


async def counted(world: World, context: str, placement: str, desk: Desk) -> int:
    async with world.admin(placement) as conn:
        found: int = await conn.fetchval(
            f"SELECT count(*) FROM {context}.streams WHERE tenant_id = $1", desk.tenant_id
        )
    return found


async def test_people_and_keys_enter_a_tenant_that_was_moved(house: World) -> None:
    desk = await house.seller(sign_up=True)
    email = (await desk.get("/v1/me"))["email"]
    key = await desk.post("/v1/api-keys", {"name": "shop", "permissions": ["invoices:read"]})
    await desk.invoice()
    await house.settle()
    before = await counted(house, "identity", "pooled", desk)
    await moved(desk, "acme")
    assert await counted(house, "identity", "pooled", desk) == before > 0
    assert await counted(house, "identity", "acme", desk) == 0
    assert await counted(house, "invoicing", "pooled", desk) == 0
    again = await signed_in(desk, email)
    assert (await again.get("/v1/invoices")).json()["data"][0]["status"] == "finalized"
    assert (await again.post("/v1/invoices", json=draft_body())).status_code == 201
    assert [each["email"] for each in (await desk.get("/v1/members"))["data"]] == [email]
    shop = {"Authorization": f"Bearer {key['secret']}"}
    assert (await again.get("/v1/invoices", headers=shop)).status_code == 200
    await post(
        again, "/v1/invitations", {"email": "bo@kontor.example", "role": "viewer"}, status=201
    )
    assert "Intact: 3 tenants" in (await invx(house, "audit", "verify")).text


async def test_members_of_a_tenant_elsewhere_are_exported_and_erased_with_it(
    house: World, tmp_path: Path
) -> None:
    """They lie in another database than its documents; the archive has both."""
    desk, other = await house.seller(sign_up=True), await house.seller(sign_up=True)
    name = (await desk.get("/v1/me"))["name"]
    await desk.invoice()
    await house.settle()
    await moved(desk, "acme")
    id, file = tnt(desk.tenant_id), str(tmp_path / "t.zip")
    await invx(house, "tenant", "suspend", id)
    said = await invx(house, "tenant", "export", id, file)
    assert said.code == 0, said.text
    said = await invx(house, "tenant", "erase", id, "--dry-run")
    assert "identity.members: 1" in said.text
    assert "invoicing.documents: 1" in said.text
    named = [line for line in said.text.splitlines() if "is suspended" in line]
    assert "exported 20" in named[0]
    before = await everything_of(house, other.tenant_id)
    gone = await invx(house, "tenant", "erase", id, "--confirm", named[0].split("'")[1])
    assert gone.code == 0, gone.text
    assert await counted(house, "identity", "pooled", desk) == 0
    assert await counted(house, "invoicing", "acme", desk) == 0
    assert await everything_of(house, other.tenant_id) == before
    assert name
    assert (await desk.client.get("/v1/members")).status_code == 404
