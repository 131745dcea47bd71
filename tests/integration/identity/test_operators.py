"""The operator plane: who gets in, what is seen, what is done, and that all of it is recorded."""

from typing import Any

import pytest

from invx.infra.http.declarations import declarations_of, routes_of
from invx.infra.http.operating import AUDIENCE
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid, typeid
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.integration.isolation.test_tokens import (
    UNNAMED,
    changed,
    claims,
    forged,
    moment,
    paths,
    signed,
    unsigned,
)
from tests.operators import (
    REASON,
    appoint,
    open_plane,
    operator_sign_in,
)
from tests.people import anybody, open_for_business, sign_up
from tests.world import SELLER, World, draft_body, post


def plane(world: World) -> list[tuple[str, str]]:
    """(method, path with ids that nobody has) of every route of the plane but the way in."""
    ids = {name: typeid(prefix, UNNAMED) for name, prefix in _IDS.items()}
    return [
        (method, route.path.format(**ids))  # type: ignore[attr-defined]
        for route in routes_of(world.app)
        if any(each.operator for each in declarations_of(route))
        for method in sorted(getattr(route, "methods", ()))
    ]


_IDS = {"tenant": "tnt", "announcement": "ann"}


async def test_an_operator_signs_in_with_password_and_code_and_never_without(world: World) -> None:
    person = await sign_up(world)
    secret, _ = await set_up(person)
    before = await operator_sign_in(world, person.email, code_of(secret))
    assert (before.status_code, before.json()["code"]) == (401, "sign_in_refused")  # is none yet
    id = await appoint(world, person)
    wrong = await operator_sign_in(world, person.email, code_of(secret), "wrong password here")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    no_code = await operator_sign_in(world, person.email, "000000")
    assert (no_code.status_code, no_code.json()["code"]) == (401, "sign_in_refused")
    right = await operator_sign_in(world, person.email, code_of(secret))
    assert right.status_code == 201, right.text
    given = right.json()
    assert (given["operator"], given["expires_in"]) == (typeid("opr", id), 900)
    assert right.headers["cache-control"] == "no-store"
    again = await operator_sign_in(world, person.email, code_of(secret))
    assert again.status_code == 401  # each code is good once


async def test_without_a_second_factor_nobody_signs_in(world: World) -> None:
    person = await sign_up(world)
    await appoint(world, person)
    answer = await operator_sign_in(world, person.email, "123456")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    guessed = await operator_sign_in(world, person.email, "123456", "not the password")
    assert guessed.json()["code"] == "sign_in_refused"  # who does not know it is told nothing


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_is_slowed_as_everywhere(world: World) -> None:
    person = await sign_up(world)
    statuses = [
        (await operator_sign_in(world, person.email, "000000", f"wrong {n}")).status_code
        for n in range(7)
    ]
    assert (statuses[0], statuses[-1]) == (401, 429)


