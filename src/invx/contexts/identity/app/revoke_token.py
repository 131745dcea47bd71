"""A refresh token is given back (RFC 7009): its session ends."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RevokeToken(Command):
    """By this client, or by nobody who is one."""

    token_hash: str
    client: str | None


async def revoke_token(command: RevokeToken, uow: IdentityUnitOfWork) -> None:
    """What is unknown, or another client's, changes nothing, and nobody is told (RFC 7009, 2.2)."""
    session_id = await uow.refresh_tokens.session_of(command.token_hash)
    if session_id is None:
        return
    session = await uow.sessions.get(session_id)
    if session.client == command.client:
        session.revoke("token_revoked", uow.ctx.now)
