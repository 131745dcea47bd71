"""A user takes another password; every other session ends."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import SignInRefused
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword(Command):
    """`verified_hash` is the hash of the old password, which was verified before."""

    user_id: UUID
    verified_hash: str
    new_hash: str
    kept_session: UUID | None


async def change_password(command: ChangePassword, uow: IdentityUnitOfWork) -> None:
    """Raises SignInRefused when the password changed while it was verified."""
    user = await uow.users.get(command.user_id)
    if user.password_hash != command.verified_hash:
        raise SignInRefused
    now = uow.ctx.now
    user.change_password(command.new_hash, now)
    for session in await uow.sessions.open_of(user.id):
        if session.id != command.kept_session:
            session.revoke("password_changed", now)