async def test_no_other_credential_opens_any_route_of_the_plane(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    key = await ada.post(
        "/v1/api-keys", {"name": "X", "permissions": ["invoices:read"]}, status=201
    )
    tenant_id = parse_typeid("tnt", ada.tenant)
    said = claims(INSTALLATION, aud=AUDIENCE, sub=operator.actor, perms=[])

    def as_operator(**more: Any) -> str:
        return f"Bearer {signed(world.key, {**said, **more})}"

    nobody = f"operator:{typeid('opr', UNNAMED)}"
    refused = {
        "nothing": "",
        "an owner's token": f"Bearer {ada.tokens['access_token']}",
        "the operator's own token as a person": f"Bearer {operator.person.tokens['access_token']}",
        "a refresh token": f"Bearer {ada.tokens['refresh_token']}",
        "an API key": f"Bearer {key['secret']}",
        "a token of a tenant for the plane": as_operator(tid=str(tenant_id)),
        "the installation's, for people": as_operator(aud="invx"),
        "an operator whom nobody appointed": as_operator(sub=nobody),
        "a user": as_operator(sub=f"user:{ada.tokens['user']}"),
        "an operator's id of a user": as_operator(sub=f"user:{typeid('opr', operator.id)}"),
        "no id at all": as_operator(sub="operator:me"),
        "expired": as_operator(iat=moment(-1800), exp=moment(-900)),
        "too long a life": as_operator(exp=moment(3600)),
        "forged": f"Bearer {forged(world, said)}",
        "changed": f"Bearer {changed(world, said)}",
        "unsigned": f"Bearer {unsigned(said)}",
    }
    routes, wrong = plane(world), []
    assert len(routes) == 14
    for what, credential in refused.items():
        client = anybody(world, **({"Authorization": credential} if credential else {}))
        for method, path in routes:
            answer = await client.request(method, path, content=b"{")
            if answer.status_code != 401 or "www-authenticate" not in answer.headers:
                wrong.append(f"{what}: {method} {path}: {answer.status_code}")
    assert wrong == []
    good = anybody(world, Authorization=as_operator())
    assert (await good.get("/operator/v1/tenants")).status_code == 200  # what they differ from


async def test_an_operators_token_opens_nothing_but_the_plane(world: World) -> None:
    operator = await open_plane(world)
    wrong = [
        f"{method} {path}: {answer.status_code}"
        for method, path, _ in paths(world)
        if (answer := await operator.client.request(method, path, content=b"{")).status_code != 401
    ]
    assert wrong == []


async def test_a_revoked_operator_is_out_at_once_and_cannot_come_back(world: World) -> None:
    operator = await open_plane(world)
    await operator.get("/tenants")
    await operator.revoke()
    assert (await operator.client.get("/operator/v1/tenants")).status_code == 401
    again = await operator_sign_in(world, operator.person.email, code_of(operator.secret, 2))
    assert again.json()["code"] == "sign_in_refused"
    await operator.revoke()  # again is fine
    assert await appoint(world, operator.person) != operator.id  # may be asked back, as another
    assert (await operator.client.get("/operator/v1/tenants")).status_code == 401


async def test_a_disabled_user_operates_nothing(world: World) -> None:
    operator = await open_plane(world)
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.users SET status = 'disabled'")
    assert (await operator.client.get("/operator/v1/acts")).status_code == 401


async def test_tenants_are_shown_with_status_place_size_and_load(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    for _ in range(3):
        await ada.post("/v1/invoices", draft_body())
    shown = await operator.get(f"/tenants/{ada.tenant}")
    assert (shown["name"], shown["mode"], shown["status"]) == ("Kontor Nord GmbH", "live", "active")
    assert (shown["placement"], shown["quota_class"]) == ("pooled", "standard")
    assert shown["today"] == {"documents": 3, "requests": 4}
    assert shown["size"]["events"] >= 4
    assert shown["size"]["about_bytes"] > 0
    assert shown["inbox"] == {"pending": 0, "oldest_seconds": 0, "parked": 0}
    contexts = {each["name"]: each for each in shown["contexts"]}
    assert contexts.keys() == {"invoicing", "analytics", "identity"}
    assert sum(each["size"]["events"] for each in contexts.values()) == shown["size"]["events"]
    assert contexts["invoicing"]["size"]["events"] >= 4
    waiting = shown["outbox"]["pending"]
    draft = (await ada.get("/v1/invoices"))["data"][0]
    await ada.post(f"/v1/invoices/{draft['id']}/finalize", {})
    later = await operator.get(f"/tenants/{ada.tenant}")
    assert later["outbox"]["pending"] == waiting + 1
    assert [each["outbox"]["pending"] for each in later["contexts"]] == [waiting + 1, 0, 0]
    await world.settle()
    assert (await operator.get(f"/tenants/{ada.tenant}"))["outbox"]["pending"] == 0


async def test_the_list_goes_through_all_tenants_in_pages_both_ways(world: World) -> None:
    operator = await open_plane(world)
    for _ in range(2):
        await open_for_business(world)
    for sort in ("id", "-id"):
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 4, "sort": sort}
        while True:
            page = await operator.get("/tenants", **query)
            seen += [each["id"] for each in page["data"]]
            if not page["has_more"]:
                break
            query["after"] = page["next"]
        assert len(seen) == len(set(seen)) == 6  # three people, each with a sandbox
        assert seen == sorted(seen, reverse=sort == "-id")
    assert typeid("tnt", INSTALLATION) not in seen


async def test_a_tenant_that_is_not_there_is_not_found(world: World) -> None:
    operator = await open_plane(world)
    for text in (typeid("tnt", UNNAMED), typeid("tnt", INSTALLATION), "tnt_x", "x"):
        answer = await operator.client.get(f"/operator/v1/tenants/{text}")
        assert answer.status_code == 404, text


async def test_suspending_holds_in_every_context_and_resuming_ends_it(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    done = await operator.post(f"/tenants/{ada.tenant}/suspend", REASON)
    assert done["status"] == "suspended"
    refused = await post(ada.client, "/v1/invoices", draft_body(), status=409)
    assert refused["code"] == "tenant_closed"
    refused = await post(
        ada.client, "/v1/invitations", {"email": "x@y.example", "role": "viewer"}, status=409
    )
    assert refused["code"] == "tenant_closed"
    assert (await ada.client.get("/v1/invoices")).status_code == 200
    async with world.admin() as conn:
        for schema in world.host.contexts:
            status = await conn.fetchval(
                f"SELECT status FROM {schema}.tenants WHERE tenant_id = $1",
                parse_typeid("tnt", ada.tenant),
            )
            assert status == "suspended", schema
    again = await operator.post(f"/tenants/{ada.tenant}/suspend", REASON)
    assert again["status"] == "suspended"
    assert (await operator.post(f"/tenants/{ada.tenant}/resume", REASON))["status"] == "active"
    await ada.post("/v1/invoices", draft_body())


@pytest.mark.parametrize("body", [{}, {"reason": "x"}, {"reason": None}, {"reason": "a\x00bc"}])
async def test_nothing_is_suspended_without_a_reason(world: World, body: dict[str, Any]) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    refused = await operator.post(f"/tenants/{ada.tenant}/suspend", body, status=422)
    assert refused["problems"][0]["pointer"] == "/reason"
    assert (await operator.get(f"/tenants/{ada.tenant}"))["status"] == "active"
    assert [each["type"] for each in (await operator.get("/acts"))["data"]] == [
        "operator_signed_in",
        "operator_appointed",
    ]


async def test_an_erased_tenant_is_shown_and_nothing_is_done_to_it(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    async with world.admin() as conn:
        for schema in world.host.contexts:
            await conn.execute(
                f"UPDATE {schema}.tenants SET status = 'erased' WHERE tenant_id = $1",
                parse_typeid("tnt", ada.tenant),
            )
    assert (await operator.get(f"/tenants/{ada.tenant}"))["size"]["events"] == 0
    for what in ("suspend", "resume"):
        refused = await operator.post(f"/tenants/{ada.tenant}/{what}", REASON, status=409)
        assert refused["code"] == "tenant_state_forbids"


async def test_a_class_of_quotas_is_given_if_there_is_one(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    path = f"/operator/v1/tenants/{ada.tenant}/quota-class"
    refused = await operator.client.put(path, json={"quota_class": "gold"})
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["pointer"] == "/quota_class"
    given = await operator.client.put(path, json={"quota_class": "standard"})
    assert given.json()["quota_class"] == "standard"
    seen = (await operator.get("/acts", type="quota_class_given"))["data"]
    assert seen[0]["after"] == {"tenant": ada.tenant, "before": "standard", "after": "standard"}


async def test_the_installation_says_what_tenants_get(world: World) -> None:
    operator = await open_plane(world)
    said = await operator.get("/installation")
    assert said["last_backup_at"] is None  # there is no folder for any
    assert said["quotas"] == []
    assert said["default_quota"] == {
        "name": "standard",
        "requests_per_second": None,
        "burst": None,
        "files": 10_000,
        "files_bytes": 5_000_000_000,
        "file_bytes": 10_000_000,
    }


async def test_half_a_suspension_is_completed_by_the_next(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    context = world.host.contexts["invoicing"]
    await context.directory.suspend(parse_typeid("tnt", ada.tenant))
    done = await operator.post(f"/tenants/{ada.tenant}/suspend", REASON)
    assert done["status"] == "suspended"
    invited = await ada.client.post(
        "/v1/invitations", json={"email": "x@y.example", "role": "viewer"}
    )
    assert invited.json()["code"] == "tenant_closed"


async def test_operators_stay_people_with_tenants_of_their_own(world: World) -> None:
    operator = await open_plane(world)
    await world.settle()
    assert (await operator.person.client.get("/v1/me")).status_code == 200
    assert (await operator.person.client.get("/v1/invoices")).status_code == 200
