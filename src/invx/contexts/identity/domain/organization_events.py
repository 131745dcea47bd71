"""What happens to an organization."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationFounded(Event):
    """There is a new organization, and who owns it."""

    name: str
    owner_id: UUID
    founded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRenamed(Event):
    """What it is called."""

    before: str
    after: str
