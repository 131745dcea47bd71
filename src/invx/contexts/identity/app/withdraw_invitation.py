"""An invitation is taken back."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class WithdrawInvitation(Command):
    """Before anybody accepted it."""

    invitation_id: UUID


async def withdraw_invitation(command: WithdrawInvitation, uow: IdentityUnitOfWork) -> None:
    """Take it back; one that is over stays as it is. Raises InvitationNotFound."""
    invitation = await uow.invitations.get(command.invitation_id)
    invitation.withdraw("withdrawn", uow.system_now())
