"""All routes x roles x kinds of credentials: what is declared beside a route is what it does.

A route declares its permission, or that it is public; roles are sets of permissions. So every cell
of the table has one declared outcome, and a route that declares nothing fails a test.
"""

import csv
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from invx.contexts.identity.domain.roles import (
    OWNERS_ONLY,
    PERSONAL_PERMISSIONS,
    ROLES,
    permissions_of,
)
from invx.contracts.permissions import PERMISSIONS
from invx.infra.http import health
from invx.infra.http.declarations import declarations_of, routes_of
from invx.infra.http.permissions import declared_permissions, undeclared_routes
from invx.infra.secret_text import SecretText
from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_api_keys import relabelled
from tests.integration.isolation.rows import checksums
from tests.integration.isolation.test_tokens import (
    NEEDED,
    claims,
    forged,
    moment,
    paths,
    signed,
    unsigned,
)
from tests.people import Person, anybody, invite, join, open_for_business
from tests.waiting import HANG_SECONDS, refused
from tests.world import SELLER, Desk, World, draft_body, post

# Who may call them without a token, and what they answer to somebody who sends nothing.
PUBLIC = {
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 200,
    ("GET", "/metrics"): 200,
    ("GET", "/openapi.json"): 200,
    ("GET", "/docs"): 200,
    ("GET", "/docs/start.js"): 200,
    ("GET", "/docs/{asset}"): 404,
    ("GET", "/.well-known/jwks.json"): 200,
    ("GET", "/v1/permissions"): 200,
    ("GET", "/v1/invitations/{invitation}"): 404,
    ("POST", "/v1/invitations/accept"): 422,
    ("POST", "/v1/sign-up"): 422,
    ("POST", "/v1/sessions"): 422,
    ("POST", "/operator/v1/sessions"): 422,
    ("POST", "/oauth/token"): 400,
    ("POST", "/oauth/revoke"): 400,
    ("GET", "/.well-known/oauth-authorization-server"): 200,
    ("GET", "/oauth/authorize"): 400,
    ("POST", "/oauth/authorize"): 400,
    ("GET", "/oauth/page.css"): 200,
    ("GET", "/oauth/oidc"): 404,
    ("GET", "/oauth/oidc-callback"): 400,
    # A gateway asks with the method of the request that it holds up; no route leads here from it.
    **{
        (method, "/internal/keys"): 401
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    },
}
GRANTABLE = sorted(set(PERMISSIONS) - PERSONAL_PERMISSIONS - OWNERS_ONLY)
ONE_THING = {"name": "Files", "permissions": ["files:read"]}


@dataclass(frozen=True, slots=True)
class Cast:
    """A tenant with somebody of every kind in it, by how they are called; and what each may do."""

    owner: Person
    clients: dict[str, httpx.AsyncClient]
    may: dict[str, frozenset[str]]


async def cast(world: World) -> Cast:
    owner = await open_for_business(world)
    clients, may = {"owner": owner.client}, {}
    for role in ROLES:
        may[role] = permissions_of(role, PERMISSIONS) | PERSONAL_PERMISSIONS
        if role != "owner":
            clients[role] = (await join(owner, role)).client
    own = await owner.post("/v1/roles", ONE_THING, status=201)
    clients["a role of its own"] = (await join(owner, own["id"])).client
    may["a role of its own"] = frozenset(ONE_THING["permissions"]) | PERSONAL_PERMISSIONS
    for name, permissions in (("a key for all", GRANTABLE), ("a narrow key", ["tax:read"])):
        body = {"name": name, "permissions": permissions}
        key = await owner.post("/v1/api-keys", body, status=201)
        clients[name] = anybody(world, Authorization=f"Bearer {key['secret']}")
        may[name] = frozenset(permissions)
    return Cast(owner, clients, may)


