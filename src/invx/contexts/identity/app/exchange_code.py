"""A client comes with a code: a session of the person who let it in."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.session import Session
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCode(Command):
    """`challenge` is made of the verifier that the client showed; the client proved who it is."""

    client: str
    code_hash: str
    redirect_uri: str | None
    challenge: str
    refresh_hash: str
    address: str | None
    user_agent: str | None


async def exchange_code(command: ExchangeCode, uow: IdentityUnitOfWork) -> Session | None:
    """The session, or None.

    A code that comes again ends what it gave (RFC 6749, 4.1.2), so that must be committed and is
    no refusal. One that is shown by somebody else is used up too.
    """
    now = uow.ctx.now
    taken = await uow.authorization_codes.take(command.code_hash, now)
    if taken is None:
        return None
    allowed = taken.authorization
    if taken.reused:
        given = await uow.sessions.find(allowed.session_id)
        if given is not None:
            given.revoke("code_reused", now)
        return None
    if (
        now >= allowed.expires_at
        or allowed.grant.client != command.client
        or allowed.challenge != command.challenge
        or command.redirect_uri not in (None, allowed.redirect_uri)
    ):
        return None
    user = await uow.users.get(allowed.user_id)
    if not user.active:
        return None
    session = Session.open(
        allowed.session_id,
        user_id=user.id,
        method="oauth",
        address=command.address,
        user_agent=command.user_agent,
        now=now,
        grant=allowed.grant,
    )
    uow.sessions.add(session)
    uow.refresh_tokens.keep(command.refresh_hash, session, session.refreshable_until(now))
    return session
