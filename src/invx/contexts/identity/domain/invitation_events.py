"""What happens to an invitation. Neither its token nor the hash of that stands in an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMade(Event):
    """Whoever has this address may become a member."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID  # the invitation itself: who it is for may have no account
    email: Personal[str]
    role: str
    made_at: datetime  # these are system time: a sandbox clock ends no invitation (T5)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAccepted(Event):
    """Somebody is a member by it."""

    user_id: UUID
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationWithdrawn(Event):
    """Nobody becomes a member by it any more."""

    reason: str  # withdrawn | replaced | expired | inviter_removed | invited_erased
    withdrawn_at: datetime
