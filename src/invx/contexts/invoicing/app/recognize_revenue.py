"""Recognise what is earned by now of a document's deferred revenue; a due job, and milestones.

The job makes up for whatever happened since: it opens the recognition of a document, takes what
credit notes took, gives back what was voided, and recognises the months that have passed. Done
twice it changes nothing, and whoever dies leaves it to the next.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.post_entry import DateInFuture
from invx.contexts.invoicing.domain.bookkeeping.book import Book
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import Closed
from invx.contexts.invoicing.domain.recognition.deferral_bookings import Owner
from invx.contexts.invoicing.domain.recognition.deferring import (
    deferred_lines,
    defers,
    taken_by,
)
from invx.contexts.invoicing.domain.recognition.recognition import (
    NothingDeferred,
    Recognition,
    recognition_id,
)
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.errors import Problem
from invx.kernel.messages import Command
from invx.rules.calendar.zones import overdue_from

RECOGNIZE_REVENUE = "recognize_revenue"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RecognizeRevenue(Command):
    document_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachMilestone(Command):
    """Without a day it is today in the legal entity's zone."""

    document_id: UUID
    line_id: str
    name: str
    on: date | None = None


def watch_revenue(document: Document, uow: InvoicingUnitOfWork) -> None:
    """Something happened to the document: its deferred revenue is looked at, if it has any."""
    if defers(document.content):
        _again(document.id, uow.ctx.now, uow)


async def recognize_revenue(command: RecognizeRevenue, uow: InvoicingUnitOfWork) -> None:
    """Bring the recognition of a document up to date, and look again after the next month."""
    document = await uow.documents.get(command.document_id)
    entity = await uow.legal_entities.get(document.legal_entity_id)
    recognition = await _up_to_date(document, entity, uow)
    if recognition is None:
        if defers(document.content) and not document.voided:
            _again(document.id, uow.ctx.now + _DAY, uow)  # its exchange rate is not known yet
        return
    if month := recognition.next_month:
        _again(document.id, overdue_from(month, entity.details.time_zone), uow)


async def reach_milestone(command: ReachMilestone, uow: InvoicingUnitOfWork) -> Recognition:
    """A part of a line is earned.

    Raises DocumentNotFound, NothingDeferred, DateInFuture, MilestoneNotFound,
    MilestoneReachedAlready.
    """
    document = await uow.documents.get(command.document_id)
    entity = await uow.legal_entities.get(document.legal_entity_id)
    recognition = await _up_to_date(document, entity, uow)
    if recognition is None:
        raise NothingDeferred
    known = recognition.reached.get((command.line_id, command.name))
    today = entity.today(uow.ctx.now)
    day = command.on or known or today
    if day > today:
        raise DateInFuture(problems=[Problem("/on", DateInFuture.code, f"Today is {today}.")])
    settlement = await uow.settlements.get(settlement_id(document.id))
    recognition.reach(command.line_id, command.name, day, _book_of(settlement))
    return recognition


async def _up_to_date(
    document: Document, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> Recognition | None:
    """The recognition after all that happened; None where nothing is deferred, or not yet."""
    if not defers(document.content) or document.issue_date is None:
        return None
    settlement = await uow.settlements.get(settlement_id(document.id))
    recognition = await uow.recognitions.find(recognition_id(document.id))
    book, today = _book_of(settlement), entity.today(uow.ctx.now)
    if recognition is None:
        if settlement.standing.voided or (settlement.journal and settlement.journal.pending):
            return None
        recognition = _opened(document, book, entity.closed)
        uow.recognitions.add(recognition)
    recognition.closed = entity.closed
    whole = {each.line.line_id: each.line.net for each in recognition.lines.values()}
    fell_away = settlement.standing.voided
    taken = {document.id: whole} if fell_away else taken_by(document)
    # What is given back comes first, so that nothing is taken which is not there yet.
    for cause in [*(recognition.taken.keys() - taken.keys()), *taken]:
        recognition.take(cause, taken.get(cause, {}), today, book)
    recognition.recognize(today - _DAY, book)
    return recognition


def _opened(document: Document, book: Book | None, closed: Closed) -> Recognition:
    buyer, issued = document.content.buyer, document.issue_date
    owner = Owner(
        document_id=document.id,
        legal_entity_id=document.legal_entity_id,
        currency=document.content.currency,
    )
    return Recognition.open_for(
        owner,
        tuple(deferred_lines(document, book)),
        issued_on=issued or date.min,
        customer=buyer.customer if buyer else None,
        book=book,
        closed=closed,
    )


def _book_of(settlement: Settlement) -> Book | None:
    return settlement.journal.book if settlement.journal else None


def _again(document_id: UUID, moment: datetime, uow: InvoicingUnitOfWork) -> None:
    uow.jobs.schedule(RECOGNIZE_REVENUE, str(document_id), due_at=moment)
