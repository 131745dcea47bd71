"""What a member may do changes, or ends."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.weigh_role import weigh_role
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import LastOwner
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.roles import OWNER
from invx.contexts.identity.domain.user import actor_of
from invx.kernel.errors import Forbidden
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ChangeRole(Command):
    """The role, by its name or the id of one of the tenant's own."""

    member_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class RemoveMember(Command):
    """A member leaves, or is shown the door."""

    member_id: UUID


async def change_role(command: ChangeRole, uow: IdentityUnitOfWork) -> Member:
    """The member. Raises MemberNotFound, RoleUnknown, LastOwner, MoreThanHeld.

    And Forbidden: owners are made by owners.
    """
    await uow.hold_access()
    member = await uow.members.get(command.member_id)
    member.ensure_seated()
    role = await weigh_role(command.role, uow)
    if OWNER in (member.role, command.role):
        await _ensure_by_owner(uow)
        if command.role != OWNER:
            await _ensure_another_owner(member, uow)
    caller = uow.ctx.caller
    Authority(caller.permissions, caller.approval_limit).ensure_appoints(role)
    member.change_role(command.role, uow.ctx.now)
    return member


async def remove_member(command: RemoveMember, uow: IdentityUnitOfWork) -> Member:
    """The member who was; whom they invited comes no more.

    Raises MemberNotFound, LastOwner, Forbidden.
    """
    await uow.hold_access()
    member = await uow.members.get(command.member_id)
    member.ensure_seated()
    if member.role == OWNER:
        await _ensure_by_owner(uow)
        await _ensure_another_owner(member, uow)
    member.remove(uow.ctx.now)
    for invitation in await uow.invitations.open_by(actor_of(member.user_id)):
        invitation.withdraw("inviter_removed", uow.system_now())
    return member


async def _ensure_by_owner(uow: IdentityUnitOfWork) -> None:
    if "members:own" not in uow.ctx.caller.permissions:
        raise Forbidden("Only an owner decides about owners.")


async def _ensure_another_owner(member: Member, uow: IdentityUnitOfWork) -> None:
    if not any(each.id != member.id for each in await uow.members.owners()):
        raise LastOwner
