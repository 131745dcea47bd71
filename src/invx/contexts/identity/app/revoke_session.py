"""A session ends because somebody says so."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import SessionNotFound
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RevokeSession(Command):
    """Of this user."""

    user_id: UUID
    session_id: UUID
    reason: str = "revoked"


async def revoke_session(command: RevokeSession, uow: IdentityUnitOfWork) -> None:
    """End it; one that ended stays ended. Raises SessionNotFound, also for another user's."""
    session = await uow.sessions.get(command.session_id)
    if session.user_id != command.user_id:
        raise SessionNotFound
    session.revoke(command.reason, uow.ctx.now)
