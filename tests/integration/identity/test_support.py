"""An operator gets into a tenant by its own decision, for what it said, so long: no other way."""

import asyncio
from typing import Any

import pytest

from invx.contexts.identity.domain.support import reading, supportable
from invx.contracts.permissions import PERMISSIONS
from invx.infra.http.permissions import declared_permissions
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid, typeid
from tests import waiting
from tests.integration.isolation.test_tokens import UNNAMED, paths
from tests.operators import REASON, OperatorAtWork, open_plane
from tests.people import Person, anybody, join, open_for_business
from tests.sealing import faults
from tests.world import SELLER, World, draft_body


async def stage(world: World) -> tuple[OperatorAtWork, Person]:
    """An operator, and the owner of a tenant with something in it."""
    operator = await open_plane(world)
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    await ada.post("/v1/invoices", draft_body())
    return operator, ada


async def let_in(operator: OperatorAtWork, ada: Person, **more: Any) -> tuple[str, Any]:
    """The grant, and a client of the operator inside."""
    request = await operator.ask(ada.tenant)
    granted = await ada.post("/v1/support-grants", {"request": request, **more}, status=201)
    assert granted["status"] == "granted"
    return request, await operator.enter(ada.tenant)


async def refused(operator: OperatorAtWork, tenant: str) -> str:
    answer = await operator.client.post(f"/operator/v1/tenants/{tenant}/token")
    assert answer.status_code == 403, f"{answer.status_code} {answer.text}"
    return str(answer.json()["code"])


async def hear(world: World, tenant: str) -> None:
    """Every context knows of reduced access, as it does within five seconds."""
    await world.settle()
    for context in world.host.contexts.values():
        context.directory.forget(parse_typeid("tnt", tenant))


async def test_a_tenant_sees_who_asks_and_why_and_lets_them_read(world: World) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    [asked] = (await ada.get("/v1/support-grants"))["data"]
    assert (asked["id"], asked["status"], asked["reason"]) == (request, "asked", REASON["reason"])
    assert (asked["operator"], asked["operator_id"]) == ("Jo of Invx", typeid("opr", operator.id))
    granted = await ada.post("/v1/support-grants", {"request": request}, status=201)
    assert granted["permissions"] == sorted(reading(PERMISSIONS))
    client = await operator.enter(ada.tenant)
    [draft] = (await client.get("/v1/invoices")).json()["data"]
    assert draft["status"] == "draft"
    assert (await ada.get(f"/v1/support-grants/{request}"))["status"] == "granted"


async def test_a_token_for_reading_writes_nothing_anywhere(world: World) -> None:
    operator, ada = await stage(world)
    _, client = await let_in(operator, ada)
    wrong = []
    for method, path, permission in paths(world):
        answer = await client.request(method, path, content=b"{")
        if (answer.status_code == 403) is (permission in reading(PERMISSIONS)):
            wrong.append(f"{method} {path} {permission}: {answer.status_code}")
    assert wrong == []
    draft = (await client.get("/v1/invoices")).json()["data"][0]["id"]
    for path in (f"/v1/invoices/{draft}/finalize", "/v1/invoices"):
        answer = await client.post(path, json=draft_body())
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_exactly_what_was_granted_is_held(world: World) -> None:
    operator, ada = await stage(world)
    _, client = await let_in(operator, ada, permissions=["invoices:read", "invoices:write"])
    made = await client.post("/v1/invoices", json=draft_body())
    assert made.status_code == 201, made.text
    assert (await client.get("/v1/series")).status_code == 403
    assert (await client.post(f"/v1/invoices/{made.json()['id']}/finalize")).status_code == 403


async def test_nobody_gets_in_without_being_let_in(world: World) -> None:
    operator, ada = await stage(world)
    assert await refused(operator, ada.tenant) == "support_not_granted"
    await operator.ask(ada.tenant)
    assert await refused(operator, ada.tenant) == "support_not_granted"  # asking is not enough
    unknown = await operator.client.post(f"/operator/v1/tenants/{typeid('tnt', UNNAMED)}/token")
    assert unknown.status_code == 404
    types = [each["type"] for each in (await ada.get("/v1/audit/acts"))["data"]]
    assert "support_entered" not in types


