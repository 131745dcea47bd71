"""Operations: work on many things that outlasts a request, seen by everybody in the same way.

Each item is done exactly once, or fails by itself with its own problems; the others go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from invx.kernel.errors import Conflict, DomainError, Invalid, NotFound


class OperationState(StrEnum):
    """Where an operation stands. Whether items failed is said by their number."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Counts are of items; times are business time."""

    operation_id: UUID
    kind: str
    state: OperationState
    total: int
    done: int = 0
    failed: int = 0
    settings: Mapping[str, Any]  # what it is to go by, the same for each item; nothing personal
    actor: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def left(self) -> int:
        """Items on which nobody has worked yet."""
        return self.total - self.done - self.failed


@dataclass(frozen=True, slots=True)
class OperationItem:
    """A thing to work on; `position` counts from 0 in the order that was asked for."""

    position: int
    subject: UUID


class OperationNotFound(NotFound):
    """There is no such operation."""


class OperationFinished(Conflict):
    """The operation has ended, so there is nothing to cancel or to resume."""


class SelectionEmpty(Invalid):
    """Nothing was selected, so there is nothing to do."""


class SelectionTooLarge(Invalid):
    """More was selected than one operation takes; select less, several times."""


class ItemGivenUp(DomainError):
    """Something failed on our side each time this was tried; it is logged. Resume to try again."""

    code = "internal_error"


class Operations(Protocol):
    """The operations of a tenant inside a unit of work."""

    async def open(
        self, kind: str, subjects: Sequence[UUID], settings: Mapping[str, Any]
    ) -> Operation:
        """A new operation on these, to be begun right after the commit. Raises SelectionEmpty."""
        ...

    async def locked(self, operation_id: UUID) -> Operation:
        """As it stands; nobody works on it meanwhile. Raises OperationNotFound."""
        ...

    async def cancel(self, operation: Operation) -> Operation:
        """Stop where it stands: what is done stays done. Raises OperationFinished."""
        ...

    async def resume(self, operation: Operation) -> Operation:
        """Go on with what is left, and try again what failed. Raises OperationFinished."""
        ...


class MeasuredOperations(Operations, Protocol):
    """Operations on a single thing, of which `total` and `done` count parts, not things."""

    async def open_measured(
        self, kind: str, subject: UUID, total: int, settings: Mapping[str, Any]
    ) -> Operation:
        """A new operation on this, in so many parts, to be begun right after the commit."""
        ...

    def measure(
        self, operation: Operation, done: int, refusal: DomainError | None = None
    ) -> Operation:
        """State how far it is and go on after the commit; at the end, or refused, it is over."""
        ...
