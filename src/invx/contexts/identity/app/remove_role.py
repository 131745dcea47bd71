"""A role of a tenant's own goes."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import RoleInUse
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RemoveRole(Command):
    """One that nobody has."""

    role_id: UUID


async def remove_role(command: RemoveRole, uow: IdentityUnitOfWork) -> None:
    """It is no more. Raises RoleNotFound, RoleInUse."""
    await uow.roles.lock()
    role = await uow.roles.get(command.role_id)
    role.ensure_there()
    if await uow.roles.is_held(role.text):
        raise RoleInUse
    role.remove(uow.ctx.now)
