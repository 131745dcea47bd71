"""Programs get in with keys of their own: shown once, narrow, rotated, ended within 5 seconds."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from invx.infra import tenancy
from invx.infra.audit import verify
from invx.infra.http.exchanging import GRANT, KEY_TYPE
from invx.infra.secret_text import SecretText, parse_secret
from invx.kernel.ids import parse_typeid
from tests.people import Person, anybody, open_for_business, sign_up
from tests.waiting import HANG_SECONDS, refused
from tests.world import SELLER, World

READER = ["invoices:read"]


def with_key(world: World, secret: str) -> httpx.AsyncClient:
    """A program that shows this."""
    return anybody(world, Authorization=f"Bearer {secret}")


async def new_key(person: Person, *permissions: str, **more: Any) -> dict[str, Any]:
    body = {"name": "Web shop", "permissions": list(permissions) or READER, **more}
    return await person.post("/v1/api-keys", body, status=201)


async def test_a_key_does_what_it_may_in_its_tenant_and_nothing_else(world: World) -> None:
    ada = await open_for_business(world)
    key = await new_key(ada, "legal_entities:write", "legal_entities:read")
    program = with_key(world, key["secret"])
    made = await program.post("/v1/legal-entities", json=SELLER)
    assert made.status_code == 201, made.text
    [seen] = (await ada.get("/v1/legal-entities"))["data"]
    assert seen["id"] == made.json()["id"]
    refused = await program.get("/v1/invoices")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await program.get("/v1/me")).status_code == 403
    async with world.admin() as conn:
        actors = {row[0] for row in await conn.fetch("SELECT actor FROM invoicing.events")}
    assert actors == {f"key:{key['id']}"}


async def test_the_secret_is_shown_once_and_kept_nowhere(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    ada = await sign_up(world)
    key = await new_key(ada)
    secret = parse_secret(key["secret"])
    assert secret is not None
    assert (secret.kind, secret.hint) == ("live", key["hint"])
    assert secret.tenant_id == parse_typeid("tnt", ada.tenant)
    await with_key(world, key["secret"]).get("/v1/invoices")
    await world.settle()
    said = capfd.readouterr()
    async with world.admin() as conn:
        held = [
            str(row[0])
            for table in ("api_keys", "events", "personal", "idempotency", "outbox")
            for row in await conn.fetch(f"SELECT t::text FROM identity.{table} t")
        ]
        events = await conn.fetch("SELECT body::text FROM identity.events")
    assert key["secret"] not in "\n".join([*held, said.out, said.err])
    assert not any(secret.hash in row[0] for row in events)
    shown = await ada.get(f"/v1/api-keys/{key['id']}")
    [listed] = (await ada.get("/v1/api-keys"))["data"]
    assert shown == listed
    assert "secret" not in shown
    assert shown.items() >= {each: key[each] for each in shown if each != "last_used_at"}.items()


async def test_what_its_maker_may_not_do_no_key_may(world: World) -> None:
    ada = await sign_up(world)
    maker = await new_key(ada, "api_keys:write", "invoices:read")
    program = with_key(world, maker["secret"])
    body = {"name": "More", "permissions": ["invoices:read", "invoices:write"]}
    refused = await program.post("/v1/api-keys", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "more_than_held")
    assert [each["pointer"] for each in refused.json()["problems"]] == ["/permissions/1"]
    same = await program.post("/v1/api-keys", json={**body, "permissions": READER})
    assert same.status_code == 201
    assert same.json()["created_by"] == f"key:{maker['id']}"
    stronger = await new_key(ada, "invoices:write")
    taken = await program.post(f"/v1/api-keys/{stronger['id']}/rotate", json={})
    assert (taken.status_code, taken.json()["code"]) == (403, "more_than_held")


@pytest.mark.parametrize("permission", ["me:read", "members:own", "everything", "invoices:*"])
async def test_some_permissions_are_nobodys_to_give(world: World, permission: str) -> None:
    ada = await sign_up(world)
    body = {"name": "X", "permissions": [permission]}
    refused = await ada.post("/v1/api-keys", body, status=403)
    assert refused["code"] == "more_than_held"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"permissions": []}, "/permissions"),
        ({"name": ""}, "/name"),
        ({"name": " x"}, "/name"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "/expires_at"),
        ({"more": 1}, "/more"),
    ],
)
async def test_what_cannot_be_a_key_is_named(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    ada = await sign_up(world)
    body = {"name": "X", "permissions": READER, **change}
    problem = await ada.post("/v1/api-keys", body, status=422)
    assert [each["pointer"] for each in problem["problems"]] == [pointer]


async def test_a_revoked_key_ends_within_five_seconds_and_no_other_does(world: World) -> None:
    """Measured with relay and worker running by themselves, and with the key remembered."""
    ada = await open_for_business(world)
    world.host.start_background()
    doomed, other = await new_key(ada), await new_key(ada)
    program, bystander = with_key(world, doomed["secret"]), with_key(world, other["secret"])
    for client in (program, bystander):
        assert (await client.get("/v1/invoices")).status_code == 200
    assert (await ada.client.delete(f"/v1/api-keys/{doomed['id']}")).status_code == 204
    answer = await refused(program)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert (await bystander.get("/v1/invoices")).status_code == 200
    assert (await ada.client.delete(f"/v1/api-keys/{doomed['id']}")).status_code in (204, 401)


async def test_an_unused_key_is_refused_at_once_when_it_is_revoked(world: World) -> None:
    ada = await sign_up(world)
    key = await new_key(ada)
    await ada.client.delete(f"/v1/api-keys/{key['id']}")
    answer = await with_key(world, key["secret"]).get("/v1/invoices")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    shown = await ada.get(f"/v1/api-keys/{key['id']}")
    assert (shown["status"], shown["revoked_at"] is not None) == ("revoked", True)
    gone = await ada.post(f"/v1/api-keys/{key['id']}/rotate", {}, status=409)
    assert gone["code"] == "api_key_over"


async def test_a_key_expires_by_system_time_whatever_the_sandbox_clock_says(world: World) -> None:
    ada = await open_for_business(world)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = await new_key(ada, expires_at=soon)
    live = parse_typeid("tnt", ada.tenant)
    await world.advance(live, timedelta(days=400))
    assert (await with_key(world, key["secret"]).get("/v1/invoices")).status_code == 200
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.api_keys SET expires_at = now() - interval '1 s'")
    fresh = anybody(world, Authorization=f"Bearer {key['secret']}")
    forget(world)
    assert (await fresh.get("/v1/invoices")).status_code == 401
    assert (await ada.get(f"/v1/api-keys/{key['id']}"))["status"] == "expired"


def forget(world: World) -> None:
    """As if the minute were over for which the process remembers a key."""
    world.app.state.verifier._remembered.clear()


async def test_after_a_rotation_both_secrets_are_good_until_the_overlap_ends(world: World) -> None:
    ada = await open_for_business(world)
    key = await new_key(ada)
    path = f"/v1/api-keys/{key['id']}/rotate"
    second = await ada.post(path, {"overlap_hours": 1})
    assert second["secret"] != key["secret"]
    assert second["previous_until"] is not None
    assert await statuses(world, key, second) == [200, 200]
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.api_keys SET previous_until = now()")
    forget(world)
    assert await statuses(world, key, second) == [401, 200]
    third = await ada.post(path, {"overlap_hours": 0})
    await world.settle()
    world.app.state.verifier._remembered.clear()
    assert await statuses(world, key, second, third) == [401, 401, 200]
    fourth = await again(ada, path)
    fifth = await again(ada, path)
    forget(world)
    assert await statuses(world, third, fourth, fifth) == [401, 200, 200]


async def again(person: Person, path: str) -> dict[str, Any]:
    """Rotate with the usual overlap; the person's own token may be older than the last one."""
    await person.refresh(tenant=person.tenant)
    return await person.post(path, {})


