"""What happens to a member of a tenant."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeated(Event):
    """A user belongs to this tenant."""

    subjects: ClassVar[dict[str, str]] = {"*": "user_id"}

    user_id: UUID
    email: Personal[str]
    name: Personal[str]
    role: str
    seated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRoleChanged(Event):
    """The member may do other things from now on."""

    before: str
    after: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Event):
    """The user belongs to this tenant no more."""

    removed_at: datetime
    before: str | None = None  # the role


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberErased(Event):
    """The user had the account erased: here, too, only the id is left."""

    erased_at: datetime  # system time


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEntered(Event):
    """A session of the member came into this tenant for the first time."""

    subjects: ClassVar[dict[str, str]] = {"*": "user_id"}

    user_id: UUID
    session_id: UUID
    method: str  # as in SessionOpened
    address: Personal[str]
    user_agent: Personal[str]
    entered_at: datetime  # system time
