"""An API key: a program's way in, with permissions of its own, for one tenant."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.api_key_events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
)
from invx.contexts.identity.domain.authority import Authority, limit_in
from invx.contexts.identity.domain.errors import ApiKeyOver
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event

KEYS_PER_TENANT_MAX = 100  # that are not revoked


class ApiKey(Aggregate):
    """Its secrets are known by hash, in the row only: the one of now, and one that is running out.

    All times are system time.
    """

    name: str
    mode: str
    authority: Authority
    hint: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    secret_hash: str

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.previous_hash: str | None = None
        self.previous_until: datetime | None = None
        self.rotated_at: datetime | None = None
        self.revoked_at: datetime | None = None
        self.last_used_at: datetime | None = None  # noted in the row, by no event

    @classmethod
    def create(
        cls,
        id: UUID,
        *,
        name: str,
        mode: str,
        authority: Authority,
        secret: tuple[str, str],
        created: tuple[str, datetime],
        expires_at: datetime | None,
    ) -> Self:
        """A new one. `secret` is its hash and how it ends, `created` says by whom and when."""
        key = cls(id)
        (key.secret_hash, hint), (key.created_by, now) = secret, created
        limit = authority.approval_limit
        key.record(
            ApiKeyCreated(
                name=name,
                mode=mode,
                permissions=tuple(sorted(authority.permissions)),
                approval_limit=None if limit is None else dict(limit),
                hint=hint,
                created_at=now,
                expires_at=expires_at,
            )
        )
        return key

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        key = cls(id)
        key.version = version
        limit = limit_in(state["limit_currencies"], state["limit_amounts"])
        key.authority = Authority(frozenset(state["permissions"]), limit)
        for name in _PLAIN:
            setattr(key, name, state[name])
        return key

    def is_alive(self, now: datetime) -> bool:
        """Whether it lets anybody in."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired

    def rotate(self, secret: tuple[str, str], overlap: timedelta, now: datetime) -> None:
        """Another secret; the one of now stays good for so long, the one before ends at once.

        Raises ApiKeyOver.
        """
        if not self.is_alive(now):
            raise ApiKeyOver
        secret_hash, hint = secret
        older = self.previous_until is not None and self.previous_until > now
        self.previous_hash, self.secret_hash = self.secret_hash, secret_hash
        self.record(
            ApiKeyRotated(
                hint=hint,
                rotated_at=now,
                previous_until=now + overlap,
                ended_one=older or not overlap,
            )
        )

    def revoke(self, now: datetime) -> None:
        """It ends; one that has ended stays as it is."""
        if self.revoked_at is None:
            self.record(ApiKeyRevoked(revoked_at=now))

    def apply(self, event: Event) -> None:
        match event:
            case ApiKeyCreated():
                self.name, self.mode, self.hint = event.name, event.mode, event.hint
                self.authority = Authority(frozenset(event.permissions), event.approval_limit)
                self.created_at, self.expires_at = event.created_at, event.expires_at
            case ApiKeyRotated():
                self.hint, self.rotated_at = event.hint, event.rotated_at
                self.previous_until = event.previous_until
            case ApiKeyRevoked():
                self.revoked_at = event.revoked_at
            case _:
                violated(f"an API key knows no {type(event).__name__}")


_PLAIN = (
    *("name", "mode", "hint", "created_by", "created_at", "expires_at", "secret_hash"),
    *("previous_hash", "previous_until", "rotated_at", "revoked_at", "last_used_at"),
)
