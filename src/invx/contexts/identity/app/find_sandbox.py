"""Which sandbox is meant, and whether who asks may know of it."""

from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import ClockOfLiveTenant, SandboxNotFound
from invx.contexts.identity.domain.tenant import LIVE, Tenant


async def find_sandbox(sandbox_id: UUID, asked_from: UUID, uow: IdentityUnitOfWork) -> Tenant:
    """From a live tenant any of its organization, from inside a sandbox that one alone.

    Raises SandboxNotFound, and ClockOfLiveTenant for the live tenant itself.
    """
    own = await uow.tenants.find(asked_from)
    found = await uow.tenants.find(sandbox_id)
    if own is None or found is None or found.organization_id != own.organization_id:
        raise SandboxNotFound
    if found.id == own.id and own.entry.mode == LIVE:
        raise ClockOfLiveTenant
    seen = found.id == own.id or (own.entry.mode == LIVE and found.entry.mode != LIVE)
    if not seen or not found.is_open:
        raise SandboxNotFound
    return found
