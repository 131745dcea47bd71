"""What operators do is an event of the installation before it is done: chained, sealed, shown."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from invx.infra.oversight import Oversight
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import typeid
from tests.operators import REASON, OperatorAtWork, open_plane
from tests.people import Person, open_for_business
from tests.sealing import faults
from tests.world import World


async def busy(world: World) -> tuple[OperatorAtWork, Person]:
    """An operator who did one of everything that changes something."""
    operator = await open_plane(world)
    ada = await open_for_business(world)
    tenant = f"/tenants/{ada.tenant}"
    await operator.post(f"{tenant}/suspend", REASON)
    await operator.post(f"{tenant}/resume", REASON)
    path = f"/operator/v1{tenant}/quota-class"
    assert (await operator.client.put(path, json={"quota_class": "standard"})).status_code == 200
    request = await operator.ask(ada.tenant)
    await ada.post("/v1/support-grants", {"request": request}, status=201)
    await operator.enter(ada.tenant)
    out = await operator.client.delete(f"/operator/v1{tenant}/support-requests")
    assert out.status_code == 204
    body = {"text": "Sunday", "ends_at": "2099-01-01T00:00:00Z"}
    made = await operator.post("/announcements", body, status=201)
    gone = await operator.client.delete(f"/operator/v1/announcements/{made['id']}")
    assert gone.status_code == 204
    return operator, ada


DONE = [
    "announcement_withdrawn",
    "announcement_made",
    "tenant_access_left",
    "tenant_entered",
    "tenant_access_asked",
    "quota_class_given",
    "resumption_ordered",
    "suspension_ordered",
    "operator_signed_in",
]


async def test_every_act_is_an_event_of_the_installation_by_this_operator(world: World) -> None:
    operator, ada = await busy(world)
    shown = (await operator.get("/acts", actor=operator.actor))["data"]
    assert [each["type"] for each in shown] == DONE[:-1]  # who signs in is nobody yet
    everything = (await operator.get("/acts"))["data"]
    assert [each["type"] for each in everything] == [*DONE, "operator_appointed"]
    ordered = shown[-1]
    assert ordered["after"] == {"tenant": ada.tenant, **REASON}
    assert ordered["about"] == typeid("opr", operator.id)


async def test_what_operators_do_is_chained_and_sealed(world: World) -> None:
    """And a changed act is found: the audit of the installation covers it."""
    operator, _ = await busy(world)
    identity = world.host.contexts["identity"]
    assert await world.host.sealing.seal(identity, INSTALLATION)
    async with world.admin() as conn:
        assert await audit(conn) == {}
        version = await conn.fetchval(
            "SELECT version FROM identity.events"
            " WHERE tenant_id = $1 AND type = 'SuspensionOrdered' AND actor = $2",
            *(INSTALLATION, operator.actor),
        )
        covered = await conn.fetchval(
            "SELECT max(l.version) FROM identity.seal_leaves l"
            " WHERE l.tenant_id = $1 AND l.stream_id = $2",
            *(INSTALLATION, operator.id),
        )
        assert covered >= version > 0
        await conn.execute("ALTER TABLE identity.events DISABLE TRIGGER ALL")
        await conn.execute(
            "UPDATE identity.events SET actor = 'operator:somebody'"
            " WHERE tenant_id = $1 AND type = 'SuspensionOrdered'",
            INSTALLATION,
        )
        assert "events" in await audit(conn)


async def audit(conn: Any) -> dict[str, str]:
    """What an audit of the installation finds."""
    return await faults(conn, INSTALLATION, schema="identity")


class Dying(Oversight):
    """One whose process dies before anything is done."""

    async def suspend(self, tenant_id: UUID) -> bool:
        raise OSError(tenant_id)


async def test_an_act_that_fails_leaves_its_trace_all_the_same(world: World) -> None:
    """The process dies between the act's event and the act: it is seen, and repeated."""
    operator = await open_plane(world)
    ada = await open_for_business(world)
    oversight = world.app.state.oversight
    world.app.state.oversight = Dying(
        **{each.name: getattr(oversight, each.name) for each in fields(oversight)}
    )
    path = f"/operator/v1/tenants/{ada.tenant}/suspend"
    assert (await operator.client.post(path, json=REASON)).status_code == 500
    world.app.state.oversight = oversight
    [ordered] = (await operator.get("/acts", type="suspension_ordered"))["data"]
    assert ordered["after"]["tenant"] == ada.tenant
    assert (await operator.get(f"/tenants/{ada.tenant}"))["status"] == "active"
    done = await operator.post(f"/tenants/{ada.tenant}/suspend", REASON)
    assert done["status"] == "suspended"