async def test_what_is_refused_is_refused_until_it_is_asked_again(world: World) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    said = await ada.post(f"/v1/support-grants/{request}/refuse", status=200)
    assert (said["status"], said["ended_reason"]) == ("refused", "refused")
    assert await refused(operator, ada.tenant) == "support_not_granted"
    for path, body in (
        ("/v1/support-grants", {"request": request}),
        (f"/v1/support-grants/{request}/refuse", None),
    ):
        assert (await ada.post(path, body, status=409))["code"] == "support_over"
    again = await operator.ask(ada.tenant)
    await ada.post("/v1/support-grants", {"request": again}, status=201)
    await operator.enter(ada.tenant)


async def test_a_grant_opens_no_other_tenant_and_no_other_operator(world: World) -> None:
    operator, ada = await stage(world)
    other, bo = await stage(world)
    await let_in(operator, ada)
    assert await refused(operator, bo.tenant) == "support_not_granted"
    assert await refused(other, ada.tenant) == "support_not_granted"
    sandbox = ada.tokens["sandbox"]
    assert await refused(operator, sandbox) == "support_not_granted"
    request = await operator.ask(bo.tenant)
    foreign = await ada.post("/v1/support-grants", {"request": request}, status=404)
    assert foreign["code"] == "support_grant_not_found"
    assert await refused(operator, bo.tenant) == "support_not_granted"


async def test_it_ends_by_time(world: World) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    await ada.post("/v1/support-grants", {"request": request, "hours": 1}, status=201)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.support_grants SET granted_until = now() + interval '200 seconds'"
        )
    given = await operator.post(f"/tenants/{ada.tenant}/token")
    assert 80 <= given["expires_in"] <= 200  # no token outlives the grant
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.support_grants SET granted_until = now()")
    assert await refused(operator, ada.tenant) == "support_not_granted"
    assert (await ada.get(f"/v1/support-grants/{request}"))["status"] == "ended"


async def test_a_request_that_nobody_answers_is_over_after_a_week(world: World) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.support_grants SET asked_at = now() - interval '7 days'"
        )
    late = await ada.post("/v1/support-grants", {"request": request}, status=409)
    assert late["code"] == "support_over"


async def test_revoked_it_is_over_within_five_seconds(world: World) -> None:
    """Measured with relay and worker running by themselves, and the token remembered."""
    operator, ada = await stage(world)
    request, client = await let_in(operator, ada)
    assert (await client.get("/v1/invoices")).status_code == 200
    world.host.start_background()
    gone = await ada.client.delete(f"/v1/support-grants/{request}")
    assert gone.status_code == 204
    assert await refused(operator, ada.tenant) == "support_not_granted"
    answer = await waiting.refused(client)
    assert answer.status_code == 401
    assert (await ada.client.delete(f"/v1/support-grants/{request}")).status_code in (204, 401)


async def test_an_operator_who_is_revoked_is_out_of_tenants_too(world: World) -> None:
    operator, ada = await stage(world)
    request, client = await let_in(operator, ada)
    await operator.revoke()
    await hear(world, ada.tenant)
    assert (await client.get("/v1/invoices")).status_code == 401
    await ada.refresh(tenant=ada.tenant)
    ended = await ada.get(f"/v1/support-grants/{request}")
    assert (ended["status"], ended["ended_reason"]) == ("ended", "operator_revoked")
    answer = await operator.client.post(f"/operator/v1/tenants/{ada.tenant}/token")
    assert answer.status_code == 401


async def test_asked_again_what_was_granted_before_ends(world: World) -> None:
    operator, ada = await stage(world)
    request, client = await let_in(operator, ada)
    await operator.ask(ada.tenant)
    await hear(world, ada.tenant)
    assert (await client.get("/v1/invoices")).status_code == 401
    assert await refused(operator, ada.tenant) == "support_not_granted"
    await ada.refresh(tenant=ada.tenant)
    assert (await ada.get(f"/v1/support-grants/{request}"))["ended_reason"] == "replaced"


