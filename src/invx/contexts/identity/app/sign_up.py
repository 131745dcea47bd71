"""A business signs up: its owner, its organization, a live tenant and a sandbox beside it."""

from dataclasses import dataclass

from invx.contexts.identity.app.open_sandbox import add_tenant
from invx.contexts.identity.app.open_session import OpenSession, open_session
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import EmailTaken
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.tenant import LIVE, TEST, Tenant
from invx.contexts.identity.domain.tenant_events import Entry
from invx.contexts.identity.domain.user import User, email_key
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp(Command):
    """`password_hash` was made before; `refresh_hash` is that of the first refresh token."""

    email: str
    name: str
    language: str
    password_hash: str
    organization: str
    refresh_hash: str
    address: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class SignedUp:
    """All that is new."""

    user: User
    organization: Organization
    live: Tenant
    sandbox: Tenant
    session: Session


async def sign_up(command: SignUp, uow: IdentityUnitOfWork) -> SignedUp:
    """All in one transaction, signed in. Raises EmailTaken."""
    if await uow.users.by_email(email_key(command.email)) is not None:
        raise EmailTaken
    now = uow.ctx.now
    user = User.register(
        uow.ids.new(),
        email=command.email,
        name=command.name,
        language=command.language,
        password_hash=command.password_hash,
        now=now,
    )
    uow.users.add(user)
    organization = Organization.found(
        uow.ids.new(), name=command.organization, owner_id=user.id, now=now
    )
    uow.organizations.add(organization)
    live = Tenant.open(
        uow.ids.new(),
        organization_id=organization.id,
        entry=Entry(name=organization.name, mode=LIVE),
        now=now,
    )
    sandbox = Tenant.open(
        uow.ids.new(),
        organization_id=organization.id,
        entry=Entry(name=f"{organization.name} (sandbox)", mode=TEST),
        now=now,
        sandbox_of=live.id,
    )
    for tenant in (live, sandbox):
        await add_tenant(tenant, uow)
    session = await open_session(
        OpenSession(
            user_id=user.id,
            method="sign_up",
            refresh_hash=command.refresh_hash,
            address=command.address,
            user_agent=command.user_agent,
        ),
        uow,
    )
    return SignedUp(user, organization, live, sandbox, session)
