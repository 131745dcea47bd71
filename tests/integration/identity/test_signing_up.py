"""A business signs up and works; nobody else sees any of it."""

import json
from typing import Any

import pytest

from invx.infra import tenancy
from invx.infra.audit import verify
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid
from tests.people import PASSWORD, anybody, sign_in, sign_up, sign_up_body
from tests.waiting import HANG_SECONDS
from tests.world import SELLER, World, draft_body, line, post


async def test_who_signs_up_can_send_an_invoice_in_live_and_sandbox(world: World) -> None:
    ada = await sign_up(world)
    await world.settle()
    for tenant, marked in ((ada.tokens["tenant"], False), (ada.tokens["sandbox"], True)):
        assert (await ada.refresh(tenant=tenant)).status_code == 200
        assert ada.tenant == tenant
        await ada.post("/v1/legal-entities", SELLER)
        draft = await ada.post("/v1/invoices", draft_body(line("100.00")))
        issued = await ada.post(f"/v1/invoices/{draft['id']}/finalize", {})
        assert (issued["number"] is not None, issued["mode"] == "test") == (True, marked)
        [invoice] = (await ada.get("/v1/invoices"))["data"]
        assert invoice["id"] == issued["id"]
        history = (await ada.get(f"/v1/invoices/{issued['id']}/history"))["data"]
        assert {each["actor"] for each in history} == {f"user:{ada.tokens['user']}"}


async def test_two_who_sign_up_see_nothing_of_each_other(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world, organization="Südkontor AG")
    await world.settle()
    await ada.post("/v1/legal-entities", SELLER)
    assert (await bob.get("/v1/legal-entities"))["data"] == []
    refused = await bob.refresh(tenant=ada.tokens["tenant"])
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    assert [each["role"] for each in bob.tokens["tenants"]] == ["owner", "owner"]
    assert {each["mode"] for each in bob.tokens["tenants"]} == {"live", "test"}


async def test_an_address_signs_up_once_however_it_is_written(world: World) -> None:
    body = sign_up_body()
    client = anybody(world)
    await post(client, "/v1/sign-up", body, status=201)
    again = {**body, "email": body["email"].upper()}
    refused = await post(client, "/v1/sign-up", again, status=409)
    assert refused["code"] == "email_taken"
    assert body["email"] not in json.dumps(refused)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "password1234"}, "/password"),
        ({"password": "kontor nord gmbh"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        ({"email": "nobody"}, "/email"),
        ({"name": ""}, "/name"),
        ({"organization": ""}, "/organization"),
        ({"language": "english"}, "/language"),
    ],
)
async def test_what_cannot_be_signed_up_is_named_and_leaves_nothing(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    problem = await post(anybody(world), "/v1/sign-up", sign_up_body(**change), status=422)
    assert [each["pointer"] for each in problem["problems"]] == [pointer]
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM identity.users") == 0
        assert await conn.fetchval("SELECT count(*) FROM identity.events") == 0


async def test_no_event_row_or_log_holds_a_password_or_a_token(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    ada = await sign_up(world)
    await ada.refresh()
    await sign_in(world, ada.email)
    await world.settle()
    said = capfd.readouterr()
    async with world.admin() as conn:
        tables = await conn.fetch(
            "SELECT format('%I.%I', table_schema, table_name) AS name"
            " FROM information_schema.tables WHERE table_schema IN"
            " ('identity', 'invoicing', 'analytics') AND table_type = 'BASE TABLE'"
        )
        held = [
            str(row[0])
            for table in tables
            for row in await conn.fetch(f"SELECT t::text FROM {table['name']} t")
        ]
    everything = "\n".join([*held, said.out, said.err])
    assert "$argon2id$" in everything
    for secret in (PASSWORD, ada.tokens["refresh_token"], ada.tokens["access_token"]):
        assert secret not in everything


async def test_all_that_happened_is_chained_and_names_who_did_it(world: World) -> None:
    ada = await sign_up(world)
    await ada.refresh(tenant=ada.tokens["sandbox"])
    await world.settle()
    async with world.admin() as conn:
        for tenant_id in (INSTALLATION, parse_typeid("tnt", ada.tokens["sandbox"])):
            audit = await verify(conn, "identity", tenant_id)
            assert audit.intact, audit.broken
            assert audit.events > 0
        kinds = {row[0] for row in await conn.fetch("SELECT DISTINCT kind FROM identity.streams")}
        bodies = await conn.fetch("SELECT body::text FROM identity.events")
    assert kinds == {"User", "Organization", "Tenant", "Session", "Member"}
    assert not any(ada.email in row[0] for row in bodies)


async def test_every_context_hears_of_the_tenants_and_an_older_word_changes_nothing(
    world: World,
) -> None:
    ada = await sign_up(world)
    await world.settle()
    live = parse_typeid("tnt", ada.tokens["tenant"])
    async with world.admin() as conn:
        for schema in ("identity", "invoicing", "analytics"):
            entry = await conn.fetchrow(
                f"SELECT * FROM {schema}.tenants WHERE tenant_id = $1", live
            )
            assert (entry["name"], entry["mode"]) == ("Kontor Nord GmbH", "live"), schema
            assert entry["stated_version"] == 1
            await conn.execute(f"SELECT set_config('app.tenant', '{INSTALLATION}', false)")
            state = f"SELECT {schema}.state_tenant($1, $2, $3, 'live', 'active', '0')"
            for version, name, known in ((1, "old", "Kontor Nord GmbH"), (2, "new", "new")):
                await conn.execute(state, live, version, name)
                said = await conn.fetchval(
                    f"SELECT name FROM {schema}.tenants WHERE tenant_id = $1", live
                )
                assert said == known


async def test_a_context_waits_a_moment_for_a_tenant_that_was_just_opened(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client that signed up is faster than the event that tells the other contexts."""
    # How long that takes is measured elsewhere.
    monkeypatch.setattr(tenancy, "_AWAITED_SECONDS", HANG_SECONDS)
    world.host.start_background()
    ada = await sign_up(world)
    response = await ada.client.post("/v1/legal-entities", json=SELLER)
    assert response.status_code == 201, response.text
