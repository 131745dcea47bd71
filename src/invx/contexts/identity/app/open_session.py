"""Somebody proved who they are: a session, and its first refresh token."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.spend_code import ShownCode, SpendCode, spend_code
from invx.contexts.identity.domain.errors import SignInRefused
from invx.contexts.identity.domain.session import Session
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession(Command):
    """`verified_hash` is the password's hash that was verified, `new_hash` the one to keep now."""

    user_id: UUID
    method: str
    refresh_hash: str
    address: str | None
    user_agent: str | None
    verified_hash: str | None = None
    new_hash: str | None = None
    attempts: Sequence[str] = ()  # the keys under which failures were counted
    code: ShownCode | None = None  # None: none was sent


async def open_session(command: OpenSession, uow: IdentityUnitOfWork) -> Session:
    """The session, if the second factor agrees. Raises CodeRequired and SignInRefused.

    So it does when password or user changed while they were verified.
    """
    user = await uow.users.get(command.user_id)
    if not user.active or command.verified_hash not in (None, user.password_hash):
        raise SignInRefused
    beside = await spend_code(SpendCode(user.id, command.code), uow)
    now = uow.ctx.now
    session = Session.open(
        uow.ids.new(),
        user_id=user.id,
        method=f"{command.method}+{beside}" if beside else command.method,
        address=command.address,
        user_agent=command.user_agent,
        now=now,
    )
    uow.sessions.add(session)
    uow.refresh_tokens.keep(command.refresh_hash, session, session.refreshable_until(now))
    if command.new_hash is not None:
        user.rehash(command.new_hash)
    if command.attempts:
        await uow.attempts.forget(command.attempts)
    return session
