"""An erasure that somebody asked for, until nothing of it is kept any more (D4)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.keeping.erasure_events import ErasureCarriedOut, Kept
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import NotFound, violated
from invx.kernel.messages import Event


class ErasureNotFound(NotFound):
    """There is no such erasure."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: documents whose buyer is erased, those that stay, and what holds stopped."""

    erased: tuple[UUID, ...]
    kept: tuple[Kept, ...]
    holds: tuple[UUID, ...] = ()


class ErasureRecord(Aggregate):
    """What was erased so far, and what is kept and why, without saying of whom."""

    subject_ids: tuple[UUID, ...]
    document_id: UUID | None

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.erased: tuple[UUID, ...] = ()
        self.kept: tuple[Kept, ...] = ()
        self.holds: tuple[UUID, ...] = ()

    @classmethod
    def begin(
        cls, id: UUID, subject_ids: Collection[UUID], document_id: UUID | None, done: Erasure
    ) -> Self:
        """The record of a first attempt: what was erased, and what is kept."""
        record = cls(id)
        record._note(tuple(sorted(subject_ids)), document_id, done)
        return record

    def go_on(self, done: Erasure) -> None:
        """A later attempt; one that changes nothing leaves no trace."""
        if done.erased or (done.kept, done.holds) != (self.kept, self.holds):
            self._note(self.subject_ids, self.document_id, done)

    @property
    def next_on(self) -> date | None:
        """The first day on which the law lets more go; None when it keeps nothing."""
        last = min((each.until for each in self.kept if each.until is not None), default=None)
        return None if last is None else last + timedelta(days=1)

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case ErasureCarriedOut():
                self.subject_ids, self.document_id = event.subject_ids, event.document_id
                self.erased = tuple(dict.fromkeys((*self.erased, *event.erased)))
                self.kept, self.holds = event.kept, event.holds
            case _:
                violated(f"an erasure does not know {type(event).__name__}")

    def _note(self, subject_ids: tuple[UUID, ...], document_id: UUID | None, done: Erasure) -> None:
        self.record(
            ErasureCarriedOut(
                erasure_id=self.id,
                subject_ids=subject_ids,
                document_id=document_id,
                erased=done.erased,
                kept=done.kept,
                holds=done.holds,
            )
        )
