"""A person has their account erased: from everywhere at once, and only they themselves."""

import asyncio
from typing import Any

import httpx
import pytest

from invx.contexts.identity.read.queries import FREE_ATTEMPTS
from invx.host import CONTEXTS
from invx.infra.audit import verify
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.operators import OperatorAtWork, appoint
from tests.people import PASSWORD, Person, anybody, invite, join, open_for_business, sign_in
from tests.world import SELLER, World


async def erase(person: Person, password: str | None = PASSWORD, **more: Any) -> httpx.Response:
    said = {} if password is None else {"password": password}
    return await person.client.request("DELETE", "/v1/me", json={**said, **more})


async def erased(person: Person, **more: Any) -> None:
    answer = await erase(person, **more)
    assert answer.status_code == 204, f"{answer.status_code} {answer.text}"


async def business(world: World) -> tuple[Person, Person]:
    """A tenant's owner, and somebody who keeps its books; every context knows the tenant."""
    ada = await open_for_business(world)
    return ada, await join(ada, "accountant")


async def intact(world: World, *tenants: str) -> None:
    """No chain is broken, here or in these tenants."""
    async with world.admin() as conn:
        for tenant_id in (INSTALLATION, *(parse_typeid("tnt", each) for each in tenants)):
            for schema in CONTEXTS:
                audit = await verify(conn, schema, tenant_id)
                assert audit.intact, (schema, tenant_id, audit.broken)


async def names_in(person: Person) -> list[str | None]:
    return [each["name"] for each in (await person.get("/v1/members"))["data"]]


async def test_who_is_erased_is_gone_and_their_address_is_free(world: World) -> None:
    ada, bo = await business(world)
    await erased(bo)
    assert (await bo.refresh()).status_code == 400
    assert (await sign_in(world, bo.email)).status_code == 401
    for method in ("GET", "DELETE"):
        gone = await bo.client.request(method, "/v1/me", json={"password": PASSWORD})
        assert (gone.status_code, gone.json()["code"]) == (404, "user_not_found")
    await world.settle()
    assert await names_in(ada) == ["Ada Lund"]
    body = {"organization": "B", "name": "Bo Again", "email": bo.email, "password": PASSWORD}
    anew = await anybody(world).post("/v1/sign-up", json=body)
    assert anew.status_code == 201, anew.text
    assert anew.json()["user"] != bo.tokens["user"]
    assert ada.tenant not in [each["id"] for each in anew.json()["tenants"]]
    await intact(world, ada.tenant)


async def test_a_tenants_history_says_what_they_did_and_names_nobody(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "owner")
    await bo.post("/v1/roles", {"name": "Dunning", "permissions": ["invoices:read"]})
    entity = await bo.post("/v1/legal-entities", SELLER)
    before = (await ada.get("/v1/audit/acts", limit=100))["data"]
    assert any(bo.email in str(each) for each in before)
    gone = await erase(bo)
    await world.settle()
    after = (await ada.get("/v1/audit/acts", limit=100))["data"]
    types = [each["type"] for each in after]
    assert types[:2] == ["member_erased", "member_removed"]
    actor = f"user:{bo.tokens['user']}"
    for each in after[:2]:
        assert (each["actor"], each["request_id"]) == (actor, gone.headers["x-request-id"])
    assert [each["id"] for each in after[2:]] == [each["id"] for each in before]
    [made] = [each for each in after if each["type"] == "role_created"]
    assert (made["actor"], made["address"]) == (actor, None)
    assert not any(bo.email in str(each) or "Bo Larsen" in str(each) for each in after)
    assert await ada.get(f"/v1/legal-entities/{entity['id']}")


async def test_the_only_owner_of_a_live_tenant_is_told_which(world: World) -> None:
    ada, _ = await business(world)
    refused = await erase(ada)
    said = refused.json()
    assert (refused.status_code, said["code"]) == (409, "only_owner")
    assert len(said["problems"]) == 1  # nobody needs an owner of the sandbox
    assert ada.tenant in said["problems"][0]["detail"]
    assert (await ada.get("/v1/me"))["email"] == ada.email
    assert (await ada.refresh()).status_code == 200
    await join(ada, "owner")
    await erased(ada)


