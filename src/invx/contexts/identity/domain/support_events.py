"""What happens to an operator's access to a tenant. It all stands in the tenant."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportAsked(Event):
    """An operator asks to be let in."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID  # the grant itself: the operator is a person, and the reason may name others
    operator_id: UUID
    operator: Personal[str]
    reason: Personal[str]
    permissions: tuple[str, ...]  # that are asked for
    asked_at: datetime  # these are system time: a sandbox clock lets nobody stay longer (T5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportGranted(Event):
    """Somebody of the tenant lets them in, for this and so long."""

    permissions: tuple[str, ...]
    decided_by: str
    decided_at: datetime
    granted_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportEntered(Event):
    """The operator was given a token that lives five minutes at most."""

    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportEnded(Event):
    """It ended before its time, or never began."""

    reason: str  # refused | revoked | withdrawn | replaced | operator_revoked
    had_begun: bool  # whether tokens may be out
    ended_by: str
    ended_at: datetime
