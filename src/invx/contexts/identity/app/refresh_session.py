"""A refresh token is exchanged for the next one; shown twice, it ends the session."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.session import Session
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RefreshSession(Command):
    """The hashes of the token that was shown, and of the next; by whom it was shown."""

    token_hash: str
    next_hash: str
    client: str | None = None  # which proved who it is; None: the person themselves


async def refresh_session(command: RefreshSession, uow: IdentityUnitOfWork) -> Session | None:
    """The session that goes on, or None.

    A token that comes again was stolen, or its thief came first: either way the session ends, so
    this must be committed and is no refusal (RFC 9700, 4.14.2).
    """
    now = uow.ctx.now
    taken = await uow.refresh_tokens.take(command.token_hash, now)
    if taken is None:
        return None
    session = await uow.sessions.get(taken.session_id)
    if taken.reused:
        session.revoke("refresh_reused", now)
        return None
    user = await uow.users.get(session.user_id)
    if not session.is_alive(now) or not user.active or session.client != command.client:
        return None
    uow.refresh_tokens.keep(command.next_hash, session, session.refreshable_until(now))
    return session
