"""An erasure that somebody asked for, until nothing of it is kept any more (D4)."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.keeping.erasure_events import ErasureCarriedOut, Kept
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import NotFound, violated
from invx.kernel.messages import Event


class ErasureNotFound(NotFound):
    """There is no such erasure."""


class ErasureRecord(Aggregate):
    """What was erased so far, and what the law keeps, without saying of whom."""

    subject_ids: tuple[UUID, ...]
    document_id: UUID | None

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.erased: tuple[UUID, ...] = ()
        self.kept: tuple[Kept, ...] = ()

    @classmethod
    def begin(
        cls,
        id: UUID,
        subject_ids: Collection[UUID],
        document_id: UUID | None,
        done: tuple[Sequence[UUID], Sequence[Kept]],
    ) -> Self:
        """The record of a first attempt: what was erased, and what is kept."""
        record = cls(id)
        record._note(tuple(sorted(subject_ids)), document_id, *done)
        return record

    def go_on(self, erased: Sequence[UUID], kept: Sequence[Kept]) -> None:
        """A later attempt; one that changes nothing leaves no trace."""
        if erased or tuple(kept) != self.kept:
            self._note(self.subject_ids, self.document_id, erased, kept)

    @property
    def next_on(self) -> date | None:
        """The first day on which something more may go; None when nothing is kept."""
        last = min((each.until for each in self.kept), default=None)
        return None if last is None else last + timedelta(days=1)

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case ErasureCarriedOut():
                self.subject_ids, self.document_id = event.subject_ids, event.document_id
                self.erased = tuple(dict.fromkeys((*self.erased, *event.erased)))
                self.kept = event.kept
            case _:
                violated(f"an erasure does not know {type(event).__name__}")

    def _note(
        self,
        subject_ids: tuple[UUID, ...],
        document_id: UUID | None,
        erased: Sequence[UUID],
        kept: Sequence[Kept],
    ) -> None:
        self.record(
            ErasureCarriedOut(
                erasure_id=self.id,
                subject_ids=subject_ids,
                document_id=document_id,
                erased=tuple(erased),
                kept=tuple(kept),
            )
        )
