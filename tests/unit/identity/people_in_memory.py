"""The unit of work of identity in memory: what handlers hold, without a database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from invx.contexts.identity.app.ports import TakenToken
from invx.contexts.identity.app.ports_of_clients import Authorization, TakenCode
from invx.contexts.identity.domain.client import Client
from invx.contexts.identity.domain.errors import (
    ClientNotFound,
    SecondFactorNotFound,
    SessionNotFound,
    UserNotFound,
)
from invx.contexts.identity.domain.linked_identity import LinkedIdentity
from invx.contexts.identity.domain.second_factor import SecondFactor
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.user import User, email_key
from invx.infra.tenancy import INSTALLATION
from invx.kernel.aggregate import Aggregate
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import NotFound
from invx.kernel.messages import Event

A = TypeVar("A", bound=Aggregate)
START = datetime(2026, 11, 30, 9, tzinfo=UTC)


class Kept(Generic[A]):
    """Aggregates by id."""

    def __init__(self, missing: type[NotFound]) -> None:
        self.all: dict[UUID, A] = {}
        self._missing = missing

    async def get(self, id: UUID) -> A:
        if id not in self.all:
            raise self._missing
        return self.all[id]

    async def find(self, id: UUID) -> A | None:
        return self.all.get(id)

    def add(self, aggregate: A) -> None:
        self.all[aggregate.id] = aggregate


class KeptUsers(Kept[User]):
    async def by_email(self, key: str) -> User | None:
        return next(
            (user for user in self.all.values() if email_key(user.email or "") == key), None
        )


class KeptSessions(Kept[Session]):
    async def open_of(self, user_id: UUID) -> Sequence[Session]:
        return [s for s in self.all.values() if s.user_id == user_id and s.revoked_at is None]


class KeptIdentities(Kept[LinkedIdentity]):
    async def by_subject(self, issuer: str, subject: str) -> LinkedIdentity | None:
        wanted = (issuer, subject)
        return next((i for i in self.all.values() if (i.issuer, i.subject) == wanted), None)


class KeptTokens:
    """Refresh tokens: session, until when, and whether it was used."""

    def __init__(self) -> None:
        self.all: dict[str, tuple[UUID, datetime, bool]] = {}

    def keep(self, token_hash: str, session: Session, until: datetime) -> None:
        self.all[token_hash] = (session.id, until, False)

    async def take(self, token_hash: str, now: datetime) -> TakenToken | None:
        held = self.all.get(token_hash)
        if held is None or held[1] <= now:
            return None
        self.all[token_hash] = (held[0], held[1], True)
        return TakenToken(held[0], held[2])

    async def session_of(self, token_hash: str) -> UUID | None:
        held = self.all.get(token_hash)
        return held[0] if held else None


class KeptCodes:
    """Authorization codes, and whether each was used."""

    def __init__(self) -> None:
        self.all: dict[str, tuple[Authorization, bool]] = {}

    async def keep(self, code_hash: str, authorization: Authorization, now: datetime) -> None:
        self.all[code_hash] = (authorization, False)

    async def take(self, code_hash: str, now: datetime) -> TakenCode | None:
        held = self.all.get(code_hash)
        if held is None:
            return None
        self.all[code_hash] = (held[0], True)
        return TakenCode(held[0], held[1])


class KeptOneTimeCodes:
    """Steps and recovery codes."""

    def __init__(self) -> None:
        self.steps: dict[UUID, int] = {}
        self.recovery: dict[UUID, set[str]] = {}

    async def spend_step(self, user_id: UUID, step: int) -> bool:
        if step <= self.steps.get(user_id, -1):
            return False
        self.steps[user_id] = step
        return True

    async def replace_recovery(self, user_id: UUID, hashes: Sequence[str]) -> None:
        self.recovery[user_id] = set(hashes)

    async def spend_recovery(self, user_id: UUID, code_hash: str, now: datetime) -> int | None:
        held = self.recovery.get(user_id, set())
        if code_hash not in held:
            return None
        held.remove(code_hash)
        return len(held)


class KeptAttempts:
    """Failures by key."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    async def failed(self, keys: Sequence[str], now: datetime) -> None:
        for key in keys:
            self.counts[key] = self.counts.get(key, 0) + 1

    async def forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.counts.pop(key, None)


class Numbered:
    """Ids one after the other."""

    def __init__(self) -> None:
        self.last = 0

    def new(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


@dataclass
class Memory:
    """One installation; `ctx.now` moves by `later`."""

    now: datetime = START
    ids: Any = field(default_factory=Numbered)
    users: Any = field(default_factory=lambda: KeptUsers(UserNotFound))
    sessions: Any = field(default_factory=lambda: KeptSessions(SessionNotFound))
    clients: Any = field(default_factory=lambda: Kept[Client](ClientNotFound))
    second_factors: Any = field(default_factory=lambda: Kept[SecondFactor](SecondFactorNotFound))
    linked_identities: Any = field(default_factory=lambda: KeptIdentities(NotFound))
    refresh_tokens: Any = field(default_factory=KeptTokens)
    authorization_codes: Any = field(default_factory=KeptCodes)
    one_time_codes: Any = field(default_factory=KeptOneTimeCodes)
    attempts: Any = field(default_factory=KeptAttempts)

    @property
    def ctx(self) -> RequestContext:
        return RequestContext(Caller(INSTALLATION, "stranger", UUID(int=9)), self.now)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def person(self, email: str = "ada@kontor-nord.example", password: str | None = "hash") -> User:
        """Somebody who signed up."""
        user = User.register(
            self.ids.new(),
            email=email,
            name="Ada Lund",
            language="en",
            password_hash=password,
            now=self.now,
        )
        self.users.add(user)
        return user


def recorded(aggregate: Aggregate) -> list[type[Event]]:
    """The kinds of what happened, in order."""
    return [type(event) for event in aggregate.recorded]


Act = Callable[[Memory], Any]
