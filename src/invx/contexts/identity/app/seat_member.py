"""A user becomes a member of the transaction's tenant."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.member import Member, member_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatMember(Command):
    """With this role; who is a member already keeps the one he has."""

    user_id: UUID
    email: str
    name: str
    role: str


async def seat_member(command: SeatMember, uow: IdentityUnitOfWork) -> Member:
    """The member, seated. Raises UserNotFound for a user who was erased."""
    await uow.people.ensure_here(command.user_id)
    id = member_id(uow.ctx.tenant_id, command.user_id)
    member = await uow.members.find(id)
    if member is None:
        member = Member(id)
        uow.members.add(member)
    member.seat(
        command.user_id,
        email=command.email,
        name=command.name,
        role=command.role,
        now=uow.ctx.now,
    )
    return member
