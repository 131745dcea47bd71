"""A tenant: one business's data behind one wall, with one clock; live, or a sandbox (`test`)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.clock import offset_seconds
from invx.contexts.identity.domain.errors import ClockOfLiveTenant
from invx.contexts.identity.domain.tenant_events import (
    ClockAdvanceBegun,
    ConfigurationAsked,
    Entry,
    SandboxEnded,
    SandboxErased,
    TenantBroughtIn,
    TenantChanged,
    TenantErased,
    TenantOpened,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import invariant, violated
from invx.kernel.messages import Event

LIVE, TEST = "live", "test"
ACTIVE, SUSPENDED, ERASED = "active", "suspended", "erased"


class Tenant(Aggregate):
    """The owner of its entry; every context follows."""

    organization_id: UUID
    entry: Entry
    opened_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.sandbox_of: UUID | None = None
        self.ends_at: datetime | None = None
        self.advance_id: UUID | None = None  # the operation that moved its clock last

    @classmethod
    def open(
        cls,
        id: UUID,
        *,
        organization_id: UUID,
        entry: Entry,
        now: datetime,
        sandbox_of: UUID | None = None,
        ends_at: datetime | None = None,
    ) -> Self:
        """A new one. What its entry says of its clock, others know from the first moment."""
        tenant = cls(id)
        tenant.record(
            TenantOpened(
                subject_id=id,
                organization_id=organization_id,
                entry=entry,
                opened_at=now,
                sandbox_of=sandbox_of,
                ends_at=ends_at,
            )
        )
        return tenant

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        tenant = cls(id)
        tenant.version = version
        tenant.organization_id, tenant.opened_at = state["organization_id"], state["opened_at"]
        tenant.sandbox_of, tenant.ends_at = state["sandbox_of"], state["ends_at"]
        tenant.advance_id = state["advance_id"]
        tenant.entry = Entry(
            name=state["name"],
            mode=state["mode"],
            status=state["status"],
            clock_offset_seconds=state["clock_offset_seconds"],
        )
        return tenant

    def change(self, reason: str, **changes: Any) -> None:
        """Another entry; the same changes nothing."""
        entry = replace(self.entry, **changes)
        if entry != self.entry:
            invariant(self.entry.status != ERASED, "of an erased tenant nothing changes")
            self.record(
                TenantChanged(subject_id=self.id, before=self.entry, entry=entry, reason=reason)
            )

    @property
    def is_open(self) -> bool:
        """Whether it is neither ended nor suspended."""
        return self.entry.status == ACTIVE

    def clock(self, now: datetime) -> datetime:
        """Its business time at this moment of system time."""
        return now + timedelta(seconds=self.entry.clock_offset_seconds)

    def configure_like(self, other: UUID) -> None:
        """Let every context set it up as another tenant is."""
        self.record(ConfigurationAsked(like=other))

    def begin_advance(self, operation_id: UUID, until: datetime) -> None:
        """Its clock is about to be moved, by this operation. Raises ClockOfLiveTenant."""
        if self.entry.mode != TEST:
            raise ClockOfLiveTenant
        invariant(self.is_open, "the clock of a sandbox that ended is not moved")
        self.record(ClockAdvanceBegun(operation_id=operation_id, until=until))

    def step_clock(self, to: datetime, now: datetime) -> None:
        """Its business time is `to` at this moment of system time, and runs on from there."""
        seconds = max(self.entry.clock_offset_seconds, offset_seconds(to, now))
        self.change("clock", clock_offset_seconds=seconds)

    def end(self, now: datetime) -> None:
        """Close a sandbox for good; again changes nothing."""
        invariant(self.entry.mode == TEST, "only a sandbox ends")
        if self.entry.status == ACTIVE:
            ended = replace(self.entry, status=SUSPENDED)
            self.record(SandboxEnded(subject_id=self.id, entry=ended, ended_at=now))

    def erase(self) -> None:
        """Nothing of it is left; again changes nothing."""
        if self.entry.status != ERASED:
            self.record(SandboxErased() if self.entry.mode == TEST else TenantErased())

    def bring_in(self, name: str) -> None:
        """Here again, after it was erased; one that was not stays as it is."""
        if self.entry.status == ERASED:
            entry = replace(self.entry, name=name, status=ACTIVE)
            self.record(TenantBroughtIn(subject_id=self.id, entry=entry))

    def apply(self, event: Event) -> None:
        match event:
            case TenantOpened():
                self.organization_id, self.entry = event.organization_id, event.entry
                self.opened_at = event.opened_at
                self.sandbox_of, self.ends_at = event.sandbox_of, event.ends_at
            case TenantChanged() | TenantBroughtIn():
                self.entry = event.entry
            case ConfigurationAsked():
                pass  # the others are told; nothing of it is asked again
            case ClockAdvanceBegun():
                self.advance_id = event.operation_id
            case SandboxEnded():
                self.entry, self.ends_at = event.entry, event.ended_at
            case SandboxErased() | TenantErased():
                self.entry = replace(self.entry, name="", status=ERASED)
            case _:
                violated(f"a tenant knows no {type(event).__name__}")