async def statuses(world: World, *keys: dict[str, Any]) -> list[int]:
    clients = [with_key(world, key["secret"]) for key in keys]
    return [(await client.get("/v1/invoices")).status_code for client in clients]


async def test_the_last_use_is_noted_once_a_minute_and_by_no_event(world: World) -> None:
    ada = await open_for_business(world)
    key = await new_key(ada)
    assert (await ada.get(f"/v1/api-keys/{key['id']}"))["last_used_at"] is None
    await statuses(world, key)
    first = (await ada.get(f"/v1/api-keys/{key['id']}"))["last_used_at"]
    assert first is not None
    forget(world)
    await statuses(world, key)
    assert (await ada.get(f"/v1/api-keys/{key['id']}"))["last_used_at"] == first
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.api_keys SET last_used_at = now() - interval '2 min'")
        forget(world)
        await statuses(world, key)
        noted = await conn.fetchval(
            "SELECT last_used_at > now() - '1 min'::interval FROM identity.api_keys"
        )
        events = await conn.fetchval("SELECT count(*) FROM identity.events WHERE type ~ 'ApiKey'")
    assert (noted, events) == (True, 1)


async def test_a_key_of_a_sandbox_is_good_there_only(world: World) -> None:
    ada = await open_for_business(world)
    live = ada.tenant
    await ada.refresh(tenant=ada.tokens["sandbox"])
    key = await new_key(ada)
    assert (key["mode"], key["secret"][:10]) == ("test", "invx_test_")
    assert await statuses(world, key) == [200]
    live_id = parse_typeid("tnt", live)
    for kind, tenant_id in (("live", parse_typeid("tnt", ada.tenant)), ("test", live_id)):
        lied = {"secret": relabelled(key["secret"], kind, tenant_id)}
        assert await statuses(world, lied) == [401], kind
    async with world.admin() as conn:  # the row itself, with the other kind of text
        lied_text = SecretText.new("test", live_id)
        await ada.refresh(tenant=live)
        other = await new_key(ada)
        await conn.execute(
            "UPDATE identity.api_keys SET secret_hash = $1 WHERE tenant_id = $2",
            lied_text.hash,
            live_id,
        )
    assert other["mode"] == "live"
    assert await statuses(world, {"secret": lied_text.text}) == [401]


