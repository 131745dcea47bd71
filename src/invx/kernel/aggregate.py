"""The aggregate idiom: methods check rules and record events, `apply` changes state."""

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from invx.kernel.errors import violated
from invx.kernel.messages import Event


class Aggregate:
    """A consistency boundary with one stream of events.

    A method that changes something checks every rule first and then calls `record`; that
    changes state through the same `apply` that replay uses, so what was decided and what is
    remembered cannot differ.
    """

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.version = 0  # of the last applied event
        self.recorded: list[Event] = []  # events since it was loaded

    @classmethod
    def rehydrate(cls, id: UUID, events: Iterable[Event]) -> Self:
        """The aggregate as it was after `events`."""
        aggregate = cls(id)
        for event in events:
            aggregate.advance(event)
        return aggregate

    def record(self, event: Event) -> None:
        """Apply `event` and keep it for the write set."""
        self.advance(event)
        self.recorded.append(event)

    def begin_anew(self) -> None:
        """Forget the events so far, none of which is stored: the next one is the first."""
        if self.version != len(self.recorded):
            violated("what is stored is not forgotten")
        self.recorded.clear()
        self.version = 0

    def apply(self, event: Event) -> None:
        """Change state; one `match` over the aggregate's events. Never refuses, never asks."""
        violated(f"{type(self).__name__} does not know {type(event).__name__}")

    def advance(self, event: Event) -> None:
        """Take in the next event of the stream, which is stored."""
        self.apply(event)
        self.version += 1
