"""A session: one sign-in, kept alive by refresh tokens of which each is good once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.session_events import (
    ClientGrant,
    SessionOpened,
    SessionRevoked,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event

LIFETIME = timedelta(days=30)  # whatever happens; ASVS 5.0, 7.3.2
IDLE = timedelta(days=7)  # without a refresh; ASVS 5.0, 7.3.1
# A program that was let in comes by night, too, and asks its person once a year.
CLIENT_LIFETIME, CLIENT_IDLE = timedelta(days=365), timedelta(days=30)


class Session(Aggregate):
    """Times are system time: a sandbox clock signs nobody out (T5)."""

    user_id: UUID
    method: str
    address: str | None
    user_agent: str | None
    opened_at: datetime
    expires_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.revoked_at: datetime | None = None
        self.reason: str | None = None
        self.grant: ClientGrant | None = None

    @classmethod
    def open(
        cls,
        id: UUID,
        *,
        user_id: UUID,
        method: str,
        address: str | None,
        user_agent: str | None,
        now: datetime,
        grant: ClientGrant | None = None,
    ) -> Self:
        """A new one, of the person themselves or of a client that they let in."""
        session = cls(id)
        session.record(
            SessionOpened(
                user_id=user_id,
                method=method,
                address=address,
                user_agent=user_agent,
                opened_at=now,
                expires_at=now + (LIFETIME if grant is None else CLIENT_LIFETIME),
                grant=grant,
            )
        )
        return session

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        session = cls(id)
        session.version = version
        session.user_id, session.method = state["user_id"], state["method"]
        session.address, session.user_agent = state["address"], state["user_agent"]
        session.opened_at, session.expires_at = state["opened_at"], state["expires_at"]
        session.revoked_at, session.reason = state["revoked_at"], state["reason"]
        if state["client"] is not None:
            session.grant = ClientGrant(
                client=state["client"],
                into=state["into_tenant"],
                scopes=tuple(state["scope"].split()),
            )
        return session

    @property
    def client(self) -> str | None:
        """The client that was let in, None for the person themselves."""
        return self.grant.client if self.grant else None

    def refreshable_until(self, now: datetime) -> datetime:
        """How long a refresh token that is given now is good."""
        return min(now + (IDLE if self.grant is None else CLIENT_IDLE), self.expires_at)

    def is_alive(self, now: datetime) -> bool:
        """Whether it may be refreshed."""
        return self.revoked_at is None and now < self.expires_at

    def revoke(self, reason: str, now: datetime) -> None:
        """It ends; one that has ended stays as it is."""
        if self.revoked_at is None:
            self.record(SessionRevoked(reason=reason, revoked_at=now))

    def apply(self, event: Event) -> None:
        match event:
            case SessionOpened():
                self.user_id, self.method = event.user_id, event.method
                self.address, self.user_agent = event.address, event.user_agent
                self.opened_at, self.expires_at = event.opened_at, event.expires_at
                self.grant = event.grant
            case SessionRevoked():
                self.revoked_at, self.reason = event.revoked_at, event.reason
            case _:
                violated(f"a session knows no {type(event).__name__}")
