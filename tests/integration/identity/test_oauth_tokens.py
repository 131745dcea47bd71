"""Clients of a tenant, the token endpoint, revocation and discovery, to the letter."""

import base64
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from invx.contexts.identity.domain.scopes import grantable
from invx.contracts.permissions import PERMISSIONS
from tests.people import PASSWORD, Person, anybody, sign_up
from tests.programs import BACK, Program, let_in, registered
from tests.world import World

BODY: dict[str, Any] = {
    "name": "Shop",
    "type": "confidential",
    "redirect_uris": [BACK],
    "scopes": ["invoices:read"],
}


def basic(client_id: str, secret: str) -> dict[str, str]:
    text = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


async def test_a_tenants_programs_are_listed_read_and_removed(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    made = await ada.post("/v1/oauth-clients", BODY, status=201)
    assert made.pop("client_secret").startswith("invx_cs_")
    assert made["client_id"] == f"{made['id']}.{ada.tenant}"
    assert (await ada.get("/v1/oauth-clients"))["data"] == [made]
    path = f"/v1/oauth-clients/{made['id']}"
    assert await ada.get(path) == made
    assert (await bob.get("/v1/oauth-clients"))["data"] == []
    for method in ("GET", "DELETE"):
        assert (await bob.client.request(method, path)).status_code == 404
    assert (await ada.client.delete(path)).status_code == 204
    assert (await ada.get("/v1/oauth-clients"))["data"] == []
    assert (await ada.client.get(path)).json()["code"] == "client_not_found"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"redirect_uris": ["http://shop.example/"]}, "/redirect_uris/0"),
        ({"redirect_uris": [BACK, f"{BACK}#x"]}, "/redirect_uris/1"),
        ({"redirect_uris": ["com.example.app:/x"]}, "/redirect_uris/0"),
        ({"type": "public", "redirect_uris": []}, "/redirect_uris"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["invoices:read", "me:write"]}, "/scopes/1"),
        ({"scopes": ["oauth_clients:write"]}, "/scopes/0"),
        ({"scopes": ["nonsense"]}, "/scopes/0"),
        ({"type": "secret"}, "/type"),
        ({"name": ""}, "/name"),
    ],
)
async def test_what_cannot_be_registered_is_named(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    ada = await sign_up(world)
    problem = await ada.post("/v1/oauth-clients", {**BODY, **change}, status=422)
    assert [each["pointer"] for each in problem["problems"]] == [pointer]
    assert (await ada.get("/v1/oauth-clients"))["data"] == []


async def test_nobody_hands_out_what_they_may_not_do(world: World) -> None:
    tenant_id = await world.tenant()
    client = world.client(tenant_id, ("oauth_clients:write", "invoices:read"))
    assert (await client.post("/v1/oauth-clients", json=BODY)).status_code == 201
    more = {**BODY, "scopes": ["invoices:read", "tax:write"]}
    refused = await client.post("/v1/oauth-clients", json=more)
    assert (refused.status_code, "tax:write" in refused.json()["detail"]) == (403, True)


async def test_a_server_acts_for_itself_in_its_own_tenant(world: World) -> None:
    ada = await sign_up(world)
    await world.settle()
    scopes = ("invoices:read", "legal_entities:read")
    program = await registered(ada, scopes=scopes)
    answer = await program.token("client_credentials")
    tokens = answer.json()
    assert (answer.status_code, "refresh_token" in tokens) == (200, False)
    assert tokens["scope"] == " ".join(scopes)
    client = program.speaking(tokens)
    assert (await client.get("/v1/invoices")).status_code == 200
    assert (await client.get("/v1/series")).status_code == 403
    assert (await client.get("/v1/me")).status_code == 403
    less = (await program.token("client_credentials", scope="invoices:read")).json()
    assert (await program.speaking(less).get("/v1/legal-entities")).status_code == 403
    more = await program.token("client_credentials", scope="invoices:read tax:read")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


async def test_a_public_program_never_acts_for_itself(world: World) -> None:
    program = await registered(await sign_up(world), "public")
    answer = await program.token("client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


async def test_an_access_token_says_who_asked_and_is_signed_with_a_published_key(
    world: World,
) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    keys = KeySet.import_key_set((await anybody(world).get("/.well-known/jwks.json")).json())
    own = (await program.token("client_credentials")).json()
    for tokens, subject in (
        (own, f"client:{program.said['id']}"),
        (await let_in(program, ada), f"user:{ada.tokens['user']}"),
    ):
        said = jwt.decode(tokens["access_token"], keys, algorithms=["ES256"]).claims
        assert (said["sub"], said["client_id"]) == (subject, program.client_id)
        assert said["perms"] == ["invoices:read"]
        assert said["exp"] - said["iat"] <= 300


async def test_a_client_shows_its_secret_in_the_form_or_in_the_header(world: World) -> None:
    program = await registered(await sign_up(world))
    id_, secret = program.client_id, program.said["client_secret"]
    form = {"grant_type": "client_credentials"}
    good = await anybody(world).post("/oauth/token", data=form, headers=basic(id_, secret))
    assert good.status_code == 200
    wrong = [
        ({}, basic(id_, "wrong")),
        ({}, basic(id_, "")),
        ({}, basic("cli_x", secret)),
        ({}, {"Authorization": "Basic !!!"}),
        ({"client_id": "other"}, basic(id_, secret)),
        ({"client_id": id_}, {}),
        ({"client_id": id_, "client_secret": "wrong"}, {}),
        ({"client_id": f"{id_}x", "client_secret": secret}, {}),
        ({"client_secret": secret}, {}),
        ({}, {}),
    ]
    for more, headers in wrong:
        answer = await anybody(world).post("/oauth/token", data=form | more, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), more
        assert ("www-authenticate" in answer.headers) is bool(headers)
    both = await anybody(world).post(
        "/oauth/token", data=form | {"client_secret": secret}, headers=basic(id_, secret)
    )
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


async def test_a_public_program_with_a_secret_is_somebody_else(world: World) -> None:
    program = await registered(await sign_up(world), "public")
    answer = await program.token("refresh_token", refresh_token="x", client_secret="guess")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("grant_type=authorization_code", "invalid_client"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("&".join(f"x{n}=1" for n in range(40)), "invalid_request"),
        ("\0", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=%00", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=%ff%fe", "invalid_grant"),
    ],
)
async def test_forms_that_make_no_sense_are_refused_in_the_words_of_the_standard(
    world: World, body: str, error: str
) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = await anybody(world).post("/oauth/token", content=body, headers=kind)
    assert answer.json()["error"] == error


async def test_codes_need_everything_that_belongs_to_them(world: World) -> None:
    program = await registered(await sign_up(world))
    for given in ({"code": "x"}, {"code_verifier": "x" * 43}):
        answer = await program.token("authorization_code", **given)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def revoked(program: Program, **form: str | None) -> Any:
    sent = {
        "client_id": program.client_id,
        "client_secret": program.said["client_secret"],
        **form,
    }
    given = {name: value for name, value in sent.items() if value is not None}
    return await anybody(program.world).post("/oauth/revoke", data=given)


async def test_a_token_that_is_given_back_is_good_for_nothing(world: World) -> None:
    ada = await sign_up(world)
    program, other = await registered(ada), await registered(ada)
    tokens = await let_in(program, ada)
    refresh = tokens["refresh_token"]
    assert (await revoked(other, token=refresh)).status_code == 200
    fresh = (await program.token("refresh_token", refresh_token=refresh)).json()["refresh_token"]
    for _ in range(2):
        assert (await revoked(program, token=fresh)).status_code == 200
    answer = await program.token("refresh_token", refresh_token=fresh)
    assert answer.json()["error"] == "invalid_grant"
    assert (await revoked(program, token="unknown")).status_code == 200


async def test_giving_back_takes_the_client_and_not_an_access_token(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    tokens = await let_in(program, ada)
    stranger = await revoked(program, token=tokens["refresh_token"], client_secret="wrong")
    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client")
    missing = await revoked(program)
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
    access = await revoked(program, token=tokens["access_token"])
    assert (access.status_code, access.json()["error"]) == (400, "unsupported_token_type")
    assert (await program.token("refresh_token", **tokens_of(tokens))).status_code == 200


def tokens_of(tokens: dict[str, Any]) -> dict[str, str]:
    return {"refresh_token": tokens["refresh_token"]}


async def test_a_person_signs_out_by_giving_the_token_back(world: World) -> None:
    ada = await sign_up(world)
    form = {"token": ada.tokens["refresh_token"]}
    assert (await anybody(world).post("/oauth/revoke", data=form)).status_code == 200
    assert (await ada.refresh()).status_code == 400


async def test_discovery_says_what_is_true(world: World) -> None:
    said = (await anybody(world).get("/.well-known/oauth-authorization-server")).json()
    assert said["issuer"] == "http://invx.test"
    assert said["scopes_supported"] == sorted(grantable(PERMISSIONS))
    client = anybody(world)
    for name in ("jwks_uri", "service_documentation"):
        assert (await client.get(said[name])).status_code == 200
    for name in ("token_endpoint", "revocation_endpoint"):
        assert (await client.post(said[name])).json()["error"] == "invalid_request"
    assert (await client.get(said["authorization_endpoint"])).status_code == 400
    for grant in said["grant_types_supported"]:
        answer = await client.post(said["token_endpoint"], data={"grant_type": grant})
        assert answer.json()["error"] != "unsupported_grant_type"


async def test_no_scope_lets_a_program_outgrow_it(world: World) -> None:
    assert {"me:write", "members:own", "oauth_clients:write"}.isdisjoint(grantable(PERMISSIONS))
    assert "invoices:finalize" in grantable(PERMISSIONS)
    assert grantable(["api_keys:write", "roles:write", "tenant:close"]) == frozenset()


async def test_no_event_row_or_answer_holds_a_secret_of_a_program(world: World) -> None:
    ada: Person = await sign_up(world)
    program = await registered(ada)
    tokens = await let_in(program, ada)
    async with world.admin() as conn:
        held = []
        for table in ("events", "oauth_clients", "authorization_codes", "refresh_tokens", "outbox"):
            held += await conn.fetch(f"SELECT t::text FROM identity.{table} t")
    everything = "\n".join(row[0] for row in held)
    assert "ClientRegistered" in everything
    for secret in (
        program.said["client_secret"],
        program.verifier,
        tokens["refresh_token"],
        tokens["access_token"],
        PASSWORD,
    ):
        assert secret not in everything
