"""Somebody who was invited gets an account, and is signed in."""

from dataclasses import dataclass

from invx.contexts.identity.app.open_session import OpenSession, open_session
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import EmailTaken
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.user import User, email_key
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUser(Command):
    """`password_hash` was made before; `refresh_hash` is that of the first refresh token."""

    email: str
    name: str
    language: str
    password_hash: str
    refresh_hash: str
    address: str | None
    user_agent: str | None


async def register_user(command: RegisterUser, uow: IdentityUnitOfWork) -> Session:
    """The session of the new user. Raises EmailTaken."""
    if await uow.users.by_email(email_key(command.email)) is not None:
        raise EmailTaken
    user = User.register(
        uow.ids.new(),
        email=command.email,
        name=command.name,
        language=command.language,
        password_hash=command.password_hash,
        now=uow.ctx.now,
    )
    uow.users.add(user)
    opening = OpenSession(
        user_id=user.id,
        method="invitation",
        refresh_hash=command.refresh_hash,
        address=command.address,
        user_agent=command.user_agent,
    )
    return await open_session(opening, uow)
