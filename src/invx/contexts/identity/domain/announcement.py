"""An announcement: what operators tell all tenants, for a while."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.announcement_events import (
    AnnouncementMade,
    AnnouncementWithdrawn,
)
from invx.contexts.identity.domain.errors import AnnouncementTimesInvalid
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Problem, violated
from invx.kernel.messages import Event

SEVERITIES = ("info", "warning", "critical")


class Announcement(Aggregate):
    """Its words never change: another one is made instead."""

    text: str
    severity: str
    starts_at: datetime
    ends_at: datetime
    made_by: str
    made_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.withdrawn_at: datetime | None = None

    @classmethod
    def make(
        cls,
        id: UUID,
        *,
        text: str,
        severity: str,
        shown: tuple[datetime, datetime],
        made_by: str,
        now: datetime,
    ) -> Self:
        """A new one, shown from and until. Raises AnnouncementTimesInvalid."""
        starts_at, ends_at = shown
        if ends_at <= max(starts_at, now):
            said = "It ends after it starts, and not before now."
            raise AnnouncementTimesInvalid(problems=[Problem("/ends_at", "too_early", said)])
        announcement = cls(id)
        announcement.record(
            AnnouncementMade(
                text=text,
                severity=severity,
                starts_at=starts_at,
                ends_at=ends_at,
                made_by=made_by,
                made_at=now,
            )
        )
        return announcement

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        announcement = cls(id)
        announcement.version = version
        for name in STATE:
            setattr(announcement, name, state[name])
        return announcement

    def withdraw(self, now: datetime) -> None:
        """Show it no more; again changes nothing."""
        if self.withdrawn_at is None:
            self.record(AnnouncementWithdrawn(withdrawn_at=now))

    def apply(self, event: Event) -> None:
        match event:
            case AnnouncementMade():
                self.text, self.severity = event.text, event.severity
                self.starts_at, self.ends_at = event.starts_at, event.ends_at
                self.made_by, self.made_at = event.made_by, event.made_at
            case AnnouncementWithdrawn():
                self.withdrawn_at = event.withdrawn_at
            case _:
                violated(f"an announcement knows no {type(event).__name__}")


STATE = ("text", "severity", "starts_at", "ends_at", "made_by", "made_at", "withdrawn_at")
