"""A session comes into the tenant for the first time: who, from where."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import Entry, IdentityUnitOfWork
from invx.contexts.identity.domain.member import member_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class EnterTenant(Command):
    """What the session says of itself."""

    user_id: UUID
    entry: Entry


async def enter_tenant(command: EnterTenant, uow: IdentityUnitOfWork) -> None:
    """Once per session. Raises MemberNotFound."""
    if await uow.entries.knows(command.entry.session_id):
        return
    member = await uow.members.get(member_id(uow.ctx.tenant_id, command.user_id))
    entry, now = command.entry, uow.system_now()
    member.enter(
        entry.session_id,
        method=entry.method,
        address=entry.address,
        user_agent=entry.user_agent,
        now=now,
    )
    uow.entries.keep(member.id, entry, now)
