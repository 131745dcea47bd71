"""A tenant makes a role of its own."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import RoleNameTaken, TooManyRoles
from invx.contexts.identity.domain.role import ROLES_PER_TENANT_MAX, Role
from invx.contexts.identity.domain.role_events import RoleContent
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class CreateRole(Command):
    """What it is to be."""

    content: RoleContent


async def create_role(command: CreateRole, uow: IdentityUnitOfWork) -> Role:
    """The role. Raises MoreThanHeld, RoleNameTaken, TooManyRoles."""
    caller, content = uow.ctx.caller, command.content
    held = Authority(caller.permissions, caller.approval_limit)
    held.ensure_grants(content.permissions, content.approval_limit)
    await uow.roles.lock()
    if await uow.roles.named(content.name) is not None:
        raise RoleNameTaken
    if await uow.roles.count() >= ROLES_PER_TENANT_MAX:
        raise TooManyRoles
    role = Role.create(uow.ids.new(), content, uow.ctx.now)
    uow.roles.add(role)
    return role
