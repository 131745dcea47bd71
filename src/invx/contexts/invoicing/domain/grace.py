"""The grace period of a draft: until it ends the draft may be changed, then it is finalized."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.grace_events import (
    GraceEnded,
    GraceFailed,
    GraceGiven,
    GraceHeld,
    GraceResumed,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, Invalid, NotFound, Problem, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event


class GraceState(StrEnum):
    """`over`: it was finalized, or nothing happens by itself any more."""

    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    OVER = "over"


class GraceNotFound(NotFound):
    """This invoice is not to be finalized by itself."""


class GraceOver(Conflict):
    """The grace period is over; give the draft a new one."""


class FinalizeAtPassed(Invalid):
    """A grace period ends in the future."""


def grace_id(document_id: UUID) -> UUID:
    """The id of a draft's grace period: a stream of its own, found without looking it up."""
    return named_id(document_id, "grace")


class Grace(Aggregate):
    """When a draft is to be finalized, whether that is held, and whether it failed."""

    document_id: UUID
    finalize_at: datetime
    state: GraceState

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.code: str | None = None  # of the refusal

    @classmethod
    def of(cls, document_id: UUID) -> Self:
        """One that has yet to be given."""
        return cls(grace_id(document_id))

    @property
    def due(self) -> datetime | None:
        """When there is something to do; None while there is not."""
        return self.finalize_at if self.state is GraceState.WAITING else None

    def give(self, document_id: UUID, finalize_at: datetime, now: datetime) -> None:
        """From now on the draft waits until that moment. Raises FinalizeAtPassed."""
        if finalize_at <= now:
            detail = f"Now it is {now.isoformat(timespec='seconds')}."
            problem = Problem("/finalize_at", FinalizeAtPassed.code, detail)
            raise FinalizeAtPassed(problems=[problem])
        self.record(GraceGiven(document_id=document_id, finalize_at=finalize_at))

    def hold(self) -> None:
        """Stop the clock. Holding what is held changes nothing. Raises GraceOver."""
        self._must_run()
        if self.state is not GraceState.HELD:
            self.record(GraceHeld())

    def resume(self) -> None:
        """Let the clock count; what is due by now is due at once. Raises GraceOver."""
        self._must_run()
        if self.state is GraceState.HELD:
            self.record(GraceResumed())

    def fail(self, code: str) -> None:
        """It could not be finalized: that is for people to see to."""
        self.record(GraceFailed(code=code))

    def end(self) -> None:
        """Nothing more is to happen by itself. A second time changes nothing."""
        if self.state is not GraceState.OVER:
            self.record(GraceEnded())

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case GraceGiven():
                self.document_id, self.finalize_at = event.document_id, event.finalize_at
                self.state, self.code = GraceState.WAITING, None
            case GraceHeld():
                self.state = GraceState.HELD
            case GraceResumed():
                self.state = GraceState.WAITING
            case GraceFailed():
                self.state, self.code = GraceState.FAILED, event.code
            case GraceEnded():
                self.state = GraceState.OVER
            case _:
                violated(f"a grace period does not know {type(event).__name__}")

    def _must_run(self) -> None:
        if self.state not in (GraceState.WAITING, GraceState.HELD):
            raise GraceOver
