"""A person lets a client into one of their tenants: it may come for its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.ports_of_clients import Authorization
from invx.contexts.identity.domain.errors import SignInRefused
from invx.contexts.identity.domain.session_events import ClientGrant
from invx.kernel.messages import Command

CODE_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeClient(Command):
    """`password_hash` is what the person was recognised by, None where somebody else vouches."""

    user_id: UUID
    password_hash: str | None
    grant: ClientGrant
    redirect_uri: str
    challenge: str
    code_hash: str
    attempts: Sequence[str]  # the keys under which failures were counted


async def authorize_client(command: AuthorizeClient, uow: IdentityUnitOfWork) -> None:
    """Keep the code. Raises SignInRefused when user or password changed meanwhile."""
    user = await uow.users.get(command.user_id)
    if not user.active or command.password_hash not in (None, user.password_hash):
        raise SignInRefused
    now = uow.ctx.now
    authorization = Authorization(
        user_id=user.id,
        grant=command.grant,
        redirect_uri=command.redirect_uri,
        challenge=command.challenge,
        session_id=uow.ids.new(),
        expires_at=now + CODE_LIFETIME,
    )
    await uow.authorization_codes.keep(command.code_hash, authorization, now)
    if command.attempts:
        await uow.attempts.forget(command.attempts)