@pytest.mark.parametrize(
    "permission",
    [
        *("members:write", "members:own", "api_keys:write", "api_keys:read", "roles:write"),
        *("oauth_clients:write", "support:grant", "me:write", "invoices:approve"),
        *("personal:erase", "approval_rules:write"),
    ],
)
async def test_what_would_outlive_the_access_is_never_granted(
    world: World, permission: str
) -> None:
    assert permission not in supportable(PERMISSIONS)
    operator, ada = await stage(world)
    path = f"/operator/v1/tenants/{ada.tenant}/support-requests"
    body = {**REASON, "permissions": ["invoices:read", permission]}
    asked = await operator.client.post(path, json=body)
    assert asked.status_code == 422
    assert asked.json()["problems"][0]["pointer"] == "/permissions/1"
    request = await operator.ask(ada.tenant)
    grant = {"request": request, "permissions": ["invoices:read", permission]}
    answer = await ada.post("/v1/support-grants", grant, status=422)
    assert answer["code"] == "support_permission_refused"
    assert answer["problems"][0]["pointer"] == "/permissions/1"
    assert await refused(operator, ada.tenant) == "support_not_granted"


async def test_a_permission_that_there_is_not_is_neither_asked_for_nor_granted(
    world: World,
) -> None:
    operator, ada = await stage(world)
    path = f"/operator/v1/tenants/{ada.tenant}/support-requests"
    asked = await operator.client.post(path, json={**REASON, "permissions": ["no:such"]})
    assert asked.status_code == 422
    request = await operator.ask(ada.tenant)
    grant = {"request": request, "permissions": ["no:such"]}
    assert (await ada.post("/v1/support-grants", grant, status=403))["code"] == "more_than_held"


async def test_nobody_grants_more_than_they_hold(world: World) -> None:
    operator, ada = await stage(world)
    body = {"name": "Door", "permissions": ["support:grant", "support:read", "invoices:read"]}
    role = await ada.post("/v1/roles", body, status=201)
    bo = await join(ada, role["id"])
    request = await operator.ask(ada.tenant)
    grant = {"request": request, "permissions": ["invoices:read", "tax:read"]}
    more = await bo.post("/v1/support-grants", grant, status=403)
    assert more["code"] == "more_than_held"
    said = await bo.post("/v1/support-grants", {"request": request}, status=201)
    assert said["permissions"] == ["invoices:read"]  # what they may read themselves


async def test_owners_and_admins_decide_and_no_program_does(world: World) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    for role in ("accountant", "sales", "viewer"):
        person = await join(ada, role)
        answer = await person.client.post("/v1/support-grants", json={"request": request})
        assert answer.status_code == 403, role
        assert (await person.client.get("/v1/support-grants")).status_code == 403, role
    key = await ada.post(
        "/v1/api-keys", {"name": "X", "permissions": ["support:grant"]}, status=201
    )
    program = anybody(world, Authorization=f"Bearer {key['secret']}")
    answer = await program.post("/v1/support-grants", json={"request": request})
    assert answer.status_code == 403
    admin = await join(ada, "admin")
    await admin.post("/v1/support-grants", {"request": request}, status=201)
    gone = await program.delete(f"/v1/support-grants/{request}")
    assert gone.status_code == 204  # shutting out is for everybody who may


async def test_a_program_may_refuse(world: World) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    key = await ada.post(
        "/v1/api-keys", {"name": "X", "permissions": ["support:grant"]}, status=201
    )
    program = anybody(world, Authorization=f"Bearer {key['secret']}")
    said = await program.post(f"/v1/support-grants/{request}/refuse")
    assert said.json()["status"] == "refused"


async def test_an_operator_inside_grants_nothing_to_themselves(world: World) -> None:
    operator, ada = await stage(world)
    request, client = await let_in(operator, ada, permissions=sorted(supportable(PERMISSIONS)))
    for method, path in (
        ("POST", "/v1/support-grants"),
        ("POST", "/v1/api-keys"),
        ("POST", "/v1/invitations"),
        ("POST", "/v1/roles"),
        ("POST", "/v1/oauth-clients"),
        ("PUT", "/v1/me/password"),
        ("DELETE", "/v1/me"),
        ("DELETE", f"/v1/support-grants/{request}"),
    ):
        answer = await client.request(method, path, json={})
        assert answer.status_code == 403, path
    assert (await client.get("/operator/v1/tenants")).status_code == 401


