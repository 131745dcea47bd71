"""An operator who was let in gets a token of the tenant."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import SupportNotGranted
from invx.contexts.identity.domain.support import SupportGrant
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class EnterSupport(Command):
    """By what was granted to this operator, whatever it is."""

    operator_id: UUID


async def enter_support(command: EnterSupport, uow: IdentityUnitOfWork) -> SupportGrant:
    """The grant, on which it is noted. Raises SupportNotGranted."""
    await uow.hold_access()
    for grant in await uow.support_grants.open_of(command.operator_id):
        grant.enter(uow.system_now())
        return grant
    raise SupportNotGranted
