"""What happens to a second factor. Neither its secret nor a code stands in an event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpOffered(Event):
    """The user was shown a secret; nothing is asked for before they show a code of it."""

    user_id: UUID
    offered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpConfirmed(Event):
    """The user showed a code: from now on signing in takes one."""

    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpRemoved(Event):
    """Signing in takes no code any more."""

    removed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesMade(Event):
    """New recovery codes; older ones are good for nothing."""

    count: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """The user signed in with one instead of an app."""

    left: int
    used_at: datetime
