"""What happens to a session."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGrant:
    """What a person allowed an OAuth client: into which tenant, to do what at most."""

    client: str  # its client_id, as it is known outside
    into: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    """A user signed in: when, from where, by what."""

    subjects: ClassVar[dict[str, str]] = {"*": "user_id"}

    user_id: UUID
    method: str  # password | oidc | sign_up | oauth; and +totp, +recovery_code
    address: Personal[str]
    user_agent: Personal[str]
    opened_at: datetime
    expires_at: datetime
    grant: ClientGrant | None = None  # None: the person is here themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(Event):
    """Its refresh tokens are good for nothing any more."""

    reason: str  # revoked | password_changed | refresh_reused | code_reused | token_revoked | …
    revoked_at: datetime
