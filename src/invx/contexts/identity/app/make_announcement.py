"""Operators tell all tenants something, and take it back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.announcement import Announcement
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAnnouncement(Command):
    """`starts_at` is None for now."""

    text: str
    severity: str
    starts_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WithdrawAnnouncement(Command):
    """It is shown no more."""

    announcement_id: UUID


async def make_announcement(command: MakeAnnouncement, uow: IdentityUnitOfWork) -> Announcement:
    """The announcement. Raises AnnouncementTimesInvalid."""
    now = uow.system_now()
    announcement = Announcement.make(
        uow.ids.new(),
        text=command.text,
        severity=command.severity,
        shown=(command.starts_at or now, command.ends_at),
        made_by=uow.ctx.caller.actor,
        now=now,
    )
    uow.announcements.add(announcement)
    return announcement


async def withdraw_announcement(command: WithdrawAnnouncement, uow: IdentityUnitOfWork) -> None:
    """Again is fine. Raises AnnouncementNotFound."""
    (await uow.announcements.get(command.announcement_id)).withdraw(uow.system_now())
