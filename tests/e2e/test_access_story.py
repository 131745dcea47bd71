"""An accountant's office works for two businesses, a web shop has a key, and all of it is told."""

import csv
import io

from invx.infra.audit import verify
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid
from tests.people import Person, anybody, invite, open_for_business, sign_in
from tests.world import SELLER, World, draft_body, line

OFFICE_ROLE = {
    "name": "Tax office",
    "permissions": ["invoices:read", "legal_entities:read", "tax:read", "audit:read"],
    "approval_limit": None,
}


async def test_one_person_serves_two_businesses_and_neither_sees_the_other(world: World) -> None:
    north = await open_for_business(world, organization="Kontor Nord GmbH")
    south = await open_for_business(world, organization="Südkontor AG")
    office = await open_for_business(world, organization="Steuer & Mehr")
    for owner in (north, south):
        await owner.post("/v1/legal-entities", {**SELLER, "name": owner.tenant})
    role = await south.post("/v1/roles", OFFICE_ROLE, status=201)
    for owner, given in ((north, "accountant"), (south, role["id"])):
        invited = await invite(owner, given, office.email)
        await office.post("/v1/invitations/accept", {"token": invited["token"]}, status=200)
    tokens = (await sign_in(world, office.email)).json()
    assert {each["name"]: each["role"] for each in tokens["tenants"]} == {
        "Steuer & Mehr": "owner",
        "Steuer & Mehr (sandbox)": "owner",
        "Kontor Nord GmbH": "accountant",
        "Südkontor AG": role["id"],
    }
    for owner in (north, south):
        assert (await office.refresh(tenant=owner.tenant)).status_code == 200
        [entity] = (await office.get("/v1/legal-entities"))["data"]
        assert entity["name"] == owner.tenant
        refused = await office.client.post("/v1/invoices", json=draft_body())
        assert refused.status_code == 403
    assert (await office.client.get("/v1/members")).status_code == 403
    left = await south.get("/v1/members")
    member = next(each for each in left["data"] if each["user"] == office.tokens["user"])
    assert (await south.client.delete(f"/v1/members/{member['id']}")).status_code == 204
    refused = await office.refresh(tenant=south.tenant)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")


async def test_a_web_shop_sells_with_a_key_and_the_audit_tells_who_let_it(world: World) -> None:
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    permissions = ["invoices:read", "invoices:write", "invoices:finalize"]
    key = await ada.post("/v1/api-keys", {"name": "Shop", "permissions": permissions}, status=201)
    shop = anybody(world, Authorization=f"Bearer {key['secret']}")
    sent = {"Idempotency-Key": "order-1"}
    draft = await shop.post("/v1/invoices", json=draft_body(line("10.00")), headers=sent)
    assert draft.status_code == 201, draft.text
    path = f"/v1/invoices/{draft.json()['id']}"
    issued = await shop.post(f"{path}/finalize", json={})
    assert issued.status_code == 200, issued.text
    assert (await shop.post(f"{path}/payments", json={})).status_code == 403
    fresh = await ada.post(f"/v1/api-keys/{key['id']}/rotate", {"overlap_hours": 2})
    newer = anybody(world, Authorization=f"Bearer {fresh['secret']}")
    again = await newer.post("/v1/invoices", json=draft_body(line("10.00")), headers=sent)
    assert again.json()["id"] == draft.json()["id"]  # the same caller, whichever secret it shows
    history = (await ada.get(f"{path}/history"))["data"]
    assert {each["actor"] for each in history} == {f"key:{key['id']}"}
    acts = (await ada.get("/v1/audit/acts", type="api_key_created,api_key_rotated"))["data"]
    assert [each["about"] for each in acts] == [key["id"], key["id"]]
    assert {each["actor"] for each in acts} == {f"user:{ada.tokens['user']}"}
    assert all(each["address"] for each in acts)


async def test_what_the_audit_exports_is_what_the_chain_holds(world: World) -> None:
    ada = await open_for_business(world)
    await Person.post(ada, "/v1/roles", OFFICE_ROLE, status=201)
    exported = await ada.client.get("/v1/audit/acts/export")
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    tenant_id = parse_typeid("tnt", ada.tenant)
    async with world.admin(context="identity") as conn:
        stored = await conn.fetch(
            "SELECT type, version FROM identity.events WHERE tenant_id = $1"
            " ORDER BY recorded_at, event_id",
            tenant_id,
        )
        for each in (tenant_id, INSTALLATION):
            audit = await verify(conn, "identity", each)
            assert audit.intact, audit.broken
    names = [row["type"].replace("_", "") for row in rows]
    assert names == [row["type"].lower() for row in stored]
    assert [int(row["version"]) for row in rows] == [row["version"] for row in stored]
