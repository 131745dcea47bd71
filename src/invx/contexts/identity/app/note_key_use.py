"""A key was used: people who clean up look for those that were not."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class NoteKeyUse(Command):
    """When, in system time."""

    api_key_id: UUID
    now: datetime


async def note_key_use(command: NoteKeyUse, uow: IdentityUnitOfWork) -> None:
    """Once a minute at most, and no event: nobody did anything."""
    await uow.api_keys.used(command.api_key_id, command.now)
