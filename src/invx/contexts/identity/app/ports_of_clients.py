"""What handlers of OAuth hold besides: codes that a client exchanges for tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from invx.contexts.identity.domain.session_events import ClientGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What a person allowed a client, waiting for the client to come for it."""

    user_id: UUID
    grant: ClientGrant
    redirect_uri: str
    challenge: str  # RFC 7636, S256
    session_id: UUID  # of the session that the code opens
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TakenCode:
    """A code that was shown, and whether it was shown before."""

    authorization: Authorization
    reused: bool


class AuthorizationCodes(Protocol):
    """Known by hash, each good once. No event tells of them."""

    async def keep(self, code_hash: str, authorization: Authorization, now: datetime) -> None:
        """A new one; those that ended long ago are forgotten."""
        ...

    async def take(self, code_hash: str, now: datetime) -> TakenCode | None:
        """Use it up; None for one that is unknown."""
        ...