def declared_outcomes() -> dict[tuple[str, str], dict[str, str]]:
    """By method and path: the permission, and for each role whether it may (`outcomes.tsv`)."""
    with Path(__file__).with_name("outcomes.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = {(row["method"], row["path"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_every_route_has_a_row_with_its_outcome_for_every_role(world: World) -> None:
    """A new route, a new permission or another right of a role changes this table first."""
    rows, declared = declared_outcomes(), declared_permissions(world.app)
    assert rows.keys() == declared.keys()
    assert {each: row["permission"] for each, row in rows.items()} == declared
    for each, row in rows.items():
        assert {row[role] for role in ROLES} <= {"yes", "no"}, each
        assert row["owner"] == "yes", each  # an owner is shut out of nothing
        held = [role for role in ROLES if row["permission"] in permissions_of(role, PERMISSIONS)]
        if row["permission"] not in PERSONAL_PERMISSIONS:
            assert [role for role in ROLES if row[role] == "yes"] == held, each


async def test_every_role_and_key_may_what_is_declared_and_nothing_else(world: World) -> None:
    people = await cast(world)
    wrong, outcomes = [], declared_outcomes()
    templates = [outcomes[each] for each in sorted(outcomes)]
    for who, client in people.clients.items():
        for row, (method, path, permission) in zip(templates, paths(world), strict=True):
            assert (row["method"], row["permission"]) == (method, permission)
            answer = await client.request(method, path, content=b"{")
            allowed = row[who] == "yes" if who in ROLES else permission in people.may[who]
            refused = answer.status_code == 403 and permission in answer.text
            if refused is allowed or answer.status_code in (401, 500):
                wrong.append(f"{who}: {method} {path}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert len(people.clients) == len(ROLES) + 3
    # Owners' own permissions are asked for inside routes, about owners.
    assert {permission for _, _, permission in paths(world)} == set(PERMISSIONS) - OWNERS_ONLY


def test_no_route_is_without_a_declared_outcome_and_the_table_names_no_other(world: World) -> None:
    assert undeclared_routes(world.app) == []
    public = {
        (method, route.path)
        for route in routes_of(world.app)
        for method in (getattr(route, "methods", None) or ())
        if any(each.public for each in declarations_of(route))
    }
    assert {each for each in public if each[0] != "HEAD"} == set(PUBLIC)
    assert not public & set(declared_permissions(world.app))


async def test_public_routes_answer_everybody_as_declared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_CHECK_SECONDS_MAX", HANG_SECONDS)  # who is slow is ready, too
    found = {}
    for method, path in PUBLIC:
        answer = await anybody(world).request(method, path.format(invitation="x", asset="x"))
        found[method, path] = answer.status_code
    assert found == PUBLIC


# Credentials that open nothing, whatever the route; made of a good cast.
Make = Callable[[World, Cast], Awaitable[str]]


def bad_token(**changes: Any) -> Make:
    async def make(world: World, people: Cast) -> str:
        said = {name: each() if callable(each) else each for name, each in changes.items()}
        return signed(world.key, claims(parse_typeid("tnt", people.owner.tenant), **said))

    return make


async def forged_token(world: World, people: Cast) -> str:
    return forged(world, claims(parse_typeid("tnt", people.owner.tenant)))


async def unsigned_token(world: World, people: Cast) -> str:
    return unsigned(claims(parse_typeid("tnt", people.owner.tenant)))


async def new_key(people: Cast) -> dict[str, Any]:
    body = {"name": "X", "permissions": GRANTABLE}
    return await people.owner.post("/v1/api-keys", body, status=201)


async def revoked_key(world: World, people: Cast) -> str:
    key = await new_key(people)
    assert (await people.owner.client.delete(f"/v1/api-keys/{key['id']}")).status_code == 204
    return str(key["secret"])


async def expired_key(world: World, people: Cast) -> str:
    key = await new_key(people)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.api_keys SET expires_at = now() WHERE api_key_id = $1",
            parse_typeid("key", key["id"]),
        )
    return str(key["secret"])


async def key_of_a_sandbox(world: World, people: Cast) -> str:
    """A good one, made to look as if it were the live tenant's."""
    live = parse_typeid("tnt", people.owner.tenant)
    await people.owner.refresh(tenant=people.owner.tokens["sandbox"])
    key = await new_key(people)
    await people.owner.refresh(tenant=str(people.owner.tokens["tenants"][0]["id"]))
    return relabelled(key["secret"], "test", live)


async def unknown_key(world: World, people: Cast) -> str:
    return SecretText.new("live", parse_typeid("tnt", people.owner.tenant)).text


async def refresh_token(world: World, people: Cast) -> str:
    return str(people.owner.tokens["refresh_token"])


async def invitation(world: World, people: Cast) -> str:
    return str((await invite(people.owner, "admin"))["token"])


async def removed_member(world: World, people: Cast) -> str:
    """Their token, which is good for minutes yet, once every process has heard of it."""
    bo = await join(people.owner, "admin")
    members = (await people.owner.get("/v1/members"))["data"]
    id = next(each["id"] for each in members if each["user"] == bo.tokens["user"])
    assert (await people.owner.client.delete(f"/v1/members/{id}")).status_code == 204
    await heard(world, people.owner)
    assert (await bo.refresh(tenant=people.owner.tenant)).status_code == 403
    return str(bo.tokens["access_token"])


async def heard(world: World, owner: Person) -> None:
    """Every context knows of reduced access, as it does within five seconds."""
    await world.settle()
    for context in world.host.contexts.values():
        context.directory.forget(parse_typeid("tnt", owner.tenant))
    await owner.refresh(tenant=owner.tenant)


OPENS_NOTHING: dict[str, Make] = {
    "expired": bad_token(iat=lambda: moment(-900), exp=lambda: moment(-600)),
    "wrong audience": bad_token(aud="other"),
    "wrong issuer": bad_token(iss="other"),
    "forged": forged_token,
    "unsigned": unsigned_token,
    "revoked key": revoked_key,
    "expired key": expired_key,
    "unknown key": unknown_key,
    "sandbox key on live": key_of_a_sandbox,
    "refresh token": refresh_token,
    "invitation": invitation,
    "removed member": removed_member,
}


async def test_what_opens_nothing_opens_no_route(world: World) -> None:
    people = Cast(await open_for_business(world), {}, {})
    wrong = []
    shown = {"nothing": ""}
    for name, make in OPENS_NOTHING.items():
        shown[name] = f"Bearer {await make(world, people)}"
        await heard(world, people.owner)
    entity = await people.owner.post("/v1/legal-entities", SELLER)
    tenant_id = parse_typeid("tnt", people.owner.tenant)
    desk = Desk(world, tenant_id, people.owner.client, entity["id"])
    before = await checksums(world, desk)
    for name, credential in shown.items():
        client = anybody(world, **({"Authorization": credential} if credential else {}))
        for method, path, _ in paths(world):
            answer = await client.request(method, path, content=b"{")
            if answer.status_code != 401 or "www-authenticate" not in answer.headers:
                wrong.append(f"{name}: {method} {path}: {answer.status_code}")
    assert wrong == []
    assert await checksums(world, desk) == before
    assert (await people.owner.client.get("/v1/invoices")).status_code == 200


async def test_people_of_another_tenant_find_nothing_of_this_one(world: World) -> None:
    """By what they may at home; the ids are real. What each route says: tests/…/isolation."""
    ada = await open_for_business(world)
    entity = await ada.post("/v1/legal-entities", SELLER)
    draft = await ada.post("/v1/invoices", draft_body())
    key = await new_key(Cast(ada, {}, {}))
    role = await ada.post("/v1/roles", ONE_THING, status=201)
    invited = await invite(ada, "viewer")
    member = (await ada.get("/v1/members"))["data"][0]
    real = {
        "invoice": draft["id"],
        "legal_entity": entity["id"],
        "api_key": key["id"],
        "role": role["id"],
        "invitation": invited["id"],
        "member": member["id"],
    }
    others = await cast(world)
    wrong = []
    for who, client in others.clients.items():
        for (method, path), permission in declared_permissions(world.app).items():
            names = {each for each in real if f"{{{each}}}" in path}
            if len(names) != 1 or path.count("{") != 1:
                continue
            body = None if method in ("GET", "DELETE") else {}
            answer = await client.request(method, path.format(**real), json=body)
            if permission not in others.may[who]:
                expected = answer.status_code == 403
            else:  # 422: refused before anything is looked for
                expected = answer.status_code in (404, 422)
            if not expected or entity["legal_name"] in answer.text:
                wrong.append(f"{who}: {method} {path}: {answer.status_code}")
    assert wrong == []
    assert (await ada.get(f"/v1/invoices/{draft['id']}"))["id"] == draft["id"]


async def test_a_suspended_tenant_is_read_by_who_may_and_written_by_nobody(world: World) -> None:
    people = await cast(world)
    tenant_id = parse_typeid("tnt", people.owner.tenant)
    await people.owner.post("/v1/legal-entities", SELLER)
    async with world.admin() as conn:
        for schema in world.host.contexts:
            await conn.execute(
                f"UPDATE {schema}.tenants SET status = 'suspended', epoch = epoch + 1"
                " WHERE tenant_id = $1",
                tenant_id,
            )
    wrong = []
    for who, client in people.clients.items():
        for method, path, permission in paths(world):
            query = NEEDED.get(path)
            answer = await client.request(method, path, params=query)
            allowed = permission in people.may[who]
            done = answer.is_success and method != "GET"
            if (answer.status_code == 403) is allowed or answer.status_code == 401 or done:
                wrong.append(f"{who}: {method} {path}: {answer.status_code}")
    assert wrong == []
    writes = (
        ("/v1/invoices", draft_body()),
        ("/v1/legal-entities", SELLER),
        ("/v1/roles", {**ONE_THING, "name": "Y"}),
        ("/v1/api-keys", {"name": "Y", "permissions": ["files:read"]}),
        ("/v1/invitations", {"email": "x@y.example", "role": "viewer"}),
    )
    for path, body in writes:
        refused = await post(people.owner.client, path, body, status=409)
        assert refused["code"] == "tenant_closed", path


async def test_a_removed_member_is_out_within_five_seconds(world: World) -> None:
    """Measured with relay and worker running by themselves, and the token remembered."""
    ada = await open_for_business(world)
    bo = await join(ada, "admin")
    members = (await ada.get("/v1/members"))["data"]
    id = next(each["id"] for each in members if each["user"] == bo.tokens["user"])
    assert (await bo.client.get("/v1/invoices")).status_code == 200
    world.host.start_background()
    assert (await ada.client.delete(f"/v1/members/{id}")).status_code == 204
    answer = await refused(bo.client)
    assert answer.status_code == 401
