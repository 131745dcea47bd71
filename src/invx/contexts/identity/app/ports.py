"""What the handlers of identity hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from invx.contexts.identity.app.ports_of_clients import AuthorizationCodes
from invx.contexts.identity.app.ports_of_codes import OneTimeCodes
from invx.contexts.identity.app.ports_of_operators import Operators, SupportGrants
from invx.contexts.identity.app.ports_of_people import Leaving, People
from invx.contexts.identity.app.ports_of_providers import LinkedIdentities
from invx.contexts.identity.app.ports_of_sandboxes import ClockAdvances, Clockwork, Erasing
from invx.contexts.identity.domain.announcement import Announcement
from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.client import Client
from invx.contexts.identity.domain.invitation import Invitation
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.operator_act import OperatorAct
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.role import Role
from invx.contexts.identity.domain.second_factor import SecondFactor
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.tenant import Tenant
from invx.contexts.identity.domain.user import User
from invx.kernel.context import RequestContext
from invx.kernel.ports import Ids, Jobs

A = TypeVar("A")


class Repository(Protocol[A]):
    """Aggregates of one kind."""

    async def get(self, id: UUID) -> A:
        """The aggregate. Raises NotFound."""
        ...

    async def find(self, id: UUID) -> A | None:
        """The aggregate, or None."""
        ...

    def add(self, aggregate: A) -> None:
        """Take a new aggregate into the unit of work."""
        ...


class Users(Repository[User], Protocol):
    """The people of the installation."""

    async def by_email(self, key: str) -> User | None:
        """Who signs in by this address (`domain.user.email_key`)."""
        ...


class Sessions(Repository[Session], Protocol):
    """Who is signed in."""

    async def open_of(self, user_id: UUID) -> Sequence[Session]:
        """Those of a user that were not revoked."""
        ...


class Members(Repository[Member], Protocol):
    """Who belongs to the tenant of the transaction."""

    async def owners(self) -> Sequence[Member]:
        """Those who own it, locked: nobody else changes who does meanwhile."""
        ...

    async def has_email(self, key: str) -> bool:
        """Whether somebody who belongs to it has this address (`domain.user.email_key`)."""
        ...


class ApiKeys(Repository[ApiKey], Protocol):
    """The ways in that programs have."""

    async def locked(self, id: UUID) -> ApiKey:
        """The key, which nobody exchanges meanwhile. Raises ApiKeyNotFound."""
        ...

    async def made_by(self, actor: str) -> Sequence[ApiKey]:
        """Those of this person, which nobody exchanges meanwhile."""
        ...

    async def count(self) -> int:
        """How many are not revoked, counted by one transaction at a time."""
        ...

    async def used(self, id: UUID, now: datetime) -> None:
        """It was used, unless that was noted within the last minute."""
        ...


class Invitations(Repository[Invitation], Protocol):
    """Who was asked to become a member."""

    async def open(self) -> Sequence[Invitation]:
        """Those that nobody accepted or withdrew; nobody else makes one until this is written."""
        ...

    async def open_by(self, actor: str) -> Sequence[Invitation]:
        """Those of them that this member made."""
        ...

    async def about(self, user_id: UUID, email: str | None) -> Sequence[Invitation]:
        """Those that this user accepted, and all for this address (`domain.user.email_key`)."""
        ...

    async def of_token(self, token_hash: str) -> Invitation | None:
        """The one that this token is for."""
        ...


class Roles(Repository[Role], Protocol):
    """The roles of the tenant's own."""

    async def lock(self) -> None:
        """Nobody else makes, removes or gives a role until this is written."""
        ...

    async def named(self, name: str) -> Role | None:
        """The one that is called so (`domain.role.name_key`)."""
        ...

    async def count(self) -> int:
        """How many there are."""
        ...

    async def is_held(self, role: str) -> bool:
        """Whether a member has this role, or somebody is invited to it."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that comes into a tenant, as it says of itself where it was opened."""

    session_id: UUID
    method: str
    address: str | None
    user_agent: str | None


class Entries(Protocol):
    """Which sessions were in the tenant: what an act under one of them is shown with."""

    async def knows(self, session_id: UUID) -> bool:
        """Whether it was here before."""
        ...

    def keep(self, member_id: UUID, entry: Entry, now: datetime) -> None:
        """It is here."""
        ...


@dataclass(frozen=True, slots=True)
class TakenToken:
    """A refresh token that was shown: its session, and whether it was shown before."""

    session_id: UUID
    reused: bool


class RefreshTokens(Protocol):
    """What keeps sessions alive: known by hash, each good once. No event tells of them."""

    def keep(self, token_hash: str, session: Session, until: datetime) -> None:
        """A new one of this session."""
        ...

    async def take(self, token_hash: str, now: datetime) -> TakenToken | None:
        """Use it up; None for one that is unknown or too old."""
        ...

    async def session_of(self, token_hash: str) -> UUID | None:
        """Whose it is, used or not; None for one that is unknown."""
        ...


class Attempts(Protocol):
    """Failed sign-ins, counted by account and by network."""

    async def failed(self, keys: Sequence[str], now: datetime) -> None:
        """One more for each of these keys; what is long ago counts no more."""
        ...

    async def forget(self, keys: Sequence[str]) -> None:
        """It worked: begin anew."""
        ...


class Directory(Protocol):
    """Identity's own copy of the tenant directory, written with the transaction."""

    async def state(self, tenant: Tenant) -> None:
        """The entry as it is now."""
        ...


class IdentityUnitOfWork(Protocol):
    """One transaction: inside the installation, or inside one tenant (members)."""

    @property
    def ctx(self) -> RequestContext: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def jobs(self) -> Jobs: ...

    def system_now(self) -> datetime:
        """System time, by which secrets expire (T5)."""
        ...

    async def hold_access(self) -> None:
        """Nobody is given a token of this tenant until this is written.

        Whoever may do less afterwards: a token that says more is older than the event that says so.
        Before the event is recorded.
        """
        ...

    @property
    def operators(self) -> Operators: ...

    @property
    def announcements(self) -> Repository[Announcement]: ...

    @property
    def support_grants(self) -> SupportGrants: ...

    @property
    def users(self) -> Users: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def organizations(self) -> Repository[Organization]: ...

    @property
    def tenants(self) -> Repository[Tenant]: ...

    @property
    def members(self) -> Members: ...

    @property
    def api_keys(self) -> ApiKeys: ...

    @property
    def invitations(self) -> Invitations: ...

    @property
    def entries(self) -> Entries: ...

    @property
    def roles(self) -> Roles: ...

    @property
    def clients(self) -> Repository[Client]: ...

    @property
    def authorization_codes(self) -> AuthorizationCodes: ...

    @property
    def linked_identities(self) -> LinkedIdentities: ...

    @property
    def second_factors(self) -> Repository[SecondFactor]: ...

    @property
    def operator_acts(self) -> Repository[OperatorAct]: ...

    @property
    def one_time_codes(self) -> OneTimeCodes: ...

    @property
    def refresh_tokens(self) -> RefreshTokens: ...

    @property
    def attempts(self) -> Attempts: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def operations(self) -> ClockAdvances: ...

    @property
    def people(self) -> People: ...

    @property
    def leaving(self) -> Leaving: ...

    @property
    def clockwork(self) -> Clockwork: ...

    @property
    def erasing(self) -> Erasing: ...
