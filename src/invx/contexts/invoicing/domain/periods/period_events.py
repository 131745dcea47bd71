"""What happens to the periods of a legal entity; its own stream tells it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.kernel.messages import Event, Personal


class ClosingCause(StrEnum):
    """Why a period was closed."""

    BY_HAND = "by_hand"
    RETURN = "return"  # the tax return of a registration was filed
    SCHEDULE = "schedule"  # as the legal entity's rule says


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodsClosed(Event):
    """All days up to and with `through` are closed. `hard`: nobody opens them again.

    `registration` is the one whose tax periods are closed; all of them when None.
    """

    legal_entity_id: UUID
    kind: PeriodKind
    registration: UUID | None = None
    before: date | None  # the last closed day until now
    through: date
    hard: bool = False
    cause: ClosingCause = ClosingCause.BY_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodsReopened(Event):
    """Days after `through` are open again; all of them when None. Somebody had a reason."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}
    legal_entity_id: UUID
    kind: PeriodKind
    registration: UUID | None = None
    before: date
    through: date | None
    reason: Personal[str] = None
