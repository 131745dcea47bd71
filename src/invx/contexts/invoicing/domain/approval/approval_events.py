"""What happens to an approval. Notes and reasons are personal data of whom the document is for."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.approval.rules import ApprovalRule, Assignee
from invx.kernel.messages import Event, Personal


class LapseCause(StrEnum):
    """Why an approval counts no more."""

    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSubmitted(Event):
    """Somebody asks for the approval of one version of a draft; whatever was before is over.

    `rules` are those that applied then, with their steps. `total` is the gross.
    """

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    document_id: UUID
    legal_entity_id: UUID
    subject_id: UUID
    content_version: int
    currency: str
    total: Decimal
    rules: tuple[ApprovalRule, ...]
    by: str
    at: datetime
    note: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepApproved(Event):
    """A step was decided; `position` counts the steps of all rules from 1."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    position: int
    by: str
    at: datetime
    note: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRejected(Event):
    """Somebody who was asked says no: the document is a plain draft again."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    position: int
    by: str
    at: datetime
    note: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDelegated(Event):
    """Somebody who was asked lets another decide, in his place if he was named himself."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    position: int
    by: str
    to: str
    at: datetime
    reason: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEscalated(Event):
    """Nobody decided in time; from now on these may, too."""

    position: int
    to: tuple[Assignee, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn(Event):
    """Who submitted it does not ask any more."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    by: str
    at: datetime
    note: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLapsed(Event):
    """The draft is not what was submitted any more."""

    cause: LapseCause
