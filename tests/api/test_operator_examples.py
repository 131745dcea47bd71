"""The example bodies of the operator plane, and of what tenants decide about it, as they stand."""

from typing import Any

from tests.api.test_openapi_document import examples_of, operations
from tests.integration.identity.test_second_factor import code_of
from tests.operators import open_plane, operator_sign_in
from tests.people import open_for_business
from tests.world import World

# Only a moment knows the code that is sent to sign in, and the request that is answered.
ABOUT_OPERATORS = {
    "POST /operator/v1/sessions",
    "POST /operator/v1/tenants/{tenant}/suspend",
    "POST /operator/v1/tenants/{tenant}/resume",
    "PUT /operator/v1/tenants/{tenant}/quota-class",
    "PUT /operator/v1/installation/defaults",
    "POST /operator/v1/tenants/{tenant}/support-requests",
    "POST /operator/v1/announcements",
    "POST /v1/support-grants",
}


async def test_every_example_about_operators_works_as_it_stands(world: World) -> None:
    document = world.app.openapi()
    bodies = {
        label: examples_of(document, operation)
        for label, operation in operations(document)
        if label in ABOUT_OPERATORS
    }
    assert bodies.keys() == ABOUT_OPERATORS
    operator, ada = await open_plane(world), await open_for_business(world)
    sent: set[str] = set()

    async def send(client: Any, label: str, **said: str) -> dict[str, Any]:
        sent.add(label)
        method, _, path = label.partition(" ")
        [body] = bodies[label]
        answer = await client.request(method, path.format(tenant=ada.tenant), json={**body, **said})
        assert answer.is_success, f"{label} {body}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    for what in ("suspend", "resume"):
        await send(operator.client, f"POST /operator/v1/tenants/{{tenant}}/{what}")
    await send(operator.client, "PUT /operator/v1/tenants/{tenant}/quota-class")
    await send(operator.client, "PUT /operator/v1/installation/defaults")
    await send(operator.client, "POST /operator/v1/announcements")
    asked = await send(operator.client, "POST /operator/v1/tenants/{tenant}/support-requests")
    granted = await send(ada.client, "POST /v1/support-grants", request=asked["id"])
    assert granted["permissions"] == ["invoices:read", "tax:read"]
    [body] = bodies["POST /operator/v1/sessions"]
    assert body.keys() == {"email", "password", "code"}
    refused = await operator_sign_in(
        world, operator.person.email, code_of(operator.secret), body["password"]
    )
    assert refused.json()["code"] == "sign_in_refused"  # in form it is right
    assert sent | {"POST /operator/v1/sessions"} == ABOUT_OPERATORS


async def test_the_document_tells_the_two_kinds_of_tokens_apart(world: World) -> None:
    document = world.app.openapi()
    assert set(document["components"]["securitySchemes"]) == {"accessToken", "operatorToken"}
    for label, operation in operations(document):
        of_plane = " /operator/v1/" in label and not label.endswith("/sessions")
        names = [name for each in operation["security"] for name in each]
        if of_plane:
            assert names == ["operatorToken"], label
            assert "x-permission" not in operation, label
            assert operation["tags"] == ["Operators"], label
        else:
            assert "operatorToken" not in names, label
