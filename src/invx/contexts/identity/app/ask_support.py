"""An operator asks a tenant to be let in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.support import SupportGrant
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSupport(Command):
    """`support_grant_id` was made before: it stands in the operator's own act too."""

    support_grant_id: UUID
    operator_id: UUID
    operator: str
    reason: str
    permissions: Sequence[str]


async def ask_support(command: AskSupport, uow: IdentityUnitOfWork) -> SupportGrant:
    """The request. One that was asked before, and what was granted by it, ends."""
    now = uow.system_now()
    await uow.hold_access()
    for older in await uow.support_grants.open_of(command.operator_id):
        older.end("replaced", uow.ctx.caller.actor, now)
    grant = SupportGrant.ask(
        command.support_grant_id,
        operator=(command.operator_id, command.operator),
        reason=command.reason,
        permissions=command.permissions,
        now=now,
    )
    uow.support_grants.add(grant)
    return grant
