"""A user accepts an invitation and is a member."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.seat_member import SeatMember, seat_member
from invx.contexts.identity.domain.errors import InvitationNotFound
from invx.contexts.identity.domain.member import Member
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation(Command):
    """Who has an account, with the address and name of it."""

    token_hash: str
    user_id: UUID
    email: str
    name: str


async def accept_invitation(command: AcceptInvitation, uow: IdentityUnitOfWork) -> Member:
    """The member; who is one already keeps their role.

    Raises InvitationNotFound, InvitationOver, InvitationForAnother.
    """
    invitation = await uow.invitations.of_token(command.token_hash)
    if invitation is None:
        raise InvitationNotFound
    invitation.accept(command.user_id, command.email, uow.system_now())
    seat = SeatMember(
        user_id=command.user_id, email=command.email, name=command.name, role=invitation.role
    )
    return await seat_member(seat, uow)
