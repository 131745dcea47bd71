"""What operators tell all tenants."""

from dataclasses import dataclass
from datetime import datetime

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementMade(Event):
    """Tenants are shown this for a while."""

    text: str
    severity: str  # info | warning | critical
    starts_at: datetime  # these are system time
    ends_at: datetime
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementWithdrawn(Event):
    """It is shown no more."""

    withdrawn_at: datetime
