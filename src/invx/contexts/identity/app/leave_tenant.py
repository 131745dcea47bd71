"""A person who was erased leaves the transaction's tenant, and their personal values with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.member import member_id
from invx.contexts.identity.domain.user import actor_of, email_key
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class LeaveTenant(Command):
    """`operators` are the ids under which they once ran the installation."""

    user_id: UUID
    operators: Sequence[UUID] = ()


async def leave_tenant(command: LeaveTenant, uow: IdentityUnitOfWork) -> None:
    """What they let in ends, too: their keys, and whom they invited. Again changes nothing.

    What they did stays in the tenant's history, under their id.
    """
    await uow.people.shut_out_writers()
    await uow.hold_access()
    now, actor = uow.system_now(), actor_of(command.user_id)
    for key in await uow.api_keys.made_by(actor):
        key.revoke(now)
    for invitation in await uow.invitations.open_by(actor):
        invitation.withdraw("inviter_removed", now)
    member = await uow.members.find(member_id(uow.ctx.tenant_id, command.user_id))
    email = email_key(member.email) if member is not None and member.email else None
    about = await uow.invitations.about(command.user_id, email)
    for invitation in about:
        invitation.withdraw("invited_erased", now)
    await uow.people.forget_here(command.user_id, [each.id for each in about])
    await uow.people.forget_operators_here(command.operators)
    if member is not None:
        if member.seated:
            member.remove(uow.ctx.now)
        member.erase(now)
