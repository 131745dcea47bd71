"""The example bodies about who may enter, sent as they stand by a business that begins."""

from typing import Any

from tests.api.test_openapi_document import examples_of, operations
from tests.people import Person, anybody, join
from tests.world import World

ABOUT_ACCESS = {
    "POST /v1/sign-up",
    "POST /v1/sessions",
    "POST /oauth/token",
    "PUT /v1/me/password",
    "DELETE /v1/me",
    "PUT /v1/members/{member}/role",
    "POST /v1/api-keys",
    "POST /v1/api-keys/{api_key}/rotate",
    "POST /v1/roles",
    "PUT /v1/roles/{role}",
    "POST /v1/invitations",
    "POST /v1/invitations/accept",
    "POST /v1/oauth-clients",
    "POST /v1/sandboxes",
    "POST /v1/sandboxes/{sandbox}/api-keys",
    "POST /v1/sandboxes/{sandbox}/clock",
}
# Their examples hold codes and tokens that only an answer before can give; they are sent in
# tests/integration/identity/test_second_factor.py and test_oauth_tokens.py.
OF_A_MOMENT = {
    "POST /oauth/revoke",
    "POST /v1/me/totp",
    "POST /v1/me/totp/confirm",
    "POST /v1/me/totp/remove",
    "POST /v1/me/recovery-codes",
}


async def test_every_example_about_access_works_as_it_stands(world: World) -> None:
    document = world.app.openapi()
    bodies = {
        label: examples_of(document, operation)
        for label, operation in operations(document)
        if label in ABOUT_ACCESS
    }
    assert bodies.keys() == ABOUT_ACCESS
    ada = Person(world, "", anybody(world), {})
    sent: set[str] = set()

    async def send(label: str, **ids: str) -> dict[str, Any]:
        sent.add(label)
        method, _, path = label.partition(" ")
        [body] = bodies[label]
        given = {**body, **{name: ids[name] for name in ("token",) if name in ids}}
        answer = await ada.client.request(method, path.format(**ids), json=given)
        assert answer.is_success, f"{label} {given}: {answer.text}"
        said: dict[str, Any] = answer.json() if answer.content else {}
        return said

    ada.take(await send("POST /v1/sign-up"))
    ada.take(await send("POST /v1/sessions"))
    [form] = bodies["POST /oauth/token"]
    form = {**form, "refresh_token": ada.tokens["refresh_token"]}
    answer = await ada.client.post("/oauth/token", data=form)
    assert answer.is_success, answer.text
    ada.take(answer.json())
    sent.add("POST /oauth/token")
    key = await send("POST /v1/api-keys")
    await send("POST /v1/api-keys/{api_key}/rotate", api_key=key["id"])
    await send("POST /v1/oauth-clients")
    sandbox = (await send("POST /v1/sandboxes"))["id"]
    await send("POST /v1/sandboxes/{sandbox}/api-keys", sandbox=sandbox)
    clock = bodies["POST /v1/sandboxes/{sandbox}/clock"]
    for bodies["POST /v1/sandboxes/{sandbox}/clock"] in ([each] for each in clock):
        begun = await send("POST /v1/sandboxes/{sandbox}/clock", sandbox=sandbox)
        path = f"/v1/sandboxes/{sandbox}/clock/{begun['id']}/cancel"
        assert (await ada.client.post(path)).is_success
    role = await send("POST /v1/roles")
    await send("PUT /v1/roles/{role}", role=role["id"])
    bo = await join(ada, "viewer")
    members = (await ada.get("/v1/members"))["data"]
    member = next(each["id"] for each in members if each["user"] == bo.tokens["user"])
    await send("PUT /v1/members/{member}/role", member=member)
    invited = await send("POST /v1/invitations")
    authorization = ada.client.headers.pop("Authorization")
    accepted = await send("POST /v1/invitations/accept", token=invited["token"])
    ada.client.headers["Authorization"] = f"Bearer {accepted['access_token']}"
    await send("DELETE /v1/me")  # whoever accepted; the owner is needed
    ada.client.headers["Authorization"] = authorization
    await send("PUT /v1/me/password")
    assert sent == ABOUT_ACCESS


async def test_the_token_endpoint_describes_its_errors_as_it_sends_them(world: World) -> None:
    operation = world.app.openapi()["paths"]["/oauth/token"]["post"]
    described = operation["responses"]["400"]["content"]
    assert set(described) == {"application/json", "application/problem+json"}
    client = anybody(world)
    error = await client.post("/oauth/token", data={"grant_type": "password"})
    assert (error.status_code, error.headers["content-type"]) == (400, "application/json")
    assert set(described["application/json"]["schema"]["required"]) == set(error.json())
    problem = await client.post("/oauth/token", headers={"Invx-Version": "1999-01-01"})
    assert (problem.status_code, problem.json()["code"]) == (400, "unknown_version")
    assert problem.headers["content-type"] == "application/problem+json"


async def test_an_invitation_is_read_by_token_and_withdrawn_by_id(world: World) -> None:
    """One path, two kinds of what stands in it; the document says which is which."""
    methods = world.app.openapi()["paths"]["/v1/invitations/{invitation}"]
    patterns = {
        method: next(
            each["schema"]["pattern"]
            for each in operation["parameters"]
            if each.get("name") == "invitation"
        )
        for method, operation in methods.items()
    }
    assert patterns["get"].startswith("^invx_")
    assert patterns["delete"].startswith("^ivt_")
    assert methods["get"]["security"] == []
    assert methods["delete"]["x-permission"] == "members:write"