@pytest.mark.parametrize("hours", [0, 25, -1, "x", 1.5])
async def test_no_more_than_a_day(world: World, hours: Any) -> None:
    operator, ada = await stage(world)
    request = await operator.ask(ada.tenant)
    body = {"request": request, "hours": hours}
    answer = await ada.post("/v1/support-grants", body, status=422)
    assert answer["problems"][0]["pointer"] == "/hours"


async def test_a_suspended_tenant_is_entered_by_nobody(world: World) -> None:
    """Nothing could be noted there, so nobody could say afterwards who was in."""
    operator, ada = await stage(world)
    await let_in(operator, ada)
    await operator.post(f"/tenants/{ada.tenant}/suspend", REASON)
    answer = await operator.client.post(f"/operator/v1/tenants/{ada.tenant}/token")
    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_closed")
    asked = await operator.client.post(
        f"/operator/v1/tenants/{ada.tenant}/support-requests", json=REASON
    )
    assert asked.json()["code"] == "tenant_closed"


async def test_whatever_an_operator_does_inside_says_so(world: World) -> None:
    operator, ada = await stage(world)
    request, client = await let_in(operator, ada, permissions=["invoices:read", "invoices:write"])
    made = (await client.post("/v1/invoices", json=draft_body())).json()
    history = await ada.get(f"/v1/invoices/{made['id']}/history")
    assert history["data"][0]["actor"] == operator.actor
    shown = (await ada.get("/v1/audit/acts", actor=operator.actor))["data"]
    assert [each["type"] for each in shown] == ["support_entered", "support_asked"]
    assert {each["about"] for each in shown} == {request}
    granted = (await ada.get("/v1/audit/acts", type="support_granted"))["data"]
    assert granted[0]["actor"] == f"user:{ada.tokens['user']}"
    identity, tenant_id = world.host.contexts["identity"], parse_typeid("tnt", ada.tenant)
    for id in (tenant_id, INSTALLATION):
        assert await world.host.sealing.seal(identity, id)
        async with world.admin() as conn:
            assert await faults(conn, id, schema="identity") == {}


async def test_revoking_and_entering_at_once_leaves_no_token_that_outlives_it(
    world: World,
) -> None:
    """Whichever comes first: a token that was given before the revocation is older than it."""
    operator, ada = await stage(world)
    for _ in range(6):
        request = await operator.ask(ada.tenant)
        await ada.refresh(tenant=ada.tenant)
        await ada.post("/v1/support-grants", {"request": request}, status=201)
        entered, gone = await asyncio.gather(
            operator.client.post(f"/operator/v1/tenants/{ada.tenant}/token"),
            ada.client.delete(f"/v1/support-grants/{request}"),
        )
        assert gone.status_code == 204
        await hear(world, ada.tenant)
        if entered.status_code == 200:
            token = entered.json()["access_token"]
            client = anybody(world, Authorization=f"Bearer {token}")
            assert (await client.get("/v1/invoices")).status_code == 401
        else:
            assert entered.json()["code"] == "support_not_granted"


def test_every_permission_that_reads_is_known_and_no_other_reads(world: World) -> None:
    """Where only reading is granted, no route that it opens changes anything but answers."""
    opened = {
        (method, path)
        for (method, path), permission in declared_permissions(world.app).items()
        if permission in reading(PERMISSIONS) and method != "GET"
    }
    # What they make is no state of the tenant's documents: answers, and archives to download.
    assert opened == READING_POSTS


READING_POSTS = {
    ("POST", "/v1/e-invoices/parse"),
    ("POST", "/v1/e-invoices/validate"),
    ("POST", "/v1/imports/{import_id}/check"),
    ("POST", "/v1/invoices/archive"),
    ("POST", "/v1/invoices/check"),
    ("POST", "/v1/invoices/{invoice}/check"),
}
