"""A person is erased, and every word about them is gone from everywhere; the chains hold (D4)."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from invx.host import CONTEXTS
from invx.infra.audit import verify
from invx.infra.embedded import Postgres
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_oidc import BACK, signs_in
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.integration.isolation.markers import Found, in_database, in_files, in_text
from tests.integration.isolation.test_erasure import database_folder
from tests.oidc_provider import (
    Account,
    Provider,
    running_provider,
    told_of,
)
from tests.operators import OperatorAtWork, appoint, operator_sign_in
from tests.people import PASSWORD, Person, anybody, join, open_for_business
from tests.world import World, open_world, post


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider(BACK) as running:
        yield running


@pytest.fixture
async def world(server: Postgres, tmp_path: Path, provider: Provider) -> AsyncIterator[World]:
    async with open_world(server, tmp_path, told_of(provider, "SSO")) as opened:
        yield opened


@dataclass(slots=True)
class Life:
    """All that a person says of themselves anywhere, and others of them, in markers."""

    world: World
    provider: Provider
    fields: dict[str, str] = field(default_factory=dict)  # marker -> what it is
    tenants: list[str] = field(default_factory=list)
    secret: str = ""

    def mark(self, about: str) -> str:
        marker = f"zq{len(self.fields):05}k"
        self.fields[marker] = about
        return marker

    def client(self, about: str) -> httpx.AsyncClient:
        """Somebody at an address, with a program; both are marked."""
        transport = httpx.ASGITransport(self.world.app, client=(self.mark(f"{about} address"), 1))
        agent = {"User-Agent": self.mark(f"{about} agent")}
        client = httpx.AsyncClient(
            transport=transport, base_url="http://invx.test", headers=agent, timeout=60
        )
        self.world.keep(client)
        return client

    def told(self, found: Found) -> dict[str, list[str]]:
        """What is found of the person, and where."""
        return {self.fields[each]: sorted(where) for each, where in sorted(found.items())}

    async def intact(self) -> int:
        """No chain is broken; how many values were erased."""
        erased = 0
        async with self.world.admin() as conn:
            for tenant_id in (INSTALLATION, *(parse_typeid("tnt", t) for t in self.tenants)):
                for schema in CONTEXTS:
                    audit = await verify(conn, schema, tenant_id)
                    assert audit.intact, (schema, audit.broken)
                    erased += audit.erased
        return erased


async def invited(life: Life, by: Person, email: str, role: str) -> str:
    """The token; an invitation before it was replaced, so it is over and never accepted."""
    body = {"email": email, "role": role}
    await by.post("/v1/invitations", body, status=201)
    life.tenants.append(by.tenant)
    return str((await by.post("/v1/invitations", body, status=201))["token"])


async def lead(life: Life) -> Person:
    """Invited, seated in two tenants and removed from one, seen everywhere, once an operator."""
    world = life.world
    one, two, three = [await open_for_business(world) for _ in range(3)]
    email = f"{life.mark('email')}@example.org"
    client = life.client("accepting")
    body = {"name": life.mark("name"), "password": PASSWORD}
    token = await invited(life, one, email, "owner")
    zoe = Person(world, email, client, {})
    zoe.take(await post(client, "/v1/invitations/accept", {"token": token, **body}, status=201))
    for other in (two, three):
        token = await invited(life, other, email, "viewer")
        await zoe.post("/v1/invitations/accept", {"token": token})
        assert (await zoe.refresh(tenant=other.tenant)).status_code == 200
    members = {each["user"]: each["id"] for each in (await two.get("/v1/members"))["data"]}
    gone = await two.client.delete(f"/v1/members/{members[zoe.tokens['user']]}")
    assert gone.status_code == 204
    await two.post("/v1/invitations", {"email": email, "role": "viewer"}, status=201)  # open
    assert (await zoe.refresh(tenant=one.tenant)).status_code == 200
    await signed_in_elsewhere(life, zoe)
    await ran_the_installation(life, zoe, three)
    await world.settle()
    return zoe


async def signed_in_elsewhere(life: Life, zoe: Person) -> None:
    """By password and by a provider; and once in vain."""
    for password, status in ((PASSWORD, 201), ("guess", 401)):
        client = life.client(f"signing in {status}")
        body = {"email": zoe.email, "password": password}
        assert (await client.post("/v1/sessions", json=body)).status_code == status
    life.provider.account = Account(life.mark("subject"), zoe.email)
    assert (await signs_in(life.world)).status_code == 200


async def ran_the_installation(life: Life, zoe: Person, tenant: Person) -> None:
    """Appointed, let into a tenant, revoked."""
    life.secret, _ = await set_up(zoe)
    id = await appoint(life.world, zoe, life.mark("operator"))
    token = (await operator_sign_in(life.world, zoe.email, code_of(life.secret, 0))).json()
    if "access_token" not in token:  # the step of this moment was spent by setting it up
        token = (await operator_sign_in(life.world, zoe.email, code_of(life.secret))).json()
    client = anybody(life.world, Authorization=f"Bearer {token['access_token']}")
    operator = OperatorAtWork(life.world, id, zoe, life.secret, client)
    request = await operator.ask(tenant.tenant, reason=f"It is I, {life.mark('reason')}.")
    await tenant.post("/v1/support-grants", {"request": request}, status=201)
    await operator.revoke()


async def recovered(life: Life, zoe: Person) -> str:
    """A code of the second factor that is good still, whatever step it is."""
    async with life.world.admin() as conn:
        await conn.execute("UPDATE identity.totp_steps SET last_step = 0")
    assert zoe.email
    return code_of(life.secret, 0)


async def erase(life: Life, zoe: Person) -> None:
    body = {"password": PASSWORD, "code": await recovered(life, zoe)}
    answer = await zoe.client.request("DELETE", "/v1/me", json=body)
    assert answer.status_code == 204, answer.text
    await life.world.settle()


NOWHERE = {"signing in 401 address", "signing in 401 agent"}  # kept as hashes, or not at all


async def test_nothing_of_a_person_is_left_anywhere(
    world: World, provider: Provider, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    life = Life(world, provider)
    zoe = await lead(life)
    async with world.admin() as conn:
        await conn.execute("ANALYZE")  # samples of columns are copies, too
        before = life.told(await in_database(conn))
    assert set(life.fields.values()) - set(before) == NOWHERE
    await erase(life, zoe)
    async with world.admin() as conn:
        # As in test_erasure.py: what PostgreSQL does in its own time is done at once.
        await conn.execute("ANALYZE")
        await conn.execute("VACUUM (FULL)")
        await conn.execute("CHECKPOINT")
        assert life.told(await in_database(conn)) == {}
        folder = await database_folder(world, conn)
    assert life.told(in_files([folder, tmp_path])) == {}
    said = capfd.readouterr()
    said_by_server = world.server.log.read_text(errors="replace")
    assert in_text(said.out + said.err + said_by_server) == set()
    assert await life.intact() > 10


async def test_every_store_with_words_about_a_person_is_named_with_its_eraser(
    world: World, provider: Provider
) -> None:
    life = Life(world, provider)
    await lead(life)
    async with world.admin() as conn:
        found = life.told(await in_database(conn))
    holding = {
        place.rpartition(".")[0]
        for places in found.values()
        for place in places
        if not place.startswith("pg_catalog.")
    }
    stores = world.host.contexts["identity"].personal
    assert holding <= {f"identity.{store.name}" for store in stores}
    assert holding >= {f"identity.{name}" for name in ("personal", "users", "members", "sessions")}
    async with world.admin() as conn:
        for store in stores:
            assert await conn.fetchval("SELECT to_regclass($1)", f"identity.{store.name}"), store
            assert len(store.eraser) > 10


async def test_nobody_else_loses_a_word(world: World, provider: Provider) -> None:
    life = Life(world, provider)
    zoe = await lead(life)
    others = Life(world, provider, fields=life.fields)
    kim = await join(await open_for_business(world, name=others.mark("stays: name")), "viewer")
    client = others.client("stays: kim")
    body = {"email": kim.email, "password": PASSWORD}
    assert (await client.post("/v1/sessions", json=body)).status_code == 201
    async with world.admin() as conn:
        before = others.told(await in_database(conn))
        await erase(life, zoe)
        after = others.told(await in_database(conn))
    kept = {name: places for name, places in before.items() if name.startswith("stays")}
    assert after == kept != {}


async def test_what_stays_is_the_id(world: World, provider: Provider) -> None:
    life = Life(world, provider)
    zoe = await lead(life)
    await erase(life, zoe)
    id: UUID = parse_typeid("usr", zoe.tokens["user"])
    async with world.admin() as conn:
        user: Any = await conn.fetchrow("SELECT * FROM identity.users WHERE user_id = $1", id)
        members = await conn.fetch("SELECT * FROM identity.members WHERE user_id = $1", id)
        grants = await conn.fetch(
            "SELECT operator, reason, permissions FROM identity.support_grants"
        )
    assert (user["status"], user["language"]) == ("erased", "en")
    said = ("email", "email_key", "name", "password_hash")
    assert [user[name] for name in said] == [None] * len(said)
    assert len(members) == 3
    assert all(each["removed_at"] and not (each["email"] or each["name"]) for each in members)
    assert all(each["role"] in ("owner", "viewer") for each in members)
    [grant] = grants
    assert (grant["operator"], grant["reason"]) == (None, None)
    assert grant["permissions"]  # what was let in for is the tenant's to know
