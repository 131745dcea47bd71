"""What a victim has in identity, inside its tenant: people are the installation's own."""

from uuid import UUID, uuid4

from invx.contexts.identity.app.ask_support import AskSupport, ask_support
from invx.contexts.identity.app.enter_tenant import EnterTenant, enter_tenant
from invx.contexts.identity.app.ports import Entry
from invx.contexts.identity.app.seat_member import SeatMember, seat_member
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ids import typeid
from tests.world import Desk


async def let_in(desk: Desk) -> dict[str, str]:
    """A member who was there, a role, an invitation to it, and a key; each by its id."""
    role = await desk.post("/v1/roles", {"name": "Geheim", "permissions": ["files:read"]})
    key = await desk.post("/v1/api-keys", {"name": "Geheim", "permissions": ["files:read"]})
    asked = {"email": "geheimnis@kontor-nord.example", "role": role["id"]}
    invited = await desk.post("/v1/invitations", asked)
    user_id, session_id = Uuid7Ids().new(), Uuid7Ids().new()
    actor = f"user:{typeid('usr', user_id)}"
    await _seat(desk, actor, user_id, session_id, role["id"])
    [member] = (await desk.get("/v1/members"))["data"]
    cursor = (await desk.get("/v1/audit/acts", limit=1))["next"]
    return {
        "support_grant": await _asked(desk),
        "member": member["id"],
        "session": typeid("ses", session_id),
        "role": role["id"],
        "api_key": key["id"],
        "invitation": invited["id"],
        "member_actor": actor,
        "acts_cursor": cursor,
    }


async def _seat(desk: Desk, actor: str, user_id: UUID, session_id: UUID, role: str) -> None:
    runner = desk.world.host.contexts["identity"].runner
    caller = Caller(desk.tenant_id, actor, uuid4(), session_id=session_id)
    seat = SeatMember(user_id=user_id, email="geheim@example.com", name="Geheim", role=role)
    await runner.run(seat_member, seat, caller)
    entry = Entry(session_id, "password", "192.0.2.66", "Geheim")
    await runner.run(enter_tenant, EnterTenant(user_id, entry), caller)


async def _asked(desk: Desk) -> str:
    """What an operator asked this tenant for."""
    runner, id = desk.world.host.contexts["identity"].runner, Uuid7Ids().new()
    caller = Caller(desk.tenant_id, f"operator:{typeid('opr', id)}", uuid4())
    command = AskSupport(
        support_grant_id=id,
        operator_id=id,
        operator="Geheim",
        reason="Geheim",
        permissions=["invoices:read"],
    )
    return typeid("sup", (await runner.run(ask_support, command, caller)).id)
