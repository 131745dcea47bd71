"""Issue anew, under the same number, what an authority rejected: it counts as never issued (D1)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.invoicing.app.determine_accounts import line_accounts
from invx.contexts.invoicing.app.determine_taxes import determine_taxes
from invx.contexts.invoicing.app.draft_document import filled, open_draft
from invx.contexts.invoicing.app.finalize_document import Finalized, settle_finalized
from invx.contexts.invoicing.app.open_delivery import open_delivery
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.rates_at_issue import rates_at_issue
from invx.contexts.invoicing.app.recognize_revenue import watch_revenue
from invx.contexts.invoicing.app.require_approval import require_approval
from invx.contexts.invoicing.app.route_document import route_document
from invx.contexts.invoicing.app.tell_engine import owe_engine, owe_engine_void
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    RevisionDiffers,
    RevisionNotAllowed,
    RevisionTooLate,
)
from invx.contexts.invoicing.domain.delivery.revising import (
    ensure_movable,
    ensure_revisable,
    move_payments,
    record_revision,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Issue, Links
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.contexts.invoicing.domain.terms import due_date_of, instalments_of
from invx.contexts.invoicing.domain.titles import title_of
from invx.kernel.errors import Problem, violated
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseDocument(Command):
    """`content` is the whole document as it should have been."""

    document_id: UUID
    content: Content
    defaults: frozenset[str] = frozenset()
    expected_version: int | None = None


async def revise_document(command: ReviseDocument, uow: InvoicingUnitOfWork) -> Finalized:
    """The revision, finalized with number, series and date of what it takes the place of.

    What was paid moves over; settlement and taxes of the first are closed, those of the second
    opened, all in one write. No number is drawn. Raises RevisionNotAllowed, RevisionNotDue,
    RevisionTooLate, DocumentNotRevisable, DocumentCredited, RevisionDiffers, ApprovalRequired and
    Invalid.
    """
    original = await uow.documents.get(command.document_id)
    expect(original, command.expected_version)
    entity = await uow.legal_entities.get(original.legal_entity_id)
    await _ensure_due(original, entity, uow)
    settlement = await uow.settlements.get(settlement_id(original.id))
    ensure_movable(settlement)
    revision, book = await _revision(command, original, entity, uow)
    record_revision(original, revision.id)
    opened = await settle_finalized(revision, entity, None, uow, book)
    if opened is None:
        violated("an invoice has something to settle")
    move_payments(settlement, opened, entity.closed)
    owe_engine_void(original, uow)
    owe_engine(revision, None, uow)
    for each in (original, revision):
        watch_revenue(each, uow)
    open_delivery(revision, entity, uow)
    uow.jobs.schedule("archive_document", str(revision.id), due_at=uow.ctx.now)
    return Finalized(revision, opened)


async def _ensure_due(original: Document, entity: LegalEntity, uow: InvoicingUnitOfWork) -> None:
    ensure_revisable(original)
    clearance = entity.clearance_in(uow.packs)
    if not clearance.revision_allowed:
        raise RevisionNotAllowed
    if clearance.revision_days is None:
        return
    delivery = await uow.deliveries.get(delivery_id(original.id))
    if delivery.rejected_at is None:
        violated("what was rejected was rejected at some time")
    last = entity.today(delivery.rejected_at) + timedelta(days=clearance.revision_days)
    if entity.today(uow.ctx.now) > last:
        raise RevisionTooLate(f"The last day was {last.isoformat()} ({clearance.source}).")


async def _revision(
    command: ReviseDocument, original: Document, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> tuple[Document, BookValue | None]:
    if original.number is None or original.series_id is None or original.issue_date is None:
        violated("a finalized document has a number and a date")
    content = filled(command.content, command.defaults, entity)
    _ensure_alike(content, original)
    day = original.issue_date
    entity.closed.ensure_open(PeriodKind.DOCUMENTS, day, "/issue_date")
    content = await determine_taxes(content, entity, uow, day=day)
    revision = open_draft(content, entity, uow, Links(revises=original.id))
    book = await rates_at_issue(revision, entity, day, None, uow)
    await require_approval(revision, entity, revision.content_version, uow)
    route = await route_document(revision, entity, day, uow)
    issue = Issue(
        number=original.number,
        series_id=original.series_id,
        issue_date=day,
        due_date=due_date_of(content, day),
        instalments=instalments_of(content, revision.totals.due, day),
        title=title_of(content, revision.links, entity, uow.packs),
        route=route,
        revision=original.revision + 1,
        accounts=line_accounts(revision, entity, None, day, uow),
    )
    revision.finalize(entity.seller, issue, now=uow.ctx.now)
    return revision, book


def _ensure_alike(content: Content, original: Document) -> None:
    problems = [
        Problem(f"/{name}", RevisionDiffers.code, f"It was {said}, and stays so.")
        for name, said, now in (
            ("type", original.content.type, content.type),
            ("currency", original.content.currency, content.currency),
            ("issue_date", original.issue_date, content.issue_date or original.issue_date),
        )
        if said != now
    ]
    if problems:
        raise RevisionDiffers(problems=problems)
