"""What an aggregate decided and what it remembers go through the same door."""

from dataclasses import dataclass
from uuid import UUID

from invx.kernel.aggregate import Aggregate
from invx.kernel.messages import Event

ID = UUID(int=7)


@dataclass(frozen=True, slots=True)
class Counted(Event):
    by: int


class Tally(Aggregate):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.total = 0

    def apply(self, event: Event) -> None:
        match event:
            case Counted(by):
                self.total += by


def test_a_new_aggregate_has_no_version_and_no_events() -> None:
    tally = Tally(ID)
    assert (tally.id, tally.version, tally.recorded, tally.total) == (ID, 0, [], 0)


def test_what_is_recorded_is_applied_and_kept() -> None:
    tally = Tally(ID)
    tally.record(Counted(2))
    tally.record(Counted(3))
    assert (tally.total, tally.version) == (5, 2)
    assert tally.recorded == [Counted(2), Counted(3)]


def test_what_is_replayed_is_applied_and_not_recorded_again() -> None:
    tally = Tally.rehydrate(ID, [Counted(2), Counted(3)])
    assert (tally.total, tally.version, tally.recorded) == (5, 2, [])
    tally.record(Counted(1))
    assert (tally.total, tally.version, tally.recorded) == (6, 3, [Counted(1)])
