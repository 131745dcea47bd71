"""Operators, made as `invx operator create` makes them, who sign in as they do."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from invx.contexts.identity.app.appoint_operator import AppointOperator, appoint_operator
from invx.contexts.identity.app.end_support import EndSupport, end_support
from invx.contexts.identity.app.revoke_operator import RevokeOperator, revoke_operator
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import INSTALLATION
from invx.kernel.context import Caller
from invx.kernel.ids import typeid
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.people import PASSWORD, Person, anybody, sign_up
from tests.world import World

REASON = {"reason": "Ticket 4711: totals that look wrong."}


def by_cli(tenant_id: UUID = INSTALLATION) -> Caller:
    """Who acts at the command line."""
    return Caller(tenant_id, "system:cli", Uuid7Ids().new())


@dataclass(slots=True)
class OperatorAtWork:
    """An operator and a client with their token; `secret` is that of their app."""

    world: World
    id: UUID
    person: Person
    secret: str
    client: httpx.AsyncClient

    @property
    def actor(self) -> str:
        return f"operator:{typeid('opr', self.id)}"

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.client.get(f"/operator/v1{path}", params=query)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, path: str, body: Any = None, *, status: int = 200) -> dict[str, Any]:
        answer = await self.client.post(f"/operator/v1{path}", json=body)
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def ask(self, tenant: str, **more: Any) -> str:
        """Ask a tenant to be let in; the id of the request."""
        path = f"/tenants/{tenant}/support-requests"
        return str((await self.post(path, {**REASON, **more}, status=201))["id"])

    async def enter(self, tenant: str) -> httpx.AsyncClient:
        """A client with a token of the tenant."""
        given = await self.post(f"/tenants/{tenant}/token")
        return anybody(self.world, Authorization=f"Bearer {given['access_token']}")

    async def revoke(self) -> None:
        """As `invx operator revoke` does."""
        runner = self.world.host.contexts["identity"].runner
        revoked = await runner.run(revoke_operator, RevokeOperator(self.id), by_cli())
        for tenant_id in revoked.asked:
            await runner.run(end_support, EndSupport(self.id), by_cli(tenant_id))


async def appoint(world: World, person: Person, name: str = "Jo of Invx") -> UUID:
    """Let somebody with an account run the installation."""
    runner = world.host.contexts["identity"].runner
    operator = await runner.run(
        appoint_operator, AppointOperator(person.email, name, None), by_cli()
    )
    return operator.id


async def operator_sign_in(
    world: World, email: str, code: str, password: str = PASSWORD
) -> httpx.Response:
    """Try to sign in."""
    body = {"email": email, "password": password, "code": code}
    return await anybody(world).post("/operator/v1/sessions", json=body)


async def open_plane(world: World) -> OperatorAtWork:
    """An operator who is signed in."""
    person = await sign_up(world)
    secret, _ = await set_up(person)
    id = await appoint(world, person)
    signed_in = await operator_sign_in(world, person.email, code_of(secret))
    assert signed_in.status_code == 201, signed_in.text
    token = signed_in.json()["access_token"]
    client = anybody(world, Authorization=f"Bearer {token}")
    return OperatorAtWork(world, id, person, secret, client)
