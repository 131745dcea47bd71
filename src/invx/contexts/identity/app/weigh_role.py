"""What a role may do, by its name or the id of one of the tenant's own."""

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import RoleUnknown
from invx.contexts.identity.domain.role import role_id_in
from invx.contexts.identity.domain.roles import ROLES, permissions_of
from invx.contracts.permissions import PERMISSIONS
from invx.kernel.errors import Problem


async def weigh_role(role: str, uow: IdentityUnitOfWork) -> Authority:
    """Its authority; a role of the tenant's own is not removed before this is written.

    Raises RoleUnknown.
    """
    if role in ROLES:
        return Authority(permissions_of(role, PERMISSIONS))
    id = role_id_in(role)
    if id is not None:
        await uow.roles.lock()
        found = await uow.roles.find(id)
        if found is not None and found.removed_at is None:
            return found.authority
    known = f"There are {', '.join(ROLES)}, and the roles of your own."
    raise RoleUnknown(problems=[Problem("/role", "role_unknown", known)])
