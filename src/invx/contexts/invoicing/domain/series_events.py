"""What happens to a series of document numbers."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOpened(Event):
    """A legal entity has a new series."""

    legal_entity_id: UUID
    definition: SeriesDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberDrawn(Event):
    """A document took a number. `on` is its issue date, which picked the period."""

    legal_entity_id: UUID
    document_id: UUID
    period: str
    number: int
    text: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NextNumberSet(Event):
    """The numbers `first_skipped` to `next - 1` of a period are left out on purpose."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}
    legal_entity_id: UUID
    period: str
    first_skipped: int
    next: int
    reason: Personal[str] = None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHeld(Event):
    """No number is drawn until the series is released, as after a restore of the database (D2)."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}
    legal_entity_id: UUID
    reason: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReleased(Event):
    """Numbers are drawn again."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}
    legal_entity_id: UUID
    reason: Personal[str] = None