async def test_of_two_owners_who_go_at_once_one_stays(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "owner")
    answers = await asyncio.gather(erase(ada), erase(bo))
    assert sorted(each.status_code for each in answers) == [204, 409]
    await world.settle()
    async with world.admin() as conn:
        owners = await conn.fetchval(
            "SELECT count(*) FROM identity.members WHERE tenant_id = $1 AND role = 'owner'"
            " AND removed_at IS NULL",
            parse_typeid("tnt", ada.tenant),
        )
    assert owners == 1


async def test_the_other_owner_cannot_leave_before_who_was_erased_is_out(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "owner")
    members = {each["user"]: each["id"] for each in (await ada.get("/v1/members"))["data"]}
    await erased(bo)  # and no due job has run
    own = members[ada.tokens["user"]]
    left = await ada.client.delete(f"/v1/members/{own}")
    assert (left.status_code, left.json()["code"]) == (409, "last_owner")
    demoted = await ada.client.put(f"/v1/members/{own}/role", json={"role": "viewer"})
    assert demoted.json()["code"] == "last_owner"
    assert (await erase(ada)).json()["code"] == "only_owner"


async def test_their_keys_and_the_programs_that_they_let_in_end(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "owner")
    key = await bo.post("/v1/api-keys", {"name": "shop", "permissions": ["invoices:read"]})
    kept = await ada.post("/v1/api-keys", {"name": "till", "permissions": ["invoices:read"]})
    invited = await invite(bo, "viewer")
    await erased(bo)
    await world.settle()
    for context in world.host.contexts.values():
        context.directory.forget(parse_typeid("tnt", ada.tenant))
    used = [
        await anybody(world, Authorization=f"Bearer {each['secret']}").get("/v1/invoices")
        for each in (key, kept)
    ]
    assert [each.status_code for each in used] == [401, 200]
    assert (await bo.client.get("/v1/invoices")).status_code == 401  # older than the reduction
    gone = await anybody(world).get(f"/v1/invitations/{invited['token']}")
    assert (gone.status_code, gone.json()["code"]) == (410, "invitation_over")
    async with world.admin() as conn:
        left = await conn.fetchval("SELECT count(*) FROM identity.sessions WHERE address <> ''")
        ada_has = await conn.fetchval(
            "SELECT count(*) FROM identity.sessions WHERE user_id = $1",
            parse_typeid("usr", ada.tokens["user"]),
        )
    assert left == ada_has


async def test_no_key_is_made_and_nobody_is_seated_by_a_token_that_is_still_good(
    world: World,
) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "owner")
    cai = await open_for_business(world)
    invited = await invite(cai, "viewer", bo.email)
    await erased(bo)
    body = {"name": "late", "permissions": ["invoices:read"]}
    made = await bo.client.post("/v1/api-keys", json=body)
    assert (made.status_code, made.json()["code"]) == (404, "user_not_found")
    seated = await bo.client.post("/v1/invitations/accept", json={"token": invited["token"]})
    assert (seated.status_code, seated.json()["code"]) == (404, "user_not_found")
    assert await names_in(cai) == ["Ada Lund"]


@pytest.mark.usefixtures("stopped_clock")
async def test_who_guesses_the_password_with_a_stolen_token_is_slowed(world: World) -> None:
    _, bo = await business(world)
    seen = [(await erase(bo, "guess")).status_code for _ in range(FREE_ATTEMPTS + 1)]
    assert seen == [401] * FREE_ATTEMPTS + [429]
    assert (await erase(bo)).status_code == 429
    assert (await bo.get("/v1/me"))["email"] == bo.email