def relabelled(secret: str, kind: str, tenant_id: Any) -> str:
    """The same secret under another kind or tenant, with a checksum that is right."""
    from invx.infra import secret_text

    said = parse_secret(secret)
    assert said is not None
    body = secret.rpartition("_")[2]
    head = f"invx_{kind}_{secret_text._digits(tenant_id.int, 22)}{body[22:65]}"
    return head + secret_text._sum_of(head)


async def test_keys_that_are_none_are_refused_without_a_query(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await sign_up(world)
    key = await new_key(ada)
    secret = key["secret"]
    asked: list[str] = []
    verifier = world.app.state.verifier
    exchange = verifier._exchange

    async def counting(text: str) -> str:
        asked.append(text)
        token: str = await exchange(text)
        return token

    verifier._exchange = counting
    swapped = secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:]
    for wrong in (swapped, secret[:-1], secret + "x", "invx_live_", f"invx_test_{secret[10:]}"):
        assert await statuses(world, {"secret": wrong}) == [401], wrong
    assert asked == []
    unknown = SecretText.new("live", parse_typeid("tnt", ada.tenant))
    nowhere = SecretText.new("live", parse_typeid("usr", ada.tokens["user"]))
    monkeypatch.setattr(tenancy, "_AWAITED_SECONDS", 3600.0)
    async with asyncio.timeout(HANG_SECONDS):  # nobody waits for a tenant that somebody made up
        assert (
            await statuses(world, {"secret": unknown.text}, {"secret": nowhere.text}) == [401] * 2
        )
    assert len(asked) == 2


async def test_a_key_is_exchanged_for_a_token_at_the_token_endpoint(world: World) -> None:
    ada = await open_for_business(world)
    key = await new_key(ada, "invoices:read", "files:read")
    form = {"grant_type": GRANT, "subject_token": key["secret"], "subject_token_type": KEY_TYPE}
    answer = await anybody(world).post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["scope"], said["expires_in"]) == ("files:read invoices:read", 300)
    assert answer.headers["cache-control"] == "no-store"
    client = anybody(world, Authorization=f"Bearer {said['access_token']}")
    assert (await client.get("/v1/invoices")).status_code == 200
    for change in (
        {"subject_token": ""},
        {"subject_token": ada.tokens["access_token"]},
        {"subject_token": SecretText.new("live", parse_typeid("tnt", ada.tenant)).text},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"},
    ):
        refused = await anybody(world).post("/oauth/token", data={**form, **change})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request"), change


async def test_a_token_lives_no_longer_than_its_key(world: World) -> None:
    ada = await sign_up(world)
    soon = (datetime.now(UTC) + timedelta(seconds=200)).isoformat()
    key = await new_key(ada, expires_at=soon)
    form = {"grant_type": GRANT, "subject_token": key["secret"]}
    said = (await anybody(world).post("/oauth/token", data=form)).json()
    assert 50 <= said["expires_in"] <= 200


async def test_another_tenant_sees_and_ends_no_key_of_this_one(world: World) -> None:
    ada, bob = await open_for_business(world), await sign_up(world)
    key = await new_key(ada)
    path = f"/v1/api-keys/{key['id']}"
    assert (await bob.get("/v1/api-keys"))["data"] == []
    assert (await bob.client.get(path)).status_code == 404
    assert (await bob.client.delete(path)).status_code == 404
    assert (await bob.client.post(f"{path}/rotate", json={})).status_code == 404
    assert await statuses(world, key) == [200]


async def test_a_tenant_has_so_many_keys_and_no_more(world: World) -> None:
    ada = await sign_up(world)
    key = await new_key(ada)
    live = parse_typeid("tnt", ada.tenant)
    async with world.admin() as conn:
        await conn.execute(
            "INSERT INTO identity.api_keys (tenant_id, api_key_id, name, mode, permissions, hint,"
            " created_by, created_at, secret_hash) SELECT $1, gen_random_uuid(), 'k', 'live', '{}',"
            " 'abcd', 'user:x', now(), n::text FROM generate_series(1, 99) n",
            live,
        )
    body = {"name": "X", "permissions": READER}
    assert (await ada.post("/v1/api-keys", body, status=409))["code"] == "too_many_api_keys"
    await ada.client.delete(f"/v1/api-keys/{key['id']}")
    await ada.refresh(tenant=ada.tenant)
    assert (await new_key(ada))["status"] == "active"


async def test_the_acts_on_keys_are_chained(world: World) -> None:
    ada = await sign_up(world)
    key = await new_key(ada)
    await ada.post(f"/v1/api-keys/{key['id']}/rotate", {})
    await ada.client.delete(f"/v1/api-keys/{key['id']}")
    async with world.admin() as conn:
        audit = await verify(conn, "identity", parse_typeid("tnt", ada.tenant))
        rows = await conn.fetch(
            "SELECT type, body::text AS body FROM identity.events WHERE type ~ 'ApiKey'"
            " ORDER BY version"
        )
    assert audit.intact, audit.broken
    assert [row["type"] for row in rows] == ["ApiKeyCreated", "ApiKeyRotated", "ApiKeyRevoked"]
    assert json.loads(rows[0]["body"])["permissions"] == READER
