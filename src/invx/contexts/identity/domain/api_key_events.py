"""What happens to an API key. Neither the secret nor its hash stands in an event."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(Event):
    """A program may do this in the tenant from now on."""

    name: str
    mode: str  # live | test, as the tenant's
    permissions: tuple[str, ...]
    approval_limit: dict[str, Decimal] | None  # of whoever made it
    hint: str  # how the secret ends
    created_at: datetime  # these are system time: a sandbox clock ends no key (T5)
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRotated(Event):
    """It has another secret; the one before is good until then."""

    hint: str
    rotated_at: datetime
    previous_until: datetime
    ended_one: bool  # whether a secret was good until now, and is no more


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(Event):
    """It is good for nothing any more."""

    revoked_at: datetime