async def test_a_second_factor_is_asked_for_and_its_code_is_good_once(world: World) -> None:
    _, bo = await business(world)
    secret, codes = await set_up(bo)
    for more, code in (({}, "code_required"), ({"code": "000000"}, "sign_in_refused")):
        answer = await erase(bo, **more)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    await erased(bo, code=codes[0] if not secret else code_of(secret))
    async with world.admin() as conn:
        for table in ("recovery_codes", "totp_steps", "refresh_tokens"):
            left = await conn.fetchval(
                f"SELECT count(*) FROM identity.{table} t WHERE to_jsonb(t) ->> 'user_id' = $1",
                str(parse_typeid("usr", bo.tokens["user"])),
            )
            assert left == 0, table
        kept = await conn.fetchval("SELECT count(encrypted_secret) FROM identity.second_factors")
    assert kept == 0


async def test_who_has_no_password_has_just_signed_in(world: World) -> None:
    _, bo = await business(world)
    assert (await erase(bo, None)).json()["code"] == "sign_in_again"  # there is a password
    async with world.admin() as conn:
        id = parse_typeid("usr", bo.tokens["user"])
        # As somebody whom a provider vouches for.
        await conn.execute("UPDATE identity.users SET password_hash = NULL WHERE user_id = $1", id)
        await conn.execute(
            "UPDATE identity.sessions SET opened_at = opened_at - interval '11 minutes'"
            " WHERE user_id = $1",
            id,
        )
        old = await erase(bo, None)
        assert (old.status_code, old.json()["code"]) == (401, "sign_in_again")
        assert (await erase(bo)).json()["code"] == "sign_in_refused"
        await conn.execute(
            "UPDATE identity.sessions SET opened_at = opened_at + interval '11 minutes'"
            " WHERE user_id = $1",
            id,
        )
    await erased(bo, password=None)


async def test_an_operator_is_none_any_more_before_they_go(world: World) -> None:
    _, bo = await business(world)
    operator = OperatorAtWork(world, await appoint(world, bo), bo, "", bo.client)
    refused = await erase(bo)
    assert (refused.status_code, refused.json()["code"]) == (409, "operator_still")
    await operator.revoke()
    await erased(bo)
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(name) FROM identity.operators") == 0


async def test_twice_at_once_is_once(world: World) -> None:
    ada, bo = await business(world)
    answers = await asyncio.gather(*(erase(bo) for _ in range(4)))
    seen = sorted(each.status_code for each in answers)
    assert seen[0] == 204
    assert set(seen[1:]) <= {401, 404}
    await world.settle()
    async with world.admin() as conn:
        for kind in ("UserErased", "MemberErased", "MemberRemoved"):
            sql = "SELECT count(*) FROM identity.events WHERE type = $1"
            assert await conn.fetchval(sql, kind) == 1
    await intact(world, ada.tenant)


async def test_beside_a_sign_in_no_session_is_left(world: World) -> None:
    _, bo = await business(world)
    _, *signed_in = await asyncio.gather(erased(bo), *(sign_in(world, bo.email) for _ in range(5)))
    assert {each.status_code for each in signed_in} <= {201, 401, 403, 404}
    await world.settle()
    async with world.admin() as conn:
        open_ones = await conn.fetchval(
            "SELECT count(*) FROM identity.sessions WHERE user_id = $1"
            " AND (revoked_at IS NULL OR address IS NOT NULL)",
            parse_typeid("usr", bo.tokens["user"]),
        )
    assert open_ones == 0
    for each in signed_in:
        if each.status_code == 201:
            form = {"grant_type": "refresh_token", "refresh_token": each.json()["refresh_token"]}
            again = await anybody(world).post("/oauth/token", data=form)
            assert again.status_code == 400


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"password": 7}, "/password"), ({"code": "1" * 65}, "/code"), ({"sure": True}, "/sure")],
)
async def test_a_body_that_is_wrong_is_refused_by_the_field(
    world: World, body: dict[str, Any], pointer: str
) -> None:
    _, bo = await business(world)
    refused = await bo.client.request("DELETE", "/v1/me", json=body)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["problems"]] == [pointer]


async def test_a_program_erases_nobody(world: World) -> None:
    ada, _ = await business(world)
    key = await ada.post("/v1/api-keys", {"name": "shop", "permissions": ["invoices:read"]})
    client = anybody(world, Authorization=f"Bearer {key['secret']}")
    answer = await client.request("DELETE", "/v1/me", json={"password": PASSWORD})
    assert answer.status_code == 403
