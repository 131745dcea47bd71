"""Any sequence of acts on a grace period, against what its user is told."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from invx.contexts.invoicing.domain.grace import (
    FinalizeAtPassed,
    Grace,
    GraceOver,
    GraceState,
)

DOCUMENT = UUID(int=7)
START = datetime(2026, 11, 29, 12, tzinfo=UTC)
_HOURS = st.integers(-3, 100)


@dataclass
class Told:
    """What somebody who reads only the documentation expects."""

    state: GraceState
    at: datetime
    code: str | None = None

    @property
    def runs(self) -> bool:
        return self.state in (GraceState.WAITING, GraceState.HELD)


class GraceWalk(RuleBasedStateMachine):
    """Acts in any order, while the clock goes on."""

    grace: Grace
    told: Told

    def __init__(self) -> None:
        super().__init__()
        self.now = START

    @initialize(hours=st.integers(1, 100))
    def given_first(self, hours: int) -> None:
        at = self.now + timedelta(hours=hours)
        self.grace = Grace.of(DOCUMENT)
        self.grace.give(DOCUMENT, at, self.now)
        self.told = Told(GraceState.WAITING, at)

    @rule(hours=st.integers(1, 3_000))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(hours=_HOURS)
    def given(self, hours: int) -> None:
        at = self.now + timedelta(hours=hours)
        if hours <= 0:
            self._refused(FinalizeAtPassed, self.grace.give, DOCUMENT, at, self.now)
            return
        self.grace.give(DOCUMENT, at, self.now)
        self.told = Told(GraceState.WAITING, at)

    @rule()
    def held(self) -> None:
        if not self.told.runs:
            self._refused(GraceOver, self.grace.hold)
            return
        self.grace.hold()
        self.told.state = GraceState.HELD

    @rule()
    def let_go(self) -> None:
        if not self.told.runs:
            self._refused(GraceOver, self.grace.resume)
            return
        self.grace.resume()
        self.told.state = GraceState.WAITING

    @rule(code=st.sampled_from(["document_incomplete", "series_closed"]))
    def could_not_be_finalized(self, code: str) -> None:
        if self.grace.due is not None and self.grace.due <= self.now:
            self.grace.fail(code)
            self.told.state, self.told.code = GraceState.FAILED, code

    @rule()
    def ended(self) -> None:
        self.grace.end()
        self.told.state = GraceState.OVER

    @invariant()
    def is_what_was_told(self) -> None:
        if not hasattr(self, "grace"):
            return
        assert (self.grace.state, self.grace.finalize_at) == (self.told.state, self.told.at)
        waiting = self.told.state is GraceState.WAITING
        assert self.grace.due == (self.told.at if waiting else None)
        if self.told.state is GraceState.FAILED:
            assert self.grace.code == self.told.code
        if waiting:
            assert self.grace.code is None or self.told.code == self.grace.code

    @invariant()
    def says_nothing_twice(self) -> None:
        """Only a new moment may be said again; all else changes something."""
        if not hasattr(self, "grace"):
            return
        kinds = [type(each).__name__ for each in self.grace.recorded]
        repeated = [a for a, b in pairwise(kinds) if a == b]
        assert set(repeated) <= {"GraceGiven"}

    @invariant()
    def its_events_tell_the_same(self) -> None:
        if not hasattr(self, "grace"):
            return
        again = Grace.rehydrate(self.grace.id, self.grace.recorded)
        assert (again.state, again.finalize_at, again.code, again.due) == (
            self.grace.state,
            self.grace.finalize_at,
            self.grace.code,
            self.grace.due,
        )

    def _refused(self, kind: type[Exception], act: Any, *args: Any) -> None:
        before = len(self.grace.recorded)
        try:
            act(*args)
        except kind:
            assert len(self.grace.recorded) == before
            return
        raise AssertionError(f"{act.__name__} is to be refused in {self.told}")


TestAnySequence = GraceWalk.TestCase
TestAnySequence.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
