"""Somebody is asked to become a member."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.weigh_role import weigh_role
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import AlreadyMember, TooManyInvitations
from invx.contexts.identity.domain.invitation import OPEN_PER_TENANT_MAX, Invitation
from invx.contexts.identity.domain.roles import OWNER
from invx.contexts.identity.domain.user import email_key
from invx.kernel.errors import Forbidden
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class InviteMember(Command):
    """By an address, with a role; `token_hash` is that of the token which was made for it."""

    email: str
    role: str
    token_hash: str


async def invite_member(command: InviteMember, uow: IdentityUnitOfWork) -> Invitation:
    """The invitation; an older one for the same address is withdrawn.

    Raises RoleUnknown, MoreThanHeld, AlreadyMember, TooManyInvitations, and Forbidden: owners are
    made by owners.
    """
    caller, now = uow.ctx.caller, uow.system_now()
    role = await weigh_role(command.role, uow)
    if command.role == OWNER and "members:own" not in caller.permissions:
        raise Forbidden("Only an owner decides about owners.")
    Authority(caller.permissions, caller.approval_limit).ensure_appoints(role)
    key = email_key(command.email)
    if await uow.members.has_email(key):
        raise AlreadyMember
    waiting = 0
    for each in await uow.invitations.open():
        if each.expires_at <= now:
            each.withdraw("expired", now)
        elif each.email is not None and email_key(each.email) == key:
            each.withdraw("replaced", now)
        else:
            waiting += 1
    if waiting >= OPEN_PER_TENANT_MAX:
        raise TooManyInvitations
    invitation = Invitation.make(
        uow.ids.new(),
        email=command.email,
        role=command.role,
        token_hash=command.token_hash,
        invited_by=caller.actor,
        now=now,
    )
    uow.invitations.add(invitation)
    return invitation
