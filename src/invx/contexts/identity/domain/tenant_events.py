"""What happens to a tenant. Each event states the whole entry that the other contexts follow.

A tenant's name may be a person's, so it is kept beside its events, and goes with the tenant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every context knows of a tenant."""

    name: Personal[str]
    mode: str  # live | test
    status: str = "active"  # active | suspended | erased
    clock_offset_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantOpened(Event):
    """There is a new tenant."""

    subjects: ClassVar[dict[str, str]] = {"entry": "subject_id"}

    subject_id: UUID | None = None  # the tenant; events from before names could go have none
    organization_id: UUID
    entry: Entry
    opened_at: datetime
    sandbox_of: UUID | None = None  # the live tenant that it is beside
    ends_at: datetime | None = None  # system time; a sandbox may be there for a while only


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationAsked(Event):
    """It is to be set up as another tenant of its organization is."""

    like: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAdvanceBegun(Event):
    """Its clock is being moved ahead, step by step; each step is a `TenantChanged`."""

    operation_id: UUID
    until: datetime  # business time


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxEnded(Event):
    """Nobody writes in it any more; all of it is about to be erased."""

    subjects: ClassVar[dict[str, str]] = {"entry": "subject_id"}

    subject_id: UUID | None = None
    entry: Entry
    ended_at: datetime  # system time


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxErased(Event):
    """Only its id is left, and what its owner's history says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantErased(Event):
    """The same of a live tenant, which an operator erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantBroughtIn(Event):
    """A tenant that was erased is here again, out of its own archive."""

    subjects: ClassVar[dict[str, str]] = {"entry": "subject_id"}

    subject_id: UUID
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChanged(Event):
    """Its entry is another one."""

    subjects: ClassVar[dict[str, str]] = {"before": "subject_id", "entry": "subject_id"}

    subject_id: UUID | None = None
    before: Entry
    entry: Entry
    reason: str
