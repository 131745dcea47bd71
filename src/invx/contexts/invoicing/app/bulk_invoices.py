"""Many invoices at once, as drafts or finalized: what billing runs and batches go through.

Each stands for itself: one that is refused is reported with its reason and leaves nothing behind;
the others are written, all in one statement. Every invoice goes through what a single one goes
through; only what they share is loaded once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.alike import Alike
from invx.contexts.invoicing.app.asked import WantedNumber
from invx.contexts.invoicing.app.draft_document import DraftDocument, draft_document
from invx.contexts.invoicing.app.each_apart import Apart, each_apart
from invx.contexts.invoicing.app.finalize_document import (
    Finalized,
    FinalizeDocument,
    Ready,
    follow_up,
    issue,
    ready_to_finalize,
)
from invx.contexts.invoicing.app.foresee_numbers import foresee_numbers
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.errors import ExternalIdTaken, SeriesNotFound
from invx.kernel.errors import DomainError, Problem
from invx.kernel.messages import Command

Outcome = Finalized | DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """One of many: the draft, and whether it is finalized in the same step."""

    draft: DraftDocument
    finalize: bool = False
    issue_date: date | None = None
    series_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BulkInvoices(Command):
    """At most `limits.BULK_INVOICES_MAX`; they get their numbers in this order."""

    invoices: Sequence[NewInvoice]


async def bulk_invoices(command: BulkInvoices, uow: InvoicingUnitOfWork) -> Sequence[Outcome]:
    """What became of each, in order: the document, or why there is none.

    Raises ExternalIdTaken for all of them only when another transaction takes an id meanwhile.
    """
    wanted = dict(enumerate(command.invoices))
    uow.behind_others()
    await foresee_numbers([_number(new) for new in command.invoices if new.finalize], uow)
    alike = Alike()

    async def opened(new: NewInvoice) -> Finalized | Ready:
        draft = await draft_document(new.draft, uow, alike.totals_of)
        if not new.finalize:
            return Finalized(draft, None)
        order = FinalizeDocument(
            document_id=draft.id,
            issue_date=new.issue_date,
            series_id=new.series_id,
            at_once=True,
        )
        try:
            return await ready_to_finalize(order, uow)
        except DomainError:
            uow.documents.drop(draft.id)
            raise

    async def attempt(apart: Apart) -> Sequence[Outcome]:
        await _refuse_taken(wanted, apart, uow)
        made = await apart.each(wanted.items(), opened, undo=lambda _: True)
        ready = {index: each for index, each in made.items() if isinstance(each, Ready)}
        done = {index: each for index, each in made.items() if isinstance(each, Finalized)}
        return apart.outcomes(len(wanted), done | await issue_each(ready, apart, uow))

    return await each_apart(attempt, uow)


async def issue_each(
    ready: Mapping[int, Ready], apart: Apart, uow: InvoicingUnitOfWork
) -> dict[int, Finalized]:
    """Number them: the series locked in the order of their ids, then all numbers at once."""
    if not ready:
        return {}
    series = await uow.series.locked_for({each.choice for each in ready.values()})

    async def numbered(each: Ready) -> Finalized:
        if each.choice not in series:
            raise SeriesNotFound
        return await issue(each, series[each.choice], uow)

    done = await apart.each(
        ready.items(),
        numbered,
        undo=lambda each: each.stands_alone and uow.documents.drop(each.document.id),
    )
    follow_up(list(done.values()), uow)
    return done


def _number(new: NewInvoice) -> WantedNumber:
    content, entity_id = new.draft.content, new.draft.legal_entity_id
    on = new.issue_date or content.issue_date
    return WantedNumber(entity_id, content.type, new.series_id, on)


async def _refuse_taken(
    wanted: Mapping[int, NewInvoice], apart: Apart, uow: InvoicingUnitOfWork
) -> None:
    """One `external_id` stands for one document, also within the batch: the first has it."""
    ids = {index: each.draft.content.external_id for index, each in wanted.items()}
    named = {index: id for index, id in ids.items() if id is not None}
    taken = await uow.documents.taken(named.values()) if named else set()
    for index, id in named.items():
        if index not in apart.refused and id in taken:
            apart.refused[index] = ExternalIdTaken(
                problems=[Problem("/external_id", ExternalIdTaken.code, "Another has it already.")]
            )
        taken.add(id)
