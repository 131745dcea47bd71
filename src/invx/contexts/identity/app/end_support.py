"""An operator's access to a tenant ends at once; in one that is suspended, when it is resumed.

Nothing is written in a suspended tenant. Who ends access there refuses the tokens that are out (in
the directory, as a suspension stands there), and a due job of the installation ends the grant.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.operator_events import TenantAccessLeft
from invx.kernel.messages import Command

END_SUPPORT = "end_support"
REVOKED, LEFT = "operator_revoked", "operator_left"
_ASKED_AGAIN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RevokeSupport(Command):
    """By the tenant."""

    support_grant_id: UUID


async def revoke_support(command: RevokeSupport, uow: IdentityUnitOfWork) -> None:
    """What has ended stays as it is. Raises SupportGrantNotFound."""
    await uow.hold_access()
    grant = await uow.support_grants.get(command.support_grant_id)
    grant.end("revoked", uow.ctx.caller.actor, uow.system_now())


@dataclass(frozen=True, slots=True)
class EndSupport(Command):
    """Of an operator who is none any more, or who left; what they asked for later stays."""

    operator_id: UUID
    reason: str = REVOKED
    asked_until: datetime | None = None


async def end_support(command: EndSupport, uow: IdentityUnitOfWork) -> None:
    """Whatever the operator has in this tenant."""
    await uow.hold_access()
    until = command.asked_until
    for grant in await uow.support_grants.open_of(command.operator_id):
        if until is None or grant.asked_at <= until:
            grant.end(command.reason, uow.ctx.caller.actor, uow.system_now())


@dataclass(frozen=True, slots=True)
class LeaveSupport(Command):
    """An operator needs to be in this tenant no more."""

    operator_id: UUID
    tenant_id: UUID


async def leave_support(command: LeaveSupport, uow: IdentityUnitOfWork) -> EndSupport:
    """What is to be done in the tenant, and will be by a due job if it is not done at once.

    In the installation. Raises OperatorNotFound.
    """
    operator = await uow.operators.get(command.operator_id)
    operator.act(TenantAccessLeft(tenant_id=command.tenant_id))
    ending = EndSupport(operator.id, LEFT, uow.system_now())
    end_soon(command.tenant_id, ending, uow, due_at=uow.ctx.now)
    return ending


def end_soon(
    tenant_id: UUID, ending: EndSupport, uow: IdentityUnitOfWork, *, due_at: datetime
) -> None:
    """Let a due job of the installation see to it."""
    payload = {"reason": ending.reason, "asked_until": ending.asked_until}
    key = f"{ending.operator_id}:{tenant_id}"
    uow.jobs.schedule(END_SUPPORT, key, due_at=due_at, payload=payload)


async def see_support_end(tenant_id: UUID, ending: EndSupport, uow: IdentityUnitOfWork) -> None:
    """In the tenant; while that is suspended, come back."""
    if not await uow.leaving.end_support(tenant_id, ending):
        end_soon(tenant_id, ending, uow, due_at=uow.ctx.now + _ASKED_AGAIN_AFTER)
