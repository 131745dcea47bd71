"""Many things in one unit of work, each for itself: one that is refused does not harm the others.

What a refused one had recorded must not be written. Mostly it recorded nothing, or only on an
aggregate of its own, which is dropped. Where that is not so, the unit of work starts over without
it: nothing has been written yet, so nothing has to be undone.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.errors import DomainError
from invx.kernel.ports import Fact, Needs

T = TypeVar("T")
R = TypeVar("R")


class _Spoiled(Exception):
    """A refused item has changed what others share; it is named in `Apart.refused` by now."""


class Apart:
    """The refusals of one attempt, by the place of the item."""

    def __init__(self, refused: dict[int, DomainError]) -> None:
        self.refused = refused

    async def each(
        self,
        items: Iterable[tuple[int, T]],
        work: Callable[[T], Awaitable[R]],
        *,
        undo: Callable[[T], bool],
    ) -> dict[int, R]:
        """What `work` gives for each item that is not refused, by its place.

        `undo` takes back what a refused item has recorded, and says whether that is possible
        without a new start. Raises Needs with all facts that any of them lacks.
        """
        done: dict[int, R] = {}
        lacking: list[Fact] = []
        for index, item in items:
            if index in self.refused:
                continue
            try:
                done[index] = await work(item)
            except Needs as needs:
                lacking += needs.facts
            except DomainError as error:
                self.refused[index] = error
                if not undo(item):
                    raise _Spoiled from error
        if lacking:
            raise Needs(lacking)
        return done

    def outcomes(self, count: int, done: Mapping[int, R]) -> list[R | DomainError]:
        """The result or the refusal of each of so many, in order."""
        return [self.refused[at] if at in self.refused else done[at] for at in range(count)]


async def each_apart(
    attempt: Callable[[Apart], Awaitable[Sequence[R]]], uow: InvoicingUnitOfWork
) -> Sequence[R]:
    """Run `attempt` until no item of it spoils the unit of work for the others."""
    refused: dict[int, DomainError] = {}
    while True:
        try:
            return await attempt(Apart(refused))
        except _Spoiled:
            uow.start_over()


async def each_document(
    ids: Sequence[UUID], correct: Callable[[UUID], Awaitable[Finalized]], uow: InvoicingUnitOfWork
) -> Sequence[Finalized | DomainError]:
    """What `correct` makes of each document, in order. It changes the document before all else."""
    uow.behind_others()

    async def attempt(apart: Apart) -> Sequence[Finalized | DomainError]:
        await uow.documents.find_all(ids)
        await uow.settlements.find_all(settlement_id(id) for id in ids)
        done = await apart.each(enumerate(ids), correct, undo=uow.documents.is_untouched)
        return apart.outcomes(len(ids), done)

    return await each_apart(attempt, uow)
