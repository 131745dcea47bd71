"""What happens to a user. No secret and no hash of one stands in an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """Somebody has an account."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    email: Personal[str]
    name: Personal[str]
    language: str
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRenamed(Event):
    """What the user is called."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    before: Personal[str]
    after: Personal[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """The user has another password; older sessions end."""

    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRehashed(Event):
    """The same password is kept by newer parameters; nobody did anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(Event):
    """The user may not sign in any more."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased(Event):
    """The user had the account erased: only the id is left."""

    erased_at: datetime
