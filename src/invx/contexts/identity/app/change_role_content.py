"""A role of a tenant's own becomes another."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import RoleNameTaken
from invx.contexts.identity.domain.role import Role
from invx.contexts.identity.domain.role_events import RoleContent
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ChangeRoleContent(Command):
    """What it is to be from now on, as a whole."""

    role_id: UUID
    content: RoleContent


async def change_role_content(command: ChangeRoleContent, uow: IdentityUnitOfWork) -> Role:
    """The role. What it had already needs not be held by whoever changes it.

    Raises RoleNotFound, MoreThanHeld, RoleNameTaken.
    """
    await uow.hold_access()
    await uow.roles.lock()
    role = await uow.roles.get(command.role_id)
    role.ensure_there()
    caller, content = uow.ctx.caller, command.content
    held = Authority(caller.permissions, caller.approval_limit)
    held.ensure_grants(content.permissions, content.approval_limit, kept=role.authority)
    namesake = await uow.roles.named(content.name)
    if namesake is not None and namesake.id != role.id:
        raise RoleNameTaken
    role.change(content, uow.ctx.now)
    return role
